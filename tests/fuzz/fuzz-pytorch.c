/* Files of torch.save: every tensor of a pickle can be asked for, and what opens as a checkpoint or
   as a trajectory can be read. The input is a pickle or a whole file: archives are made of the
   first, as checksums keep a fuzzer from finding its way into one. */
#include "input.h"
#include "pytorch/torch_file.h"
#include "run/trajectory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

/* An archive with the input as its pickle, and storages "0" to "9" of 64 floats. */
static const char *write_archive(const uint8_t *data, size_t size)
{
  static float numbers[64];
  zip_error_t code;
  zip_source_t *buffer = zip_source_buffer_create(NULL, 0, 0, &code);
  zip_t *archive = zip_open_from_source(buffer, ZIP_TRUNCATE, &code);
  zip_source_keep(buffer);
  for (int i = -1; i < 10; i++) {
    char name[] = "a/data/0";
    name[sizeof name - 2] = (char)('0' + i);
    const void *bytes = i < 0 ? (const void *)data : numbers;
    zip_source_t *entry = zip_source_buffer(archive, bytes, i < 0 ? size : sizeof numbers, 0);
    zip_int64_t place = zip_file_add(archive, i < 0 ? "a/data.pkl" : name, entry, 0);
    zip_set_file_compression(archive, (zip_uint64_t)place, ZIP_CM_STORE, 0);
  }
  if (zip_close(archive) != 0) abort();
  zip_source_open(buffer);
  zip_stat_t status;
  zip_source_stat(buffer, &status);
  uint8_t *bytes = malloc(status.size);
  zip_source_read(buffer, bytes, status.size);
  const char *path = input_file(1, bytes, status.size);
  zip_source_close(buffer);
  zip_source_free(buffer);
  free(bytes);
  return path;
}

/* A tensor that opens has all its elements within its storage. */
static void read_tensor(struct TorchFile *file, const struct Value *value)
{
  struct View view;
  struct Error error;
  enum { MOST = 1 << 16 };
  if (!torch_view(file, value, &view, &error) || view_count(&view) > MOST) return;
  void *elements = malloc(view_count(&view) * dtype_size(view.dtype) + 1);
  view_copy(&view, elements);
  free(elements);
}

static void read_values(struct TorchFile *file, const struct Value *value, int depth)
{
  bool holds =
      value->kind == VALUE_LIST || value->kind == VALUE_DICT || value->kind == VALUE_RECORD;
  if (value->kind == VALUE_TENSOR) read_tensor(file, value);
  for (uint32_t i = 0; holds && depth > 0 && i < value->n && i < 8; i++)
    read_values(file, value->items[i], depth - 1);
}

static void read_file(const char *path)
{
  unsigned char start[64];
  struct TorchFile file;
  struct Error error;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = pread(descriptor, start, sizeof start, 0);
  enum TorchKind kind = torch_kind(start, got > 0 ? (size_t)got : 0);
  if (kind == TORCH_NONE) {
    close(descriptor);
    return;
  }
  if (!torch_open(&file, kind, descriptor, &error)) return;
  read_values(&file, file.pickle.value, 3);
  torch_close(&file);
}

static void read_trajectory(const char *path)
{
  static char *const overrides[] = {"data.seed=1", "data.train_fraction=0.3", "model.n_heads=2"};
  struct Error error;
  struct Trajectory trajectory;
  struct Parameters parameters;
  if (!trajectory_open(&trajectory, path, overrides, 3, &error)) return;
  if (parameters_init(&parameters, &trajectory.config, &error)) {
    for (size_t i = 0; i < trajectory.n_snapshots; i++)
      trajectory_read(&trajectory, i, &parameters, &error);
    parameters_release(&parameters);
  }
  trajectory_close(&trajectory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct Pickle pickle;
  struct Error error;
  const char *path = input_file(0, data, size);
  read_file(path);
  read_trajectory(path);
  if (!pickle_read(&pickle, data, size, &error)) return 0;
  pickle_release(&pickle);
  path = write_archive(data, size);
  read_file(path);
  read_trajectory(path);
  return 0;
}
