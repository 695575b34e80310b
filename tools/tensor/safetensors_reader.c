#include "tensor/safetensors.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tensor data is read without byte swapping");

enum { LENGTH_SIZE = 8, HEADER_LIMIT = 100000000 }; /* the limit is the format's */

static const struct {
  const char *name;
  size_t size;
} dtypes[N_DTYPES] = {
    [DTYPE_F32] = {"F32", 4},         [DTYPE_F64] = {"F64", 8},
    [DTYPE_I64] = {"I64", 8},         [DTYPE_U8] = {"U8", 1},
    [DTYPE_BOOL] = {"BOOL", 1},       [DTYPE_F16] = {"F16", 2},
    [DTYPE_BF16] = {"BF16", 2},       [DTYPE_F8_E4M3] = {"F8_E4M3", 1},
    [DTYPE_F8_E5M2] = {"F8_E5M2", 1}, [DTYPE_F8_E8M0] = {"F8_E8M0", 1},
    [DTYPE_I8] = {"I8", 1},           [DTYPE_I16] = {"I16", 2},
    [DTYPE_U16] = {"U16", 2},         [DTYPE_I32] = {"I32", 4},
    [DTYPE_U32] = {"U32", 4},         [DTYPE_U64] = {"U64", 8},
    [DTYPE_C64] = {"C64", 8},
};

size_t dtype_size(enum DType dtype)
{
  return dtypes[dtype].size;
}

const char *dtype_name(enum DType dtype)
{
  return dtypes[dtype].name;
}

/* Reads all bytes or fails with an error. */
static bool read_at(int descriptor, uint64_t position, void *bytes, size_t size,
                    struct Error *error)
{
  char *rest = bytes;
  while (size > 0) {
    ssize_t got = pread(descriptor, rest, size, (off_t)position);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return error_system(error, "cannot read");
    if (got == 0) return error_set(error, "cannot read: the file has become shorter");
    rest += got;
    size -= (size_t)got;
    position += (uint64_t)got;
  }
  return true;
}

/* ---- one tensor's entry in the header ---- */

/* The byte range of a tensor in the data section. */
struct TensorExtent {
  struct Tensor tensor;
  uint64_t begin, end;
};

static bool read_dtype(struct Tensor *tensor, const json_t *entry, struct Error *error)
{
  const char *name = json_string_value(json_object_get(entry, "dtype"));
  if (!name) return error_set(error, "\"dtype\" is missing or not a string");
  for (int i = 0; i < N_DTYPES; i++) {
    if (strcmp(name, dtypes[i].name) != 0) continue;
    tensor->dtype = (enum DType)i;
    return true;
  }
  return error_set(error, "unknown dtype \"%.40s\"", name);
}

static bool read_shape(struct Tensor *tensor, const json_t *entry, struct Error *error)
{
  const json_t *shape = json_object_get(entry, "shape");
  if (!json_is_array(shape)) return error_set(error, "\"shape\" is missing or not an array");
  if (json_array_size(shape) > TENSOR_MAX_RANK)
    return error_set(error, "has %zu axes, more than the %d that are supported",
                     json_array_size(shape), TENSOR_MAX_RANK);
  tensor->rank = (int)json_array_size(shape);
  tensor->count = 1;
  for (int i = 0; i < tensor->rank; i++) {
    const json_t *length = json_array_get(shape, (size_t)i);
    if (!json_is_integer(length) || json_integer_value(length) < 0)
      return error_set(error, "axis %d of \"shape\" is not a non-negative integer", i);
    tensor->shape[i] = (size_t)json_integer_value(length);
    if (__builtin_mul_overflow(tensor->count, tensor->shape[i], &tensor->count))
      return error_set(error, "\"shape\" has more elements than can be addressed");
  }
  return true;
}

static bool read_offsets(struct TensorExtent *extent, const json_t *entry, struct Error *error)
{
  const json_t *offsets = json_object_get(entry, "data_offsets");
  const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
    return error_set(error, "\"data_offsets\" is missing or not an array of two integers");
  if (json_integer_value(begin) < 0 || json_integer_value(end) < json_integer_value(begin))
    return error_set(error,
                     "\"data_offsets\" is [%" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT
                     "], expected 0 <= begin <= end",
                     json_integer_value(begin), json_integer_value(end));
  extent->begin = (uint64_t)json_integer_value(begin);
  extent->end = (uint64_t)json_integer_value(end);
  return true;
}

