/*
 * Digests of 128 bits (xxHash's XXH3), by which contents are told apart. They find accidents (a
 * torn write, a flipped bit, another version of a file), not forgeries: two different contents have
 * the same digest with a probability of 2^-128.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct Digest {
  uint64_t low, high;
};

/* The digest of a sequence of pieces starts with DIGEST_START, that of no piece, and takes them one
   by one: digest_add returns the digest of what came before and then this piece. Where pieces begin
   and end counts. */
#define DIGEST_START ((struct Digest){0, 0})
struct Digest digest_add(struct Digest digest, const void *bytes, size_t size);

bool digest_equal(struct Digest a, struct Digest b);

/* A digest as text: 32 hexadecimal digits, lower case. Parsing looks at the first 32 characters of
   `text`; false when they are anything else. */
enum { DIGEST_SIZE = 33 };
void digest_format(struct Digest digest, char text[DIGEST_SIZE]);
bool digest_parse(const char *text, struct Digest *digest);

#endif
