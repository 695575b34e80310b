/*
 * Two kinds of random numbers.
 *
 * Counter-based: each number is a pure function of (seed, name, index), independent of order and
 * threads, and adding a tensor changes no other one. The generator is Philox4x32-10 (Salmon et al.,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011), one block per number: the seed is the
 * key; the index and a hash of the name (64-bit FNV-1a) fill the two halves of the counter.
 *
 * Mersenne Twister (MT19937; Matsumoto and Nishimura 1998), seeded and read as in CPython's
 * `random` module, or in NumPy's, to reproduce the splits of Python programs.
 */
#ifndef NETWORK_RANDOM_H
#define NETWORK_RANDOM_H

#include <stdint.h>

/* ---- counter-based ---- */

/* The Philox bijection: 128-bit counter to 128-bit output under a 64-bit key. */
void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t output[4]);

/* The 64-bit FNV-1a hash of a string. */
uint64_t random_hash(const char *text);

/* Uniform in [0, 1), a multiple of 2^-53. */
double random_uniform(int64_t seed, const char *name, uint64_t index);

/* N(0, 1), by the Box-Muller transform in double precision; at most 8.6 in magnitude. */
double random_normal(int64_t seed, const char *name, uint64_t index);

/* A seed for the numbers that belong to an index: 64 bits. */
int64_t random_seed(int64_t seed, const char *name, uint64_t index);

/* ---- CPython's ---- */

enum { TWISTER_WORDS = 624 };

struct Twister {
  uint32_t state[TWISTER_WORDS];
  int next; /* the next state word to read */
};

/* The state after random.seed(seed). */
void twister_seed(struct Twister *twister, int64_t seed);

/* The next 32 bits. */
uint32_t twister_next(struct Twister *twister);

/* random.getrandbits(n_bits), for 1 to 64 bits. */
uint64_t twister_bits(struct Twister *twister, int n_bits);

/* random._randbelow(n): uniform in 0 .. n-1, for n > 0. */
uint64_t twister_below(struct Twister *twister, uint64_t n);

/* ---- NumPy's ---- */

/* The state after numpy.random.seed(seed). */
void twister_seed_numpy(struct Twister *twister, uint32_t seed);

/* The next number up to `most` as numpy.random.shuffle draws it: bits are drawn until they fit. */
uint32_t twister_up_to(struct Twister *twister, uint32_t most);

#endif
