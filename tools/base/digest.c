#include "base/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Both lines can be undone for a known word, and so can the word for a known result: neither two
   digests nor two words fall together. */
static uint64_t mix(uint64_t digest, uint64_t word)
{
  digest = (digest ^ word) * UINT64_C(0x9e3779b97f4a7c15); /* odd; 2^64 by the golden ratio */
  return digest ^ digest >> 32;
}

uint64_t digest_add(uint64_t digest, const void *bytes, size_t size)
{
  const unsigned char *at = bytes;
  uint64_t word;
  digest = mix(digest, size);
  for (; size >= sizeof word; size -= sizeof word, at += sizeof word) {
    memcpy(&word, at, sizeof word);
    digest = mix(digest, word);
  }
  word = 0;
  if (size > 0) memcpy(&word, at, size);
  return mix(digest, word);
}

void digest_format(uint64_t digest, char text[DIGEST_SIZE])
{
  snprintf(text, DIGEST_SIZE, "%016" PRIx64, digest);
}

bool digest_parse(const char *text, uint64_t *digest)
{
  static const char digits[] = "0123456789abcdef";
  *digest = 0;
  for (int i = 0; i < DIGEST_SIZE - 1; i++) {
    const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
    if (!digit) return false;
    *digest = *digest << 4 | (uint64_t)(digit - digits);
  }
  return true;
}
