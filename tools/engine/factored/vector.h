/*
 * Vectors of eight floats, as a GNU C vector type (GCC and Clang). It fixes the lane of each term
 * and so the order of every sum, which a compiler is free to choose when it vectorises a plain
 * loop. Row widths are padded to whole vectors throughout the model.
 */
#ifndef ENGINE_FACTORED_VECTOR_H
#define ENGINE_FACTORED_VECTOR_H

#include "network/flush.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __AVX__
#include <immintrin.h>
#endif

enum { LANES = 8 };

/* For functions whose arguments must become compile-time constants at the call site. */
#define INLINED static inline __attribute__((always_inline))

/* A loop whose few turns are known once it is inlined: unrolled whole, so that the arrays it
   indexes become registers. */
#define UNROLLED_FOR(i, n) _Pragma("GCC unroll 16") for (size_t i = 0; i < (n); i++)

typedef float Vector __attribute__((vector_size(4 * LANES)));
typedef int32_t IntegerVector __attribute__((vector_size(4 * LANES)));

/* n rounded up to a whole cache line: two Vectors, or one Wide (engine/factored/wide.h) */
static inline size_t vector_pad(size_t n)
{
  const size_t line = 2 * LANES;
  return (n + line - 1) / line * line;
}

/* The same address, computed before it is used: as a base and an index, which compilers prefer,
   it would make two operations of each multiply-add from memory on Intel's processors. */
static inline const float *in_register(const float *address)
{
  __asm__("" : "+r"(address));
  return address;
}

static inline Vector vector_load(const float *from)
{
  Vector v;
  memcpy(&v, from, sizeof v);
  return v;
}

static inline void vector_store(float *to, Vector v)
{
  memcpy(to, &v, sizeof v);
}

static inline Vector vector_fill(float x)
{
  return (Vector){x, x, x, x, x, x, x, x};
}

/* a b + c with one rounding */
static inline Vector vector_fma(Vector a, Vector b, Vector c)
{
#ifdef __FMA__
  return (Vector)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  for (int i = 0; i < LANES; i++)
    c[i] = fmaf(a[i], b[i], c[i]);
  return c;
#endif
}

/* mask ? a : b per lane, for a comparison mask (0 or -1 in each lane) */
static inline Vector vector_select(IntegerVector mask, Vector a, Vector b)
{
#ifdef __AVX__
  return (Vector)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
#else
  return (Vector)((mask & (IntegerVector)a) | (~mask & (IntegerVector)b));
#endif
}

/* bit i: whether lane i is not 0 */
static inline uint32_t vector_nonzero(Vector v)
{
  IntegerVector nonzero = v != (Vector){0};
#ifdef __AVX__
  return (uint32_t)_mm256_movemask_ps((__m256)nonzero);
#else
  uint32_t places = 0;
  for (int i = 0; i < LANES; i++)
    places |= (uint32_t)(nonzero[i] & 1 << i);
  return places;
#endif
}

/* a > b ? a : b */
static inline Vector vector_max(Vector a, Vector b)
{
#ifdef __AVX__
  return (Vector)_mm256_max_ps((__m256)a, (__m256)b);
#else
  return vector_select(a > b, a, b);
#endif
}

static inline Vector vector_abs(Vector v)
{
  const IntegerVector magnitude = {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX,
                                   INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX};
  return (Vector)((IntegerVector)v & magnitude);
}

/* flush() per lane (network/flush.h) */
static inline Vector vector_flush(Vector v)
{
  return vector_select(vector_abs(v) < vector_fill(SMALLEST), vector_fill(0.0f), v);
}

/* max(v, 0), flushed; NaNs are kept */
static inline Vector vector_rectify(Vector v)
{
  return vector_select(v < vector_fill(SMALLEST), vector_fill(0.0f), v);
}

/* The lanes rotated left by `distance`. */
#define VECTOR_ROTATE(v, distance)                                                                 \
  __builtin_shufflevector(v, v, (0 + distance) % 8, (1 + distance) % 8, (2 + distance) % 8,        \
                          (3 + distance) % 8, (4 + distance) % 8, (5 + distance) % 8,              \
                          (6 + distance) % 8, (7 + distance) % 8)

