/*
 * Suggestions for a name that does not exist.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/error.h"

#include <stddef.h>

/* The nearest of n names to `name` in spelling, at most three, nearest first: "loss, test_loss,
   train_loss". Distance is the number of deletions and insertions; ties stay in order. "none" if n
   is 0. The caller frees the text; NULL: out of memory. */
char *nearest_names(const char *name, const char *const *names, size_t n, struct Error *error);

#endif
