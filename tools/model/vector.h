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

/* The sum of the lanes, as a balanced tree. */
static inline float vector_sum(Vector v)
{
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

static inline float vector_largest(Vector v)
{
  float largest = v[0];
  for (int i = 1; i < LANES; i++)
    largest = v[i] > largest ? v[i] : largest;
  return largest;
}

/*
 * exp(x) to about one unit in the last place, for x <= 88; 0 below -87 (so for -inf). Taylor's
 * polynomial of degree 7 on |r| <= ln 2 / 2, where its remainder is 5e-9.
 */
static inline Vector vector_exp(Vector x)
{
  const Vector shift = vector_fill(0x1.8p23f); /* adding it rounds to an integer in the low bits */
  IntegerVector vanishes = x < vector_fill(-87.0f);
  x = vector_select(vanishes, vector_fill(-87.0f), x);
  Vector shifted = vector_fma(x, vector_fill(0x1.715476p0f), shift);
  Vector n = shifted - shift;
  Vector r = vector_fma(n, vector_fill(-0x1.62e400p-1f), x);
  r = vector_fma(n, vector_fill(-0x1.7f7d1cp-20f), r);
  Vector sum = vector_fill(1.0f / 5040);
  sum = vector_fma(sum, r, vector_fill(1.0f / 720));
  sum = vector_fma(sum, r, vector_fill(1.0f / 120));
  sum = vector_fma(sum, r, vector_fill(1.0f / 24));
  sum = vector_fma(sum, r, vector_fill(1.0f / 6));
  sum = vector_fma(sum, r, vector_fill(0.5f));
  sum = vector_fma(sum, r, vector_fill(1.0f));
  sum = vector_fma(sum, r, vector_fill(1.0f));
  IntegerVector exponent = (IntegerVector)shifted << 23;
  Vector power = (Vector)((IntegerVector)sum + exponent);
  return vector_select(vanishes, vector_fill(0.0f), power);
}

#endif
