/*
 * Digests of 64 bits, by which bytes are known again. They find accidents (a torn write, a flipped
 * bit, another version of a file), not forgeries: a change inside one word of eight bytes is found
 * for certain, any other one but for one in 2^64.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an empty sequence of pieces has. */
#define DIGEST_START UINT64_C(0x243f6a8885a308d3)

/* The digest of what was added before and then this piece. Where pieces begin and end counts. */
uint64_t digest_add(uint64_t digest, const void *bytes, size_t size);

/* A digest as text: 16 hexadecimal digits, small letters. Parsing looks at the first 16 characters
   of `text`; false when they are anything else. */
enum { DIGEST_SIZE = 17 };
void digest_format(uint64_t digest, char text[DIGEST_SIZE]);
bool digest_parse(const char *text, uint64_t *digest);

#endif
