/*
 * The safetensors format (https://github.com/huggingface/safetensors): named arrays in one file.
 *
 *   8 bytes   N, the length of the header, unsigned, little-endian
 *   N bytes   a JSON object: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
 *             ..., "__metadata__": {"key": "text", ...}}, padded with spaces
 *   the rest  the arrays, little-endian, row-major; data_offsets count from its first byte. They
 *             cover it without holes and without overlap.
 *
 * The reader trusts nothing: every length, offset, shape and dtype is checked before anything is
 * used, so that an opened file is a sound one. The arrays stay in the file, which may be larger
 * than memory, and are read when they are asked for. (A mapping would do the same with less code,
 * but a disk that fails, or a file that is cut off meanwhile, would be a signal instead of an
 * error.)
 *
 * The writer knows all shapes beforehand, writes the header first, and puts every piece at its
 * final offset. Headers that we write are padded so that the data starts at a multiple of 64 bytes;
 * others may start anywhere.
 */
#ifndef TENSOR_SAFETENSORS_H
#define TENSOR_SAFETENSORS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { TENSOR_MAX_RANK = 5 };

/* What the format knows, in whole bytes. Only the first seven can be read here; a file may hold the
   others all the same. */
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

/* Bytes of one element, and the name in headers: 4 and "F32". */
size_t dtype_size(enum DType dtype);
const char *dtype_name(enum DType dtype);

struct Tensor {
  const char *name;
  enum DType dtype;
  int rank; /* 0 for a scalar */
  size_t shape[TENSOR_MAX_RANK];
  size_t count;      /* product of the shape */
  int descriptor;    /* of the file, which is open as long as the Safetensors is */
  uint64_t position; /* of element 0, from the first byte of the file */
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
  void *header; /* the parsed JSON, which owns all names */
};

/* Opens and checks a file. Errors name the file and, where there is one, the tensor, with what
   was found and what was expected; there is nothing to close then. */
bool safetensors_open(struct Safetensors *file, const char *path, struct Error *error);
void safetensors_close(struct Safetensors *file);

/* The tensor of that name; NULL when there is none. */
const struct Tensor *safetensors_find(const struct Safetensors *file, const char *name);

/* The metadata value of that key; NULL when there is none. */
const char *safetensors_metadata(const struct Safetensors *file, const char *key);

/* Elements [first, first + count) of a tensor of any dtype, as they lie in the file. Errors, which
   name the tensor: the file cannot be read. The range must lie in the tensor. Different threads may
   read at the same time. */
bool tensor_read(const struct Tensor *tensor, size_t first, size_t count, void *elements,
                 struct Error *error);

/* The same of an F32, F64, F16 or BF16 tensor, as float32: F64 is rounded, which may give an
   infinity, the others are exact. Another dtype is an error, also when the count is 0. */
bool tensor_read_floats(const struct Tensor *tensor, size_t first, size_t count, float *values,
                        struct Error *error);

/* The same of an I64, U8 or BOOL tensor; of a BOOL one, 0 or 1. */
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
  char *path; /* of the file being written, which the caller names and renames */
  size_t n_tensors;
  uint64_t data_start; /* file offset of the data section */
  uint64_t *offsets;   /* [n_tensors + 1], from data_start */
};

/* Creates the file at `path`, at its full size, with its header. Tensors lie in the order given,
   all zero until they are written. Errors: names that repeat or are no UTF-8, sizes beyond what a
   file can have, the system's; no file is left then. */
bool safetensors_create(struct SafetensorsWriter *writer, const char *path,
                        const struct TensorSpec *tensors, size_t n_tensors,
                        const struct MetadataEntry *metadata, size_t n_metadata,
                        struct Error *error);

/* Opens a file for more writing that safetensors_create made, finished or not: the same arguments
   must give the same header byte for byte, and the same size. Nothing is changed in it, whatever
   happens. Errors: it is not there, or is another file. */
bool safetensors_continue(struct SafetensorsWriter *writer, const char *path,
                          const struct TensorSpec *tensors, size_t n_tensors,
                          const struct MetadataEntry *metadata, size_t n_metadata,
                          struct Error *error);

/* Writes `size` bytes at byte `offset` of tensor number `tensor`. Different threads may write at
   the same time. */
bool safetensors_write(const struct SafetensorsWriter *writer, size_t tensor, size_t offset,
                       const void *data, size_t size, struct Error *error);

/* Makes everything written so far last (fsync). */
bool safetensors_sync(const struct SafetensorsWriter *writer, struct Error *error);

/* Syncs and closes: the file is whole. After an error it is closed too. */
bool safetensors_finish(struct SafetensorsWriter *writer, struct Error *error);

/* Closes without a claim that the file is whole. Does nothing after safetensors_finish. */
void safetensors_abandon(struct SafetensorsWriter *writer);

#endif
