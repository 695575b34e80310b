#include "tensor/safetensors.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH_SIZE = 8, DATA_ALIGNMENT = 64 };

/* ---- the header ---- */

static json_t *tensor_entry(const struct TensorSpec *tensor, uint64_t begin, uint64_t end)
{
  json_t *shape = json_array();
  for (int i = 0; i < tensor->rank; i++)
    json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i]));
  return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_name(tensor->dtype), "shape", shape,
                   "data_offsets", (json_int_t)begin, (json_int_t)end);
}

/* Adds an entry, which the object then owns, under a new name; a repeated name is an error. */
static bool add_entry(json_t *object, const char *name, json_t *entry, struct Error *error)
{
  if (json_object_get(object, name)) {
    json_decref(entry);
    return error_set(error, "the name \"%.80s\" occurs twice", name);
  }
  if (json_object_set_new(object, name, entry) == 0) return true;
  return error_set(error, "the name \"%.80s\" or its value is not valid UTF-8", name);
}

static bool fill_header(json_t *header, const struct SafetensorsWriter *writer,
                        const struct TensorSpec *tensors, const struct MetadataEntry *metadata,
                        size_t n_metadata, struct Error *error)
{
  json_t *texts = json_object();
  if (!add_entry(header, "__metadata__", texts, error)) return false;
  for (size_t i = 0; i < n_metadata; i++)
    if (!add_entry(texts, metadata[i].key, json_string(metadata[i].value), error)) return false;
  for (size_t i = 0; i < writer->n_tensors; i++)
    if (!add_entry(header, tensors[i].name,
                   tensor_entry(&tensors[i], writer->offsets[i], writer->offsets[i + 1]), error))
      return false;
  return true;
}

