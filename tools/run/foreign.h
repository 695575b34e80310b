/*
 * Files that are no checkpoints, or not ones that can be opened: what a file is, and what to do.
 */
#ifndef RUN_FOREIGN_H
#define RUN_FOREIGN_H

#include "base/error.h"

/* For a file that was rejected with `error`. If its first bytes identify another kind of file
   (NumPy, a bare pickle, Git LFS pointer, web page, archive, empty), the message is replaced by
   what it is and what to do; otherwise it stays. Always returns false. */
bool foreign_file(const char *path, struct Error *error);

#endif