static bool read_entry(struct TensorExtent *extent, const char *name, const json_t *entry,
                       struct Error *error)
{
  struct Tensor *tensor = &extent->tensor;
  tensor->name = name;
  if (!json_is_object(entry)) return error_set(error, "its header entry is not a JSON object");
  if (!read_dtype(tensor, entry, error) || !read_shape(tensor, entry, error) ||
      !read_offsets(extent, entry, error))
    return false;
  size_t size;
  bool addressable = !__builtin_mul_overflow(tensor->count, dtype_size(tensor->dtype), &size);
  if (addressable && size == extent->end - extent->begin) return true;
  char shape[TENSOR_SHAPE_TEXT_SIZE];
  tensor_format_shape(tensor, shape);
  return error_set(error,
                   "\"data_offsets\" spans %" PRIu64 " bytes, but %s of shape %s needs %zu x %zu",
                   extent->end - extent->begin, dtype_name(tensor->dtype), shape, tensor->count,
                   dtype_size(tensor->dtype));
}

/* ---- the header ---- */

static bool read_metadata(struct Safetensors *file, const json_t *entries, struct Error *error)
{
  if (!entries) return true;
  if (!json_is_object(entries)) return error_set(error, "__metadata__ is not a JSON object");
  file->metadata =
      memory_new(json_object_size(entries), sizeof *file->metadata, "the metadata", error);
  if (!file->metadata) return false;
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)entries, key, value)
  {
    if (!json_is_string(value))
      return error_set(error, "__metadata__: the value of \"%.80s\" is not a string", key);
    file->metadata[file->n_metadata++] = (struct MetadataEntry){key, json_string_value(value)};
  }
  return true;
}

static int compare_extents(const void *left, const void *right)
{
  const struct TensorExtent *a = left, *b = right;
  if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
  if (a->end != b->end) return a->end < b->end ? -1 : 1;
  return strcmp(a->tensor.name, b->tensor.name);
}

/* Sorted extents must be contiguous and fill the data section. */
static bool check_cover(const struct TensorExtent *extents, size_t n, uint64_t available,
                        struct Error *error)
{
  uint64_t covered = 0;
  for (size_t i = 0; i < n; i++) {
    const char *name = extents[i].tensor.name;
    if (extents[i].begin > covered)
      return error_set(error, "%" PRIu64 " bytes before tensor \"%.80s\" belong to no tensor",
                       extents[i].begin - covered, name);
    if (extents[i].begin < covered)
      return error_set(error, "tensors \"%.80s\" and \"%.80s\" overlap by %" PRIu64 " bytes",
                       extents[i - 1].tensor.name, name, covered - extents[i].begin);
    covered = extents[i].end;
  }
  if (covered > available)
    return error_set(error, "truncated: %" PRIu64 " of %" PRIu64 " bytes of data are missing",
                     covered - available, covered);
  if (covered < available)
    return error_set(error, "%" PRIu64 " bytes after the last tensor belong to no tensor",
                     available - covered);
  return true;
}

static bool read_entries(struct TensorExtent *extents, const json_t *header, struct Error *error)
{
  const char *name;
  json_t *entry;
  json_object_foreach((json_t *)header, name, entry)
  {
    if (strcmp(name, "__metadata__") == 0) continue;
    if (!read_entry(extents++, name, entry, error))
      return error_prefix(error, "tensor \"%.80s\"", name);
  }
  return true;
}

static bool read_tensors(struct Safetensors *file, uint64_t data_start, uint64_t available,
                         struct Error *error)
{
  const json_t *header = file->header;
  size_t n = json_object_size(header) - (json_object_get(header, "__metadata__") ? 1 : 0);
  struct TensorExtent *extents = memory_new(n, sizeof *extents, "the list of tensors", error);
  file->tensors = memory_new(n, sizeof *file->tensors, "the list of tensors", error);
  bool sound = extents && file->tensors && read_entries(extents, header, error);
  if (sound) {
    qsort(extents, n, sizeof *extents, compare_extents);
    sound = check_cover(extents, n, available, error);
  }
  for (size_t i = 0; sound && i < n; i++) {
    file->tensors[i] = extents[i].tensor;
    file->tensors[i].descriptor = file->descriptor;
    file->tensors[i].position = data_start + extents[i].begin;
  }
  file->n_tensors = sound ? n : 0;
  free(extents);
  return sound;
}

