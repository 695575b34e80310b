#include "base/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

struct Digest digest_add(struct Digest digest, const void *bytes, size_t size)
{
  const XXH128_hash_t chain[] = {{.low64 = digest.low, .high64 = digest.high},
                                 XXH3_128bits(bytes, size)};
  XXH128_hash_t sum = XXH3_128bits(chain, sizeof chain);
  return (struct Digest){.low = sum.low64, .high = sum.high64};
}

bool digest_equal(struct Digest a, struct Digest b)
{
  return a.low == b.low && a.high == b.high;
}

void digest_format(struct Digest digest, char text[DIGEST_SIZE])
{
  snprintf(text, DIGEST_SIZE, "%016" PRIx64 "%016" PRIx64, digest.high, digest.low);
}

bool digest_parse(const char *text, struct Digest *digest)
{
  static const char digits[] = "0123456789abcdef";
  *digest = (struct Digest){0};
  for (int i = 0; i < DIGEST_SIZE - 1; i++) {
    const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
    if (!digit) return false;
    digest->high = digest->high << 4 | digest->low >> 60;
    digest->low = digest->low << 4 | (uint64_t)(digit - digits);
  }
  return true;
}
