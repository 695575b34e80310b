/*
 * The files of torch.save, read without Python. There are two kinds.
 *
 * A zip archive (PyTorch 1.6 and later) with one folder:
 *
 *   NAME/data.pkl     a pickle; storages in it are ("storage", type, KEY, location, elements)
 *   NAME/data/KEY     the numbers of a storage
 *   NAME/byteorder    "little" or "big", those of the numbers; not in older files, which are little
 *
 * torch.save does not compress; compressed entries are refused, so that memory is in proportion to
 * the file. Checksums are checked.
 *
 * Pickles one after another (older, or _use_new_zipfile_serialization=False): a magic number, the
 * version 1001, a description of the machine, the object, the list of the KEYs of its storages;
 * then for each the number of its elements, eight bytes, and the elements. These are little-endian
 * whatever the description says: PyTorch converts them.
 *
 * Where a storage was, on a GPU for instance, does not matter.
 */
#ifndef PYTORCH_TORCH_FILE_H
#define PYTORCH_TORCH_FILE_H

#include "pytorch/pickle.h"
#include "tensor/view.h"

struct TorchFile {
  struct Pickle pickle; /* pickle.value is what was saved */
  unsigned char *bytes; /* of the pickle, or of the whole file */
  size_t file_size;
  void *archive;            /* zip_t; NULL for an older file */
  char *root;               /* "NAME/" */
  bool swapped;             /* byteorder is big */
  struct Storage *storages; /* [n_storages], sorted by key */
  size_t n_storages;
  size_t loaded; /* bytes of storages that were read */
};

/* What torch.save may have written, by the first bytes of a file. */
enum TorchKind { TORCH_NONE, TORCH_ARCHIVE, TORCH_LEGACY };
enum TorchKind torch_kind(const unsigned char *start, size_t size);

/* Opens a file of that kind from a descriptor, which is closed whatever happens. Errors, without
   the path: damaged or truncated, a wrong checksum; the archive is no file of torch.save; those of
   pickle_read. There is nothing to close then. */
bool torch_open(struct TorchFile *file, enum TorchKind kind, int descriptor, struct Error *error);
void torch_close(struct TorchFile *file);

/* The shape and type of a tensor; its place is not set. Errors: it is none, or has more than
   TENSOR_MAX_RANK axes, or a shape that cannot be addressed. */
bool torch_shape(const struct TorchFile *file, const struct Value *tensor, struct View *view,
                 struct Error *error);

/* The numbers of a tensor, which belong to the file. Errors: it is none, has more than
   TENSOR_MAX_RANK axes, or reaches beyond its storage; its storage is missing, damaged, or larger
   than the file. */
bool torch_view(struct TorchFile *file, const struct Value *tensor, struct View *view,
                struct Error *error);

#endif
