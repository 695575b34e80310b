/*
 * Checkpoints as other programs leave them, where they cannot be opened as they are: what a file
 * is, and how to make one of it that opens.
 */
#ifndef MODEL_FOREIGN_H
#define MODEL_FOREIGN_H

#include "tensor/safetensors.h"

/* For a file that safetensors_open has refused with `error`. Where its first bytes tell that it is
   something else (a file of PyTorch or NumPy, a Git LFS pointer, a web page, an archive, empty),
   the message becomes what it is and what to do; otherwise it stays. Returns false always. */
bool foreign_file(const char *path, struct Error *error);

/* The message for a file whose parameters lie as in the code of the paper's authors: names are
   TransformerLens', W_O is a matrix [d_model, H d_head], and the other matrices that multiply from
   the left are transposed. `prefix` stands before the names in the file. Returns false always. */
bool foreign_layout(const struct Safetensors *file, const char *prefix, struct Error *error);

#endif
