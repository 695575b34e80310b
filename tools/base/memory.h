/*
 * Allocation with errors as values. Arrays are zeroed and aligned to 64 bytes (a cache line, and
 * the widest vector). Everything is released with free().
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/error.h"

#include <stddef.h>

/* `count` objects of `size` bytes. Returns NULL if there is no memory or the product overflows,
   with an error saying how much was requested for `what` ("logits of all pairs"). A count of 0
   gives a valid, empty block. */
void *memory_new(size_t count, size_t size, const char *what, struct Error *error);

/* One of several float arrays allocated together; *at is set to its start. */
struct FloatArray {
  float **at;
  size_t count;
};

/* Allocates the n arrays as one block and returns it; only the block is passed to free().
   Returns NULL with an error as memory_new, and then sets no *at. One block saves TLB entries:
   it is placed on 2 MiB pages if the system has them. */
void *memory_new_arrays(const struct FloatArray *arrays, size_t n, const char *what,
                        struct Error *error);

/* Bytes available without swapping, as Linux estimates it; SIZE_MAX if unknown. */
size_t memory_available(void);

/* Would so many bytes find room? If not, the error names both: "this training needs 61.3 GiB of
   memory, 22.9 GiB are available". */
bool memory_expect(double bytes, const char *what, struct Error *error);

/* A copy of the string; NULL with an error if there is no memory. */
char *memory_copy_text(const char *text, struct Error *error);

/* printf into a new string; NULL with an error if there is no memory. */
__attribute__((format(printf, 2, 3))) char *memory_print(struct Error *error, const char *format,
                                                         ...);

#endif
