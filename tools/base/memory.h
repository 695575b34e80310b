/*
 * Allocation with errors as values. Arrays are zeroed and aligned to 64 bytes (a cache line, and
 * the widest vector). Everything is given back with free().
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/error.h"

#include <stddef.h>

/* `count` objects of `size` bytes. NULL, with the error saying how much was wanted for `what`
   ("logits of all pairs"), when there is no memory or the product overflows. A count of 0 gives
   a valid, empty block. */
void *memory_new(size_t count, size_t size, const char *what, struct Error *error);

/* One of several arrays of floats that are allocated together: *at becomes where it begins. */
struct FloatArray {
  float **at;
  size_t count;
};

/* The n arrays, as one block: it is returned, and alone is given to free(). NULL with an error as
   memory_new, and then no *at is set. Many arrays in one block are found with few entries of the
   processor's page tables: the block stands on pages of 2 MiB where the system has them. */
void *memory_new_arrays(const struct FloatArray *arrays, size_t n, const char *what,
                        struct Error *error);

/* Bytes that the machine could still give without swapping, as Linux estimates it; SIZE_MAX where
   it does not say. */
size_t memory_available(void);

/* A copy of the string; NULL with an error when there is no memory. */
char *memory_copy_text(const char *text, struct Error *error);

/* printf into a new string; NULL with an error when there is no memory. */
__attribute__((format(printf, 2, 3))) char *memory_print(struct Error *error, const char *format,
                                                         ...);

#endif
