/*
 * Checkpoints of other programs that cannot be opened directly: what a file is, and how to convert
 * it.
 */
#ifndef RUN_FOREIGN_H
#define RUN_FOREIGN_H

#include "tensor/safetensors.h"

/* For a file that safetensors_open rejected with `error`. If its first bytes identify another kind
   of file (PyTorch, NumPy, Git LFS pointer, web page, archive, empty), the message is replaced by
   what it is and what to do; otherwise it stays. Always returns false. */
bool foreign_file(const char *path, struct Error *error);

/* The message for a file in the layout of the paper's authors' code: TransformerLens names, W_O a
   matrix [d_model, H d_head], and the other left-multiplying matrices transposed. `prefix` precedes
   the names in the file. Always returns false. */
bool foreign_layout(const struct Safetensors *file, const char *prefix, struct Error *error);

#endif
