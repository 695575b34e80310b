/*
 * What somebody may have meant by a name that does not exist.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/error.h"

#include <stddef.h>

/* Those of n names that are spelt most like `name`, at most three, nearest first: "loss, test_loss,
   train_loss". Distance is the number of characters to delete and insert; names at the same
   distance stay in order. "none" when n is 0. The caller frees the text; NULL: no memory. */
char *nearest_names(const char *name, const char *const *names, size_t n, struct Error *error);

#endif
