/*
 * The safetensors format (https://github.com/huggingface/safetensors): named arrays in one file.
 *
 *   8 bytes   N, the length of the header, unsigned, little-endian
 *   N bytes   a JSON object: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
 *             ..., "__metadata__": {"key": "text", ...}}, padded with spaces
 *   the rest  the arrays, little-endian, row-major; data_offsets count from its first byte. They
 *             cover it without holes and without overlap.
 *
 * The reader trusts nothing: opening a file validates every length, offset, shape and dtype. The
 * arrays stay in the file, which may be larger than memory, and are read on request. (mmap would
 * need less code, but a failing disk or a file truncated meanwhile would raise a signal instead of
 * an error.)
 *
 * The writer knows all shapes in advance, writes the header first, and writes every piece at its
 * final offset. It pads the header so that the data starts at a multiple of 64 bytes; in files of
 * other origin it may start anywhere.
 */
#ifndef TENSOR_SAFETENSORS_H
#define TENSOR_SAFETENSORS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { TENSOR_MAX_RANK = 5 };

/* The types of the format with whole-byte elements. Only the first seven can be read here, but a
   file may contain the others. */
enum DType {
  DTYPE_F32,
  DTYPE_F64,
  DTYPE_I64,
  DTYPE_U8,
  DTYPE_BOOL,
  DTYPE_F16,
  DTYPE_BF16,
  DTYPE_F8_E4M3,
  DTYPE_F8_E5M2,
  DTYPE_F8_E8M0,
  DTYPE_I8,
  DTYPE_I16,
  DTYPE_U16,
  DTYPE_I32,
  DTYPE_U32,
  DTYPE_U64,
  DTYPE_C64,
  N_DTYPES
};

/* Bytes per element, and the name in headers: 4 and "F32". */
size_t dtype_size(enum DType dtype);
const char *dtype_name(enum DType dtype);

struct Tensor {
  const char *name;
  enum DType dtype;
  int rank; /* 0 for a scalar */
  size_t shape[TENSOR_MAX_RANK];
  size_t count;      /* product of the shape */
  int descriptor;    /* of the file; valid while the Safetensors is open */
  uint64_t position; /* of element 0, in bytes from the start of the file */
};

struct MetadataEntry {
  const char *key, *value;
};

struct Safetensors {
  char *path; /* NULL when not open */
  int descriptor;
  struct Tensor *tensors; /* in the order of their offsets */
  size_t n_tensors;
  struct MetadataEntry *metadata;
  size_t n_metadata;
  void *header; /* the parsed JSON, owner of all names */
};

/* Opens and validates a file. Errors name the file and, if there is one, the tensor, with what
   was found and what was expected; then there is nothing to close. */
bool safetensors_open(struct Safetensors *file, const char *path, struct Error *error);
void safetensors_close(struct Safetensors *file);

/* The tensor of that name; NULL if there is none. */
const struct Tensor *safetensors_find(const struct Safetensors *file, const char *name);

/* The metadata value of that key; NULL if there is none. */
const char *safetensors_metadata(const struct Safetensors *file, const char *key);

/* Reads elements [first, first + count) of a tensor of any dtype, unconverted. The range must be
   within the tensor. Error, naming the tensor: the file cannot be read. Thread-safe. */
bool tensor_read(const struct Tensor *tensor, size_t first, size_t count, void *elements,
                 struct Error *error);

/* The same for an F32, F64, F16 or BF16 tensor, converted to float32: F64 is rounded, possibly
   to infinity; the others are exact. Another dtype is an error, even if the count is 0. */
bool tensor_read_floats(const struct Tensor *tensor, size_t first, size_t count, float *values,
                        struct Error *error);

/* The same, converted to float64, which is exact. */
bool tensor_read_doubles(const struct Tensor *tensor, size_t first, size_t count, double *values,
                         struct Error *error);

/* The same for an I64, U8 or BOOL tensor; BOOL gives 0 or 1. */
bool tensor_read_integers(const struct Tensor *tensor, size_t first, size_t count, int64_t *values,
                          struct Error *error);

/* "[401, 114, 128]", for messages. */
enum { TENSOR_SHAPE_TEXT_SIZE = 128 };
void tensor_format_shape(const struct Tensor *tensor, char text[TENSOR_SHAPE_TEXT_SIZE]);

/* ---- writing ---- */

struct TensorSpec {
  const char *name;
  enum DType dtype;
  int rank;
  size_t shape[TENSOR_MAX_RANK];
};

struct SafetensorsWriter {
  int descriptor;
  char *path; /* of the file being written, chosen (and renamed) by the caller */
  size_t n_tensors;
  uint64_t data_start; /* file offset of the data section */
  uint64_t *offsets;   /* [n_tensors + 1], from data_start */
};

/* Creates the file at `path`, at its full size, with its header. Tensors are stored in the order
   given and are zero until written. Errors: repeated names, names that are not UTF-8, sizes too
   large for a file, system errors; then no file is left. */
bool safetensors_create(struct SafetensorsWriter *writer, const char *path,
                        const struct TensorSpec *tensors, size_t n_tensors,
                        const struct MetadataEntry *metadata, size_t n_metadata,
                        struct Error *error);

/* Reopens a file made by safetensors_create, finished or not, for writing. It must have exactly
   the header and size that these arguments give. The call itself never modifies it. Errors: it
   does not exist, or header or size differ. */
bool safetensors_continue(struct SafetensorsWriter *writer, const char *path,
                          const struct TensorSpec *tensors, size_t n_tensors,
                          const struct MetadataEntry *metadata, size_t n_metadata,
                          struct Error *error);

/* Writes `size` bytes at byte `offset` of tensor number `tensor`. Thread-safe. */
bool safetensors_write(const struct SafetensorsWriter *writer, size_t tensor, size_t offset,
                       const void *data, size_t size, struct Error *error);

/* Flushes everything written so far to disk (fsync). */
bool safetensors_sync(const struct SafetensorsWriter *writer, struct Error *error);

/* Syncs and closes a complete file. It is closed even after an error. */
bool safetensors_finish(struct SafetensorsWriter *writer, struct Error *error);

/* Closes an incomplete file. Does nothing after safetensors_finish. */
void safetensors_abandon(struct SafetensorsWriter *writer);

#endif
