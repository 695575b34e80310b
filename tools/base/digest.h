/*
 * Digests of 64 bits, by which bytes are known again. They find accidents (a torn write, a flipped
 * bit, another version of a file), not forgeries: a change inside one word of eight bytes is found
 * for certain, any other one but for one in 2^64.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* What an empty sequence of pieces has. */
#define DIGEST_START UINT64_C(0x243f6a8885a308d3)

/* The digest of what was added before and then this piece. Where pieces begin and end counts. */
uint64_t digest_add(uint64_t digest, const void *bytes, size_t size);

#endif