/* The header's text, which the caller frees. Its length is checked before allocating. */
static char *read_text(const struct Safetensors *file, uint64_t file_size, uint64_t *length,
                       struct Error *error)
{
  if (!read_at(file->descriptor, 0, length, LENGTH_SIZE, error)) return NULL;
  uint64_t remaining = file_size - LENGTH_SIZE;
  if (*length > HEADER_LIMIT)
    error_set(error,
              "not a safetensors file, or a damaged one: its header would be %" PRIu64
              " bytes long, more than the %d that the format allows",
              *length, HEADER_LIMIT);
  else if (*length > remaining)
    error_set(error, "truncated: %" PRIu64 " of %" PRIu64 " bytes of its header are missing",
              *length - remaining, *length);
  else {
    char *text = memory_new(*length, 1, "the header", error);
    if (text && read_at(file->descriptor, LENGTH_SIZE, text, *length, error)) return text;
    free(text);
  }
  return NULL;
}

static bool parse_text(struct Safetensors *file, const char *text, size_t length,
                       struct Error *error)
{
  if (length == 0 || *text != '{') return error_set(error, "the header is not a JSON object");
  json_error_t problem;
  file->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
  return file->header || error_set(error, "the header is not valid JSON: %s (byte %d)",
                                   problem.text, problem.position);
}

static bool read_header(struct Safetensors *file, uint64_t file_size, struct Error *error)
{
  uint64_t length = 0;
  char *text = read_text(file, file_size, &length, error);
  bool parsed = text && parse_text(file, text, length, error);
  free(text);
  uint64_t data_start = LENGTH_SIZE + length;
  return parsed && read_metadata(file, json_object_get(file->header, "__metadata__"), error) &&
         read_tensors(file, data_start, file_size - data_start, error);
}

/* ---- the file ---- */

static bool open_file(struct Safetensors *file, uint64_t *size, struct Error *error)
{
  /* opening a pipe must not wait for a writer; it is rejected below */
  file->descriptor = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file->descriptor < 0) return error_system(error, "cannot open");
  struct stat status;
  if (fstat(file->descriptor, &status) != 0) return error_system(error, "cannot read");
  if (!S_ISREG(status.st_mode)) return error_set(error, "cannot read: not a regular file");
  if (status.st_size < LENGTH_SIZE)
    return error_set(error, "not a safetensors file: %jd bytes, expected %d and a header",
                     (intmax_t)status.st_size, LENGTH_SIZE);
  *size = (uint64_t)status.st_size;
  return true;
}

/* Names come from the file: replaces control characters, which could move a terminal's cursor or
   break the line. */
