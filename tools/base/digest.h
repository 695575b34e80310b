/*
 * 128-bit digests (XXH3 of xxHash) that identify contents. They detect accidents (a torn write, a
 * flipped bit, another version of a file), not forgery: two different contents collide with
 * probability 2^-128.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct Digest {
  uint64_t low, high;
};

/* The digest of a sequence of pieces: start from DIGEST_START, the digest of no pieces, and add
   them one by one; digest_add returns the digest of all pieces so far and this one. Boundaries
   between pieces matter. */
#define DIGEST_START ((struct Digest){0, 0})
struct Digest digest_add(struct Digest digest, const void *bytes, size_t size);

bool digest_equal(struct Digest a, struct Digest b);

/* A digest as text: 32 lower-case hexadecimal digits. Parsing reads the first 32 characters of
   `text`; false if they are anything else. */
enum { DIGEST_SIZE = 33 };
void digest_format(struct Digest digest, char text[DIGEST_SIZE]);
bool digest_parse(const char *text, struct Digest *digest);

#endif