/* The sum of the lanes as a balanced tree: lanes four apart, then two, then one. */
static inline float vector_sum(Vector v)
{
  v += VECTOR_ROTATE(v, 4);
  v += VECTOR_ROTATE(v, 2);
  return v[0] + v[1];
}

static inline float vector_largest(Vector v)
{
  v = vector_max(v, VECTOR_ROTATE(v, 4));
  v = vector_max(v, VECTOR_ROTATE(v, 2));
  return v[0] > v[1] ? v[0] : v[1];
}

/* Four floats from each of two addresses. */
static inline Vector vector_load_quads(const float *low, const float *high)
{
#ifdef __AVX__
  return (Vector)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high),
                                      1);
#else
  return (Vector){low[0], low[1], low[2], low[3], high[0], high[1], high[2], high[3]};
#endif
}

/* Transposes the two 4 x 4 blocks (low and high quads): lane j of v[i] and lane i of v[j] swap
   within each. Interleaves lanes, then pairs of lanes: one instruction per vector. */
static inline void vectors_transpose_quads(Vector v[4])
{
  Vector low01 = __builtin_shufflevector(v[0], v[1], 0, 8, 1, 9, 4, 12, 5, 13);
  Vector low23 = __builtin_shufflevector(v[2], v[3], 0, 8, 1, 9, 4, 12, 5, 13);
  Vector high01 = __builtin_shufflevector(v[0], v[1], 2, 10, 3, 11, 6, 14, 7, 15);
  Vector high23 = __builtin_shufflevector(v[2], v[3], 2, 10, 3, 11, 6, 14, 7, 15);
  v[0] = __builtin_shufflevector(low01, low23, 0, 1, 8, 9, 4, 5, 12, 13);
  v[1] = __builtin_shufflevector(low01, low23, 2, 3, 10, 11, 6, 7, 14, 15);
  v[2] = __builtin_shufflevector(high01, high23, 0, 1, 8, 9, 4, 5, 12, 13);
  v[3] = __builtin_shufflevector(high01, high23, 2, 3, 10, 11, 6, 7, 14, 15);
}

/*
 * Defines name(x) = exp(x) for a vector type and its mask type, accurate to about 1 ulp for x <=
 * 88; 0 below -80 (and for -inf). Nonzero results are at least 2^-116, so that a quotient still
 * stays above the subnormals. Degree-7 Taylor polynomial on |r| <= ln 2 / 2, remainder 5e-9. Adding
 * `shift` rounds to an integer, held in the low bits.
 */
#define DEFINE_EXP(name, Float, Integer, Mask, fill, fma, below, select)                           \
  static inline Float name(Float x)                                                                \
  {                                                                                                \
    const Float shift = fill(0x1.8p23f);                                                           \
    Mask vanishes = below(x, fill(-80.0f));                                                        \
    x = select(vanishes, fill(-80.0f), x);                                                         \
    Float shifted = fma(x, fill(0x1.715476p0f), shift);                                            \
    Float n = shifted - shift;                                                                     \
    Float r = fma(n, fill(-0x1.62e400p-1f), x);                                                    \
    r = fma(n, fill(-0x1.7f7d1cp-20f), r);                                                         \
    Float sum = fill(1.0f / 5040);                                                                 \
    sum = fma(sum, r, fill(1.0f / 720));                                                           \
    sum = fma(sum, r, fill(1.0f / 120));                                                           \
    sum = fma(sum, r, fill(1.0f / 24));                                                            \
    sum = fma(sum, r, fill(1.0f / 6));                                                             \
    sum = fma(sum, r, fill(0.5f));                                                                 \
    sum = fma(sum, r, fill(1.0f));                                                                 \
    sum = fma(sum, r, fill(1.0f));                                                                 \
    Integer exponent = (Integer)shifted << 23;                                                     \
    return select(vanishes, fill(0.0f), (Float)((Integer)sum + exponent));                         \
  }

static inline IntegerVector vector_below(Vector a, Vector b)
{
  return a < b;
}

DEFINE_EXP(vector_exp, Vector, IntegerVector, IntegerVector, vector_fill, vector_fma, vector_below,
           vector_select)

#endif
