/*
 * Sixteen floats at a time, for kernels that are compiled once for AVX-512 and once without: there
 * a Wide is one register, here two. Every operation is lane by lane but wide_sum, whose order is
 * fixed, so that no result depends on which of the two ran.
 */
#ifndef MODEL_WIDE_H
#define MODEL_WIDE_H

#include "model/vector.h"

enum { WIDE_LANES = 2 * LANES };

#ifdef __AVX512F__

typedef struct {
  __m512 lanes;
} Wide;

static inline Wide wide_load(const float *from)
{
  return (Wide){_mm512_loadu_ps(from)};
}

static inline void wide_store(float *to, Wide w)
{
  _mm512_storeu_ps(to, w.lanes);
}

static inline Wide wide_fill(float x)
{
  return (Wide){_mm512_set1_ps(x)};
}

static inline Wide wide_add(Wide a, Wide b)
{
  return (Wide){_mm512_add_ps(a.lanes, b.lanes)};
}

/* a b + c with one rounding */
static inline Wide wide_fma(Wide a, Wide b, Wide c)
{
  return (Wide){_mm512_fmadd_ps(a.lanes, b.lanes, c.lanes)};
}

/* lanes 0 to 7 (i = 0) or 8 to 15 (i = 1) */
static inline Vector wide_half(Wide w, int i)
{
  __m512d lanes = _mm512_castps_pd(w.lanes);
  return (Vector)(i == 0 ? _mm512_castpd512_pd256(lanes) : _mm512_extractf64x4_pd(lanes, 1));
}

#else

typedef struct {
  Vector half[2];
} Wide;

static inline Wide wide_load(const float *from)
{
  return (Wide){{vector_load(from), vector_load(from + LANES)}};
}

static inline void wide_store(float *to, Wide w)
{
  vector_store(to, w.half[0]);
  vector_store(to + LANES, w.half[1]);
}

static inline Wide wide_fill(float x)
{
  return (Wide){{vector_fill(x), vector_fill(x)}};
}

static inline Wide wide_add(Wide a, Wide b)
{
  return (Wide){{a.half[0] + b.half[0], a.half[1] + b.half[1]}};
}

static inline Wide wide_fma(Wide a, Wide b, Wide c)
{
  return (Wide){
      {vector_fma(a.half[0], b.half[0], c.half[0]), vector_fma(a.half[1], b.half[1], c.half[1])}};
}

static inline Vector wide_half(Wide w, int i)
{
  return w.half[i];
}

#endif

/* The sum of the lanes: of lanes eight apart first, then as a vector's. */
static inline float wide_sum(Wide w)
{
  return vector_sum(wide_half(w, 0) + wide_half(w, 1));
}

#endif
