/*
 * Eight floats at a time. The vector type is GNU C's, which GCC and Clang share: it fixes which
 * lane a term goes to, and so the order of every sum, where a compiler that vectorises a plain
 * loop is free to choose. Widths of rows are padded to whole vectors throughout the model.
 */
#ifndef MODEL_VECTOR_H
#define MODEL_VECTOR_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __FMA__
#include <immintrin.h>
#endif

enum { LANES = 8 };

typedef float Vector __attribute__((vector_size(4 * LANES)));
typedef int32_t IntegerVector __attribute__((vector_size(4 * LANES)));

/* n rounded up to whole lines of the cache: two vectors, or one of model/wide.h */
static inline size_t vector_pad(size_t n)
{
  const size_t line = 2 * LANES;
  return (n + line - 1) / line * line;
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

/* mask ? a : b, lane by lane, for a mask of 0 and -1 as comparisons give it */
static inline Vector vector_select(IntegerVector mask, Vector a, Vector b)
{
  return (Vector)((mask & (IntegerVector)a) | (~mask & (IntegerVector)b));
}

static inline Vector vector_max(Vector a, Vector b)
{
  return vector_select(a > b, a, b);
}

/* 0 where a lane is below it; a NaN stays one */
static inline Vector vector_rectify(Vector v)
{
  const Vector zero = vector_fill(0.0f);
  return vector_select(v <= zero, zero, v);
}

/* The lanes, those `distance` further on in front. */
#define VECTOR_TURN(v, distance)                                                                   \
  __builtin_shufflevector(v, v, (0 + distance) % 8, (1 + distance) % 8, (2 + distance) % 8,        \
                          (3 + distance) % 8, (4 + distance) % 8, (5 + distance) % 8,              \
                          (6 + distance) % 8, (7 + distance) % 8)

/* The sum of the lanes, as a balanced tree: of lanes four apart, then two, then one. */
static inline float vector_sum(Vector v)
{
  v += VECTOR_TURN(v, 4);
  v += VECTOR_TURN(v, 2);
  return v[0] + v[1];
}

static inline float vector_largest(Vector v)
{
  v = vector_max(v, VECTOR_TURN(v, 4));
  v = vector_max(v, VECTOR_TURN(v, 2));
  return v[0] > v[1] ? v[0] : v[1];
}

/*
 * Defines name(x) = exp(x) for a type of vectors, to about one unit in the last place, for x <= 88;
 * 0 below -87 (so for -inf). Taylor's polynomial of degree 7 on |r| <= ln 2 / 2, where its
 * remainder is 5e-9. Adding `shift` rounds to an integer, in the low bits.
 */
#define DEFINE_EXP(name, Float, Integer, fill, fma, select)                                        \
  static inline Float name(Float x)                                                                \
  {                                                                                                \
    const Float shift = fill(0x1.8p23f);                                                           \
    Integer vanishes = x < fill(-87.0f);                                                           \
    x = select(vanishes, fill(-87.0f), x);                                                         \
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

DEFINE_EXP(vector_exp, Vector, IntegerVector, vector_fill, vector_fma, vector_select)

#endif
