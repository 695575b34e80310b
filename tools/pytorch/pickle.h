/*
 * Python pickles as data. A pickle is a program for a small stack machine; this reads those of
 * torch.save, protocols 2 to 5, without running anything: numbers, texts, lists, tuples,
 * dictionaries, and references to storages become values, and the few functions that rebuild
 * tensors are known by name. Names of classes whose objects only hold settings (pickle.c lists
 * them) give records of what is written in the pickle. Every other name is an error: nothing is
 * imported and nothing called.
 *
 * All values belong to the pickle and are released with it; texts point into its bytes. Values may
 * refer to themselves through lists and dictionaries, so whoever walks them needs a limit of depth.
 * The memory taken is at most proportional to the length of the bytes.
 */
#ifndef PYTORCH_PICKLE_H
#define PYTORCH_PICKLE_H

#include "base/error.h"
#include "tensor/safetensors.h"

#include <stddef.h>
#include <stdint.h>

enum ValueKind {
  VALUE_NONE,
  VALUE_BOOL,
  VALUE_INTEGER,
  VALUE_REAL,
  VALUE_TEXT,   /* also bytes */
  VALUE_LIST,   /* also tuples and sets */
  VALUE_DICT,   /* items are keys and values in turn */
  VALUE_NAME,   /* of a class or function: text is "module.name" */
  VALUE_RECORD, /* an object of such a class: items are the name, the arguments, the state */
  VALUE_STORAGE,
  VALUE_TENSOR,
};

struct Value {
  uint8_t kind;
  uint8_t dtype; /* of a name that stands for a type of storage, or N_DTYPES */
  uint32_t n;    /* of a text: bytes; of lists and dictionaries: items */
  uint32_t room;
  union {
    int64_t integer; /* of booleans 0 or 1 */
    double real;
    const char *text; /* not terminated */
    struct Value **items;
    struct StorageReference *storage;
    struct TensorReference *tensor;
  };
};

/* Numbers that are stored outside of the pickle. */
struct StorageReference {
  const struct Value *key; /* a text */
  enum DType dtype;        /* of untyped storages U8 */
  int64_t count;           /* elements, as claimed */
  int64_t view_offset;     /* in elements, of a view into another storage in old files */
  const struct StorageReference *next;
};

/* A view of a storage. Nothing is checked but that these are numbers. */
struct TensorReference {
  const struct StorageReference *storage;
  enum DType dtype;
  int64_t offset;                      /* in elements */
  const struct Value *shape, *strides; /* lists of integers, of the same length */
};

struct Pickle {
  struct Chunk *chunks; /* of memory */
  const struct Value *value;
  const struct StorageReference *storages; /* all that it refers to */
  size_t length; /* bytes read, up to and including the end of the pickle */
};

/* Reads a pickle from the start of these bytes, which must outlive it. Errors, after which there is
   nothing to release: the name of what it would call; an instruction that is none; the bytes end
   before the pickle does. */
bool pickle_read(struct Pickle *pickle, const unsigned char *bytes, size_t size,
                 struct Error *error);
void pickle_release(struct Pickle *pickle);

/* The value of a text key in a dictionary, the last one; NULL if there is none, or if `dict` is
   NULL or no dictionary. A record of settings counts as its state. */
const struct Value *value_get(const struct Value *dict, const char *key);

/* The dictionary behind a value: itself, or the state of a record; NULL if there is none. */
const struct Value *value_dict(const struct Value *value);

bool value_is_text(const struct Value *value, const char *text);

/* Is it a number that can be an integer, or a real? NULL is not. */
bool value_integer(const struct Value *value, int64_t *integer);
bool value_real(const struct Value *value, double *real);

#endif