static void make_printable(struct Error *error)
{
  for (char *c = error->message; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
}

bool safetensors_open(struct Safetensors *file, const char *path, struct Error *error)
{
  *file = (struct Safetensors){.path = memory_copy_text(path, error), .descriptor = -1};
  if (!file->path) return false;
  uint64_t size = 0;
  if (open_file(file, &size, error) && read_header(file, size, error)) return true;
  make_printable(error);
  safetensors_close(file);
  return error_prefix(error, "%s", path);
}

void safetensors_close(struct Safetensors *file)
{
  /* a zeroed struct has no path and does not own descriptor 0 */
  if (file->path && file->descriptor >= 0) close(file->descriptor);
  json_decref(file->header);
  free(file->tensors);
  free(file->metadata);
  free(file->path);
  *file = (struct Safetensors){0};
}

const struct Tensor *safetensors_find(const struct Safetensors *file, const char *name)
{
  for (size_t i = 0; i < file->n_tensors; i++)
    if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
  return NULL;
}

const char *safetensors_metadata(const struct Safetensors *file, const char *key)
{
  for (size_t i = 0; i < file->n_metadata; i++)
    if (strcmp(file->metadata[i].key, key) == 0) return file->metadata[i].value;
  return NULL;
}

/* ---- elements ---- */

bool tensor_read(const struct Tensor *tensor, size_t first, size_t count, void *elements,
                 struct Error *error)
{
  size_t size = dtype_size(tensor->dtype);
  uint64_t position = tensor->position + first * size;
  if (read_at(tensor->descriptor, position, elements, count * size, error)) return true;
  return error_prefix(error, "tensor \"%.80s\"", tensor->name);
}

/* Elements of a tensor are converted in pieces of this size. */
enum { PIECE = 1024 };

union RawPiece {
  uint16_t halves[PIECE]; /* bits of F16 or BF16 */
  double doubles[PIECE];
};

/* IEEE 754 binary16: a sign, 5 bits of exponent, 10 bits of mantissa. Exact. */
static float float_of_f16(uint16_t bits)
{
  int exponent = bits >> 10 & 0x1f, mantissa = bits & 0x3ff;
  float magnitude;
  if (exponent == 0x1f)
    magnitude = mantissa == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    magnitude = ldexpf((float)mantissa, -24);
  else
    magnitude = ldexpf((float)(0x400 + mantissa), exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

/* The upper half of a float32. */
static float float_of_bf16(uint16_t bits)
{
  uint32_t whole = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &whole, sizeof value);
  return value;
}

static void convert(const union RawPiece *piece, enum DType dtype, size_t n, float *values)
{
  for (size_t i = 0; i < n; i++)
    if (dtype == DTYPE_F64)
      values[i] = (float)piece->doubles[i];
    else if (dtype == DTYPE_F16)
      values[i] = float_of_f16(piece->halves[i]);
    else
      values[i] = float_of_bf16(piece->halves[i]);
}

static bool read_converted(const struct Tensor *tensor, size_t first, size_t count, float *values,
                           struct Error *error)
{
  union RawPiece piece;
  for (size_t done = 0; done < count; done += PIECE) {
    size_t n = count - done < PIECE ? count - done : PIECE;
    if (!tensor_read(tensor, first + done, n, &piece, error)) return false;
    convert(&piece, tensor->dtype, n, values + done);
  }
  return true;
}

bool tensor_read_floats(const struct Tensor *tensor, size_t first, size_t count, float *values,
                        struct Error *error)
{
  switch (tensor->dtype) {
  case DTYPE_F32:
    return tensor_read(tensor, first, count, values, error);
  case DTYPE_F64:
  case DTYPE_F16:
  case DTYPE_BF16:
    return read_converted(tensor, first, count, values, error);
  default:
    return error_set(error, "tensor \"%.80s\" has dtype %s, expected F32, F64, F16 or BF16",
                     tensor->name, dtype_name(tensor->dtype));
  }
}

bool tensor_read_doubles(const struct Tensor *tensor, size_t first, size_t count, double *values,
                         struct Error *error)
{
  if (tensor->dtype == DTYPE_F64) return tensor_read(tensor, first, count, values, error);
  float piece[PIECE];
  if (!tensor_read_floats(tensor, first, 0, piece, error)) return false;
  for (size_t done = 0; done < count; done += PIECE) {
    size_t n = count - done < PIECE ? count - done : PIECE;
    if (!tensor_read_floats(tensor, first + done, n, piece, error)) return false;
    for (size_t i = 0; i < n; i++)
      values[done + i] = (double)piece[i];
  }
  return true;
}

static bool read_bytes(const struct Tensor *tensor, size_t first, size_t count, int64_t *values,
                       struct Error *error)
{
  uint8_t piece[PIECE];
  for (size_t done = 0; done < count; done += PIECE) {
    size_t n = count - done < PIECE ? count - done : PIECE;
    if (!tensor_read(tensor, first + done, n, piece, error)) return false;
    for (size_t i = 0; i < n; i++)
      values[done + i] = tensor->dtype == DTYPE_BOOL ? piece[i] != 0 : piece[i];
  }
  return true;
}

bool tensor_read_integers(const struct Tensor *tensor, size_t first, size_t count, int64_t *values,
                          struct Error *error)
{
  if (tensor->dtype == DTYPE_I64) return tensor_read(tensor, first, count, values, error);
  if (tensor->dtype == DTYPE_U8 || tensor->dtype == DTYPE_BOOL)
    return read_bytes(tensor, first, count, values, error);
  return error_set(error, "tensor \"%.80s\" has dtype %s, expected I64, U8 or BOOL", tensor->name,
                   dtype_name(tensor->dtype));
}

void tensor_format_shape(const struct Tensor *tensor, char text[TENSOR_SHAPE_TEXT_SIZE])
{
  size_t length = (size_t)snprintf(text, TENSOR_SHAPE_TEXT_SIZE, "[");
  for (int i = 0; i < tensor->rank; i++)
    length += (size_t)snprintf(text + length, TENSOR_SHAPE_TEXT_SIZE - length, "%s%zu",
                               i > 0 ? ", " : "", tensor->shape[i]);
  snprintf(text + length, TENSOR_SHAPE_TEXT_SIZE - length, "]");
}
