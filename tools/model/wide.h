/*
 * Sixteen floats at a time, for kernels that are compiled once for AVX-512 and once without: there
 * a Wide is one register, here two. Every operation is lane by lane, or has a fixed order
 * as wide_sum does, so that no result depends on which of the two ran.
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

static inline Wide wide_subtract(Wide a, Wide b)
{
  return (Wide){_mm512_sub_ps(a.lanes, b.lanes)};
}

/* a > b ? a : b */
static inline Wide wide_max(Wide a, Wide b)
{
  return (Wide){_mm512_max_ps(a.lanes, b.lanes)};
}

/* a b + c with one rounding */
static inline Wide wide_fma(Wide a, Wide b, Wide c)
{
  return (Wide){_mm512_fmadd_ps(a.lanes, b.lanes, c.lanes)};
}

/* 0 where a lane is below it; a NaN stays one */
static inline Wide wide_rectify(Wide w)
{
  __mmask16 stays = _mm512_cmp_ps_mask(w.lanes, _mm512_setzero_ps(), _CMP_NLE_UQ);
  return (Wide){_mm512_maskz_mov_ps(stays, w.lanes)};
}

/* x in a lane; any other number than 0 to 15 is no lane */
static inline Wide wide_replace(Wide w, int lane, float x)
{
  __mmask16 mask = (__mmask16)(lane >= 0 && lane < WIDE_LANES ? 1 << lane : 0);
  return (Wide){_mm512_mask_mov_ps(w.lanes, mask, _mm512_set1_ps(x))};
}

typedef float Floats16 __attribute__((vector_size(64)));
typedef int32_t Integers16 __attribute__((vector_size(64)));

static inline Floats16 fill16(float x)
{
  return (Floats16)_mm512_set1_ps(x);
}

static inline Floats16 fma16(Floats16 a, Floats16 b, Floats16 c)
{
  return (Floats16)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

static inline Floats16 select16(Integers16 mask, Floats16 a, Floats16 b)
{
  return (Floats16)((mask & (Integers16)a) | (~mask & (Integers16)b));
}

DEFINE_EXP(exp16, Floats16, Integers16, fill16, fma16, select16)

static inline Wide wide_exp(Wide w)
{
  return (Wide){(__m512)exp16((Floats16)w.lanes)};
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

static inline Wide wide_subtract(Wide a, Wide b)
{
  return (Wide){{a.half[0] - b.half[0], a.half[1] - b.half[1]}};
}

static inline Wide wide_max(Wide a, Wide b)
{
  return (Wide){{vector_max(a.half[0], b.half[0]), vector_max(a.half[1], b.half[1])}};
}

static inline Wide wide_fma(Wide a, Wide b, Wide c)
{
  return (Wide){
      {vector_fma(a.half[0], b.half[0], c.half[0]), vector_fma(a.half[1], b.half[1], c.half[1])}};
}

static inline Wide wide_rectify(Wide w)
{
  return (Wide){{vector_rectify(w.half[0]), vector_rectify(w.half[1])}};
}

static inline Wide wide_replace(Wide w, int lane, float x)
{
  const IntegerVector lanes = {0, 1, 2, 3, 4, 5, 6, 7};
  return (Wide){{vector_select(lanes == lane, vector_fill(x), w.half[0]),
                 vector_select(lanes == lane - LANES, vector_fill(x), w.half[1])}};
}

static inline Wide wide_exp(Wide w)
{
  return (Wide){{vector_exp(w.half[0]), vector_exp(w.half[1])}};
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

static inline float wide_largest(Wide w)
{
  return vector_largest(vector_max(wide_half(w, 0), wide_half(w, 1)));
}

/* n < 16 floats and then x, and the first n lanes */
static inline Wide wide_load_front(const float *from, int n, float x)
{
  float lanes[WIDE_LANES];
  wide_store(lanes, wide_fill(x));
  memcpy(lanes, from, (size_t)n * sizeof *lanes);
  return wide_load(lanes);
}

static inline void wide_store_front(float *to, Wide w, int n)
{
  float lanes[WIDE_LANES];
  wide_store(lanes, w);
  memcpy(to, lanes, (size_t)n * sizeof *lanes);
}

#endif
