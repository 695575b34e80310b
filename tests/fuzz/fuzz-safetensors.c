/* Safetensors files and trajectories: every element of a file that opens, and every snapshot of
   a trajectory, can be read. */
#include "input.h"
#include "run/trajectory.h"

#include <stdlib.h>
#include <string.h>

/* The texts of an opened file are texts. */
static size_t read_texts(const struct Safetensors *file)
{
  size_t length = 0;
  for (size_t i = 0; i < file->n_tensors; i++) {
    char shape[TENSOR_SHAPE_TEXT_SIZE];
    tensor_format_shape(&file->tensors[i], shape);
    length += strlen(file->tensors[i].name) + strlen(shape);
  }
  for (size_t i = 0; i < file->n_metadata; i++)
    length += strlen(file->metadata[i].key) + strlen(file->metadata[i].value);
  return length;
}

static void read_elements(const struct Tensor *tensor)
{
  struct Error error;
  int64_t *integers = malloc(tensor->count * sizeof *integers + 1);
  float *floats = malloc(tensor->count * sizeof *floats + 1);
  bool is_real = tensor->dtype == DTYPE_F32 || tensor->dtype == DTYPE_F64 ||
                 tensor->dtype == DTYPE_F16 || tensor->dtype == DTYPE_BF16;
  bool is_integer =
      tensor->dtype == DTYPE_I64 || tensor->dtype == DTYPE_U8 || tensor->dtype == DTYPE_BOOL;
  if (tensor_read_floats(tensor, 0, tensor->count, floats, &error) != is_real) abort();
  if (tensor_read_integers(tensor, 0, tensor->count, integers, &error) != is_integer) abort();
  free(integers);
  free(floats);
}

static void read_trajectory(const char *path, char *const *overrides, int n)
{
  struct Error error;
  struct Trajectory trajectory;
  if (!trajectory_open(&trajectory, path, overrides, n, &error)) return;
  struct Parameters parameters;
  if (parameters_init(&parameters, &trajectory.config, &error)) {
    for (size_t i = 0; i < trajectory.n_snapshots; i++) {
      size_t found;
      trajectory_read(&trajectory, i, &parameters, &error);
      if (!trajectory_find(&trajectory, trajectory.epochs[i], &found, &error) || found != i)
        abort();
    }
    parameters_release(&parameters);
  }
  trajectory_close(&trajectory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static char seed[] = "data.seed=1", fraction[] = "data.train_fraction=0.3";
  static char *const overrides[] = {seed, fraction};
  const char *path = input_file(0, data, size);
  struct Error error;
  struct Safetensors file;
  if (!safetensors_open(&file, path, &error)) return 0;
  read_texts(&file);
  for (size_t i = 0; i < file.n_tensors; i++)
    read_elements(&file.tensors[i]);
  safetensors_close(&file);
  read_trajectory(path, overrides, 0);
  read_trajectory(path, overrides, 2);
  return 0;
}
