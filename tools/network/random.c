#include "network/random.h"

#include "base/elementary.h"

#include <math.h>

/* ---- counter-based ---- */

enum { PHILOX_ROUNDS = 10 };

void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t output[4])
{
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < PHILOX_ROUNDS; round++) {
    uint64_t left = UINT64_C(0xD2511F53) * c0, right = UINT64_C(0xCD9E8D57) * c2;
    c0 = (uint32_t)(right >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)right;
    c2 = (uint32_t)(left >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)left;
    k0 += UINT32_C(0x9E3779B9); /* the golden ratio, and the square root of 3 less 1 */
    k1 += UINT32_C(0xBB67AE85);
  }
  output[0] = c0;
  output[1] = c1;
  output[2] = c2;
  output[3] = c3;
}

uint64_t random_hash(const char *text)
{
  uint64_t hash = UINT64_C(0xCBF29CE484222325);
  for (; *text; text++)
    hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
  return hash;
}

static void draw_block(int64_t seed, const char *name, uint64_t index, uint32_t block[4])
{
  uint64_t hash = random_hash(name);
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)((uint64_t)seed >> 32)};
  uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)hash,
                         (uint32_t)(hash >> 32)};
  random_philox(counter, key, block);
}

/* 53 bits of a block as a fraction: exact in a double. */
static double fraction(const uint32_t block[4])
{
  uint64_t bits = ((uint64_t)block[1] << 32 | block[0]) >> 11;
  return (double)bits * 0x1p-53;
}

double random_uniform(int64_t seed, const char *name, uint64_t index)
{
  uint32_t block[4];
  draw_block(seed, name, index, block);
  return fraction(block);
}

double random_normal(int64_t seed, const char *name, uint64_t index)
{
  uint32_t block[4];
  draw_block(seed, name, index, block);
  /* 1 - u is in (0, 1], so its logarithm is finite. The sine from the same block is discarded,
     so that each index owns its block. */
  double radius = sqrt(-2.0 * elementary_log(1.0 - fraction(block)));
  return radius * elementary_cos_turns(block[2], 1LL << 32);
}

int64_t random_seed(int64_t seed, const char *name, uint64_t index)
{
  uint32_t block[4];
  draw_block(seed, name, index, block);
  return (int64_t)((uint64_t)block[1] << 32 | block[0]);
}

/* ---- CPython's ---- */

enum { TWISTER_SHIFT = 397 };

static void seed_with_word(uint32_t state[TWISTER_WORDS], uint32_t word)
{
  state[0] = word;
  for (uint32_t i = 1; i < TWISTER_WORDS; i++)
    state[i] = UINT32_C(1812433253) * (state[i - 1] ^ state[i - 1] >> 30) + i;
}

/* init_by_array of the reference: both passes walk the state cyclically; on wrap-around word 0
   takes the value of the last word. */
static void seed_with_words(uint32_t state[TWISTER_WORDS], const uint32_t *words, uint32_t n)
{
  seed_with_word(state, UINT32_C(19650218));
  uint32_t i = 1;
  for (uint32_t k = 0, j = 0; k < TWISTER_WORDS; k++, j = (j + 1) % n) {
    uint32_t previous = state[i - 1];
    state[i] = (state[i] ^ (previous ^ previous >> 30) * UINT32_C(1664525)) + words[j] + j;
    if (++i < TWISTER_WORDS) continue;
    state[0] = state[TWISTER_WORDS - 1];
    i = 1;
  }
  for (uint32_t k = 1; k < TWISTER_WORDS; k++) {
    uint32_t previous = state[i - 1];
    state[i] = (state[i] ^ (previous ^ previous >> 30) * UINT32_C(1566083941)) - i;
    if (++i < TWISTER_WORDS) continue;
    state[0] = state[TWISTER_WORDS - 1];
    i = 1;
  }
  state[0] = UINT32_C(0x80000000);
}

void twister_seed(struct Twister *twister, int64_t seed)
{
  /* CPython takes the magnitude; unsigned, so that of INT64_MIN fits too */
  uint64_t magnitude = seed < 0 ? 0 - (uint64_t)seed : (uint64_t)seed;
  uint32_t words[2] = {(uint32_t)magnitude, (uint32_t)(magnitude >> 32)};
  seed_with_words(twister->state, words, words[1] ? 2 : 1);
  twister->next = TWISTER_WORDS;
}

static void twist(uint32_t state[TWISTER_WORDS])
{
  for (int i = 0; i < TWISTER_WORDS; i++) {
    uint32_t joined =
        (state[i] & UINT32_C(0x80000000)) | (state[(i + 1) % TWISTER_WORDS] & UINT32_C(0x7FFFFFFF));
    uint32_t matrix = joined & 1 ? UINT32_C(0x9908B0DF) : 0;
    state[i] = state[(i + TWISTER_SHIFT) % TWISTER_WORDS] ^ joined >> 1 ^ matrix;
  }
}

uint32_t twister_next(struct Twister *twister)
{
  if (twister->next == TWISTER_WORDS) {
    twist(twister->state);
    twister->next = 0;
  }
  uint32_t word = twister->state[twister->next++];
  word ^= word >> 11;
  word ^= word << 7 & UINT32_C(0x9D2C5680);
  word ^= word << 15 & UINT32_C(0xEFC60000);
  return word ^ word >> 18;
}

uint64_t twister_bits(struct Twister *twister, int n_bits)
{
  if (n_bits <= 32) return twister_next(twister) >> (32 - n_bits);
  uint64_t low = twister_next(twister);
  return (uint64_t)(twister_next(twister) >> (64 - n_bits)) << 32 | low;
}

uint64_t twister_below(struct Twister *twister, uint64_t n)
{
  int n_bits = 0;
  while (n_bits < 64 && n >> n_bits)
    n_bits++;
  uint64_t drawn;
  do
    drawn = twister_bits(twister, n_bits);
  while (drawn >= n);
  return drawn;
}

/* ---- NumPy's ---- */

/* init_genrand of the authors of the Mersenne Twister. */
void twister_seed_numpy(struct Twister *twister, uint32_t seed)
{
  for (uint32_t i = 0; i < TWISTER_WORDS; i++) {
    twister->state[i] = seed;
    seed = 1812433253u * (seed ^ seed >> 30) + i + 1;
  }
  twister->next = TWISTER_WORDS;
}

uint32_t twister_up_to(struct Twister *twister, uint32_t most)
{
  uint32_t mask = most, drawn;
  for (int shift = 1; shift < 32; shift *= 2)
    mask |= mask >> shift;
  do
    drawn = twister_next(twister) & mask;
  while (drawn > most);
  return drawn;
}