/* The header as stored in the file, with its length and padding; the caller frees it. */
static char *format_header(const json_t *header, size_t *size, struct Error *error)
{
  size_t length = json_dumpb(header, NULL, 0, JSON_COMPACT);
  if (length == 0) {
    error_set(error, "out of memory: the header");
    return NULL;
  }
  *size = (LENGTH_SIZE + length + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
  char *text = memory_new(*size, 1, "the header", error);
  if (!text) return NULL;
  memset(text, ' ', *size);
  json_dumpb(header, text + LENGTH_SIZE, length, JSON_COMPACT);
  uint64_t padded = *size - LENGTH_SIZE;
  memcpy(text, &padded, sizeof padded);
  return text;
}

/* ---- the file ---- */

static bool lay_out(struct SafetensorsWriter *writer, const struct TensorSpec *tensors,
                    struct Error *error)
{
  writer->offsets =
      memory_new(writer->n_tensors + 1, sizeof *writer->offsets, "the offsets of tensors", error);
  if (!writer->offsets) return false;
  for (size_t i = 0; i < writer->n_tensors; i++) {
    uint64_t size = dtype_size(tensors[i].dtype);
    bool fits = tensors[i].rank <= TENSOR_MAX_RANK;
    for (int axis = 0; fits && axis < tensors[i].rank; axis++)
      fits = !__builtin_mul_overflow(size, tensors[i].shape[axis], &size);
    fits = fits && !__builtin_add_overflow(writer->offsets[i], size, &writer->offsets[i + 1]);
    if (!fits || writer->offsets[i + 1] > INT64_MAX / 2) /* room for the header */
      return error_set(error, "tensor \"%.80s\" is larger than a file can be", tensors[i].name);
  }
  return true;
}

/* Writes all bytes or fails with the system's error. */
static bool write_at(int descriptor, uint64_t offset, const char *data, size_t size,
                     struct Error *error)
{
  while (size > 0) {
    ssize_t written = pwrite(descriptor, data, size, (off_t)offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return error_system(error, "cannot write");
    data += written;
    size -= (size_t)written;
    offset += (uint64_t)written;
  }
  return true;
}

static bool create_file(struct SafetensorsWriter *writer, const char *header, struct Error *error)
{
  writer->descriptor = open(writer->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (writer->descriptor < 0) return error_system(error, "cannot create");
  uint64_t size = writer->data_start + writer->offsets[writer->n_tensors];
  if (ftruncate(writer->descriptor, (off_t)size) != 0)
    error_system(error, "cannot make the file %" PRIu64 " bytes long", size);
  else if (write_at(writer->descriptor, 0, header, writer->data_start, error))
    return true;
  unlink(writer->path);
  return false;
}

/* The file must start with exactly that header. */
static bool check_header(int descriptor, const char *header, size_t size, struct Error *error)
{
  char piece[4096];
  for (size_t done = 0; done < size;) {
    size_t wanted = size - done < sizeof piece ? size - done : sizeof piece;
    ssize_t length = pread(descriptor, piece, wanted, (off_t)done);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return error_system(error, "cannot read");
    if (length == 0 || memcmp(piece, header + done, (size_t)length) != 0)
      return error_set(error, "its header differs from the expected one");
    done += (size_t)length;
  }
  return true;
}

static bool open_file(struct SafetensorsWriter *writer, const char *header, struct Error *error)
{
  writer->descriptor = open(writer->path, O_RDWR | O_CLOEXEC);
  struct stat status;
  if (writer->descriptor < 0 || fstat(writer->descriptor, &status) != 0)
    return error_system(error, "cannot open");
  uint64_t size = writer->data_start + writer->offsets[writer->n_tensors];
  if ((uint64_t)status.st_size != size)
    return error_set(error, "%jd bytes, expected %" PRIu64, (intmax_t)status.st_size, size);
  return check_header(writer->descriptor, header, writer->data_start, error);
}

/* Computes the layout, then calls `start`: create_file or open_file. */
static bool start_writer(struct SafetensorsWriter *writer, const char *path,
                         const struct TensorSpec *tensors, size_t n_tensors,
                         const struct MetadataEntry *metadata, size_t n_metadata,
                         bool start(struct SafetensorsWriter *, const char *, struct Error *),
                         struct Error *error)
{
  *writer = (struct SafetensorsWriter){.descriptor = -1, .n_tensors = n_tensors};
  json_t *header = json_object();
  char *text = NULL;
  writer->path = memory_copy_text(path, error);
  if (writer->path && lay_out(writer, tensors, error) &&
      fill_header(header, writer, tensors, metadata, n_metadata, error))
    text = format_header(header, &writer->data_start, error);
  json_decref(header);
  bool started = text && start(writer, text, error);
  free(text);
  if (started) return true;
  safetensors_abandon(writer);
  return error_prefix(error, "%s", path);
}

bool safetensors_create(struct SafetensorsWriter *writer, const char *path,
                        const struct TensorSpec *tensors, size_t n_tensors,
                        const struct MetadataEntry *metadata, size_t n_metadata,
                        struct Error *error)
{
  return start_writer(writer, path, tensors, n_tensors, metadata, n_metadata, create_file, error);
}

bool safetensors_continue(struct SafetensorsWriter *writer, const char *path,
                          const struct TensorSpec *tensors, size_t n_tensors,
                          const struct MetadataEntry *metadata, size_t n_metadata,
                          struct Error *error)
{
  return start_writer(writer, path, tensors, n_tensors, metadata, n_metadata, open_file, error);
}

bool safetensors_write(const struct SafetensorsWriter *writer, size_t tensor, size_t offset,
                       const void *data, size_t size, struct Error *error)
{
  uint64_t room = writer->offsets[tensor + 1] - writer->offsets[tensor];
  if (offset > room || size > room - offset)
    return error_set(error, "%s: %zu bytes at %zu do not fit tensor %zu of %" PRIu64 " bytes",
                     writer->path, size, offset, tensor, room);
  uint64_t position = writer->data_start + writer->offsets[tensor] + offset;
  if (write_at(writer->descriptor, position, data, size, error)) return true;
  return error_prefix(error, "%s", writer->path);
}

bool safetensors_sync(const struct SafetensorsWriter *writer, struct Error *error)
{
  if (fsync(writer->descriptor) == 0) return true;
  return error_system(error, "%s: cannot sync", writer->path);
}

bool safetensors_finish(struct SafetensorsWriter *writer, struct Error *error)
{
  bool finished = safetensors_sync(writer, error);
  int descriptor = writer->descriptor;
  writer->descriptor = -1;
  if (close(descriptor) != 0 && finished)
    finished = error_system(error, "%s: cannot close", writer->path);
  safetensors_abandon(writer);
  return finished;
}

void safetensors_abandon(struct SafetensorsWriter *writer)
{
  /* a zeroed writer has no path and does not own descriptor 0 */
  if (writer->path && writer->descriptor >= 0) close(writer->descriptor);
  free(writer->path);
  free(writer->offsets);
  *writer = (struct SafetensorsWriter){.descriptor = -1};
}
