/*
 * Vectors of sixteen floats, for kernels that are compiled once with AVX-512 and once without: a
 * Wide is one register or two. Every operation is per lane or, like wide_sum, has a fixed order, so
 * both versions give the same bits.
 */
#ifndef ENGINE_FACTORED_WIDE_H
#define ENGINE_FACTORED_WIDE_H

#include "engine/factored/vector.h"

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

/* flush() per lane (network/flush.h) */
static inline Wide wide_flush(Wide w)
{
  __mmask16 kept =
      _mm512_cmp_ps_mask(_mm512_abs_ps(w.lanes), _mm512_set1_ps(SMALLEST), _CMP_NLT_UQ);
  return (Wide){_mm512_maskz_mov_ps(kept, w.lanes)};
}

/* max(w, 0), flushed; NaNs are kept */
static inline Wide wide_rectify(Wide w)
{
  __mmask16 kept = _mm512_cmp_ps_mask(w.lanes, _mm512_set1_ps(SMALLEST), _CMP_NLT_UQ);
  return (Wide){_mm512_maskz_mov_ps(kept, w.lanes)};
}

/* Lanes 4 i .. 4 i + 3 are the first four floats of row 4 i; row stride `row`. */
static inline Wide wide_load_quads(const float *from, size_t row)
{
  __m512 lanes = _mm512_castps128_ps512(_mm_loadu_ps(from));
  lanes = _mm512_insertf32x4(lanes, _mm_loadu_ps(from + 4 * row), 1);
  lanes = _mm512_insertf32x4(lanes, _mm_loadu_ps(from + 8 * row), 2);
  return (Wide){_mm512_insertf32x4(lanes, _mm_loadu_ps(from + 12 * row), 3)};
}

/* Transposes each 4 x 4 block of quads: lane j of w[i] and lane i of w[j] swap. */
static inline void wides_transpose_quads(Wide w[4])
{
  __m512d low01 = _mm512_castps_pd(_mm512_unpacklo_ps(w[0].lanes, w[1].lanes));
  __m512d low23 = _mm512_castps_pd(_mm512_unpacklo_ps(w[2].lanes, w[3].lanes));
  __m512d high01 = _mm512_castps_pd(_mm512_unpackhi_ps(w[0].lanes, w[1].lanes));
  __m512d high23 = _mm512_castps_pd(_mm512_unpackhi_ps(w[2].lanes, w[3].lanes));
  w[0].lanes = _mm512_castpd_ps(_mm512_unpacklo_pd(low01, low23));
  w[1].lanes = _mm512_castpd_ps(_mm512_unpackhi_pd(low01, low23));
  w[2].lanes = _mm512_castpd_ps(_mm512_unpacklo_pd(high01, high23));
  w[3].lanes = _mm512_castpd_ps(_mm512_unpackhi_pd(high01, high23));
}

/* gate > 0 ? w : 0 */
static inline Wide wide_where_positive(Wide gate, Wide w)
{
  __mmask16 kept = _mm512_cmp_ps_mask(gate.lanes, _mm512_setzero_ps(), _CMP_GT_OQ);
  return (Wide){_mm512_maskz_mov_ps(kept, w.lanes)};
}

/* bit i: whether lane i is not 0 */
static inline uint32_t wide_nonzero(Wide w)
{
  return _mm512_cmp_ps_mask(w.lanes, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}

/* `found` with `bit` set, in its lanes as integers, where w is not 0 */
static inline Wide wide_set_bit(Wide found, Wide w, uint32_t bit)
{
  __mmask16 nonzero = _mm512_cmp_ps_mask(w.lanes, _mm512_setzero_ps(), _CMP_NEQ_UQ);
  __m512i lanes = _mm512_castps_si512(found.lanes);
  lanes = _mm512_mask_or_epi32(lanes, nonzero, lanes, _mm512_set1_epi32((int32_t)bit));
  return (Wide){_mm512_castsi512_ps(lanes)};
}

/* Sets one lane to x; no effect if `lane` is outside 0 .. 15. */
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

static inline __mmask16 below16(Floats16 a, Floats16 b)
{
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
}

static inline Floats16 select16(__mmask16 mask, Floats16 a, Floats16 b)
{
  return (Floats16)_mm512_mask_blend_ps(mask, (__m512)b, (__m512)a);
}

DEFINE_EXP(exp16, Floats16, Integers16, __mmask16, fill16, fma16, below16, select16)

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

#elif defined __ARM_NEON

#include <arm_neon.h>

enum { QUADS = 4 };

typedef struct {
  float32x4_t quad[QUADS];
} Wide;

/* All quads of a Wide, by an expression in q. */
#define QUADS_OF(expression)                                                                       \
  Wide result;                                                                                     \
  UNROLLED_FOR (q, QUADS)                                                                          \
    result.quad[q] = (expression);                                                                 \
  return result

static inline Wide wide_load(const float *from)
{
  QUADS_OF(vld1q_f32(from + 4 * q));
}

static inline void wide_store(float *to, Wide w)
{
  UNROLLED_FOR (q, QUADS)
    vst1q_f32(to + 4 * q, w.quad[q]);
}

static inline Wide wide_fill(float x)
{
  QUADS_OF(vdupq_n_f32(x));
}

static inline Wide wide_add(Wide a, Wide b)
{
  QUADS_OF(vaddq_f32(a.quad[q], b.quad[q]));
}

static inline Wide wide_subtract(Wide a, Wide b)
{
  QUADS_OF(vsubq_f32(a.quad[q], b.quad[q]));
}

static inline float32x4_t quad_max(float32x4_t a, float32x4_t b)
{
  return vbslq_f32(vcgtq_f32(a, b), a, b);
}

static inline Wide wide_max(Wide a, Wide b)
{
  QUADS_OF(quad_max(a.quad[q], b.quad[q]));
}

static inline Wide wide_fma(Wide a, Wide b, Wide c)
{
  QUADS_OF(vfmaq_f32(c.quad[q], a.quad[q], b.quad[q]));
}

/* x, but 0 where the mask is set */
static inline float32x4_t quad_without(float32x4_t x, uint32x4_t mask)
{
  return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), mask));
}

static inline Wide wide_flush(Wide w)
{
  const float32x4_t smallest = vdupq_n_f32(SMALLEST);
  QUADS_OF(quad_without(w.quad[q], vcltq_f32(vabsq_f32(w.quad[q]), smallest)));
}

static inline Wide wide_rectify(Wide w)
{
  const float32x4_t smallest = vdupq_n_f32(SMALLEST);
  QUADS_OF(quad_without(w.quad[q], vcltq_f32(w.quad[q], smallest)));
}

static inline Wide wide_load_quads(const float *from, size_t row)
{
  QUADS_OF(vld1q_f32(from + 4 * q * row));
}

static inline void wides_transpose_quads(Wide w[4])
{
  UNROLLED_FOR (q, QUADS) {
    const float32x4x2_t low = vtrnq_f32(w[0].quad[q], w[1].quad[q]);
    const float32x4x2_t high = vtrnq_f32(w[2].quad[q], w[3].quad[q]);
    w[0].quad[q] = vcombine_f32(vget_low_f32(low.val[0]), vget_low_f32(high.val[0]));
    w[1].quad[q] = vcombine_f32(vget_low_f32(low.val[1]), vget_low_f32(high.val[1]));
    w[2].quad[q] = vcombine_f32(vget_high_f32(low.val[0]), vget_high_f32(high.val[0]));
    w[3].quad[q] = vcombine_f32(vget_high_f32(low.val[1]), vget_high_f32(high.val[1]));
  }
}

static inline Wide wide_where_positive(Wide gate, Wide w)
{
  QUADS_OF(quad_without(w.quad[q], vmvnq_u32(vcgtzq_f32(gate.quad[q]))));
}

/* bit i: whether lane i is not 0 */
static inline uint32_t wide_nonzero(Wide w)
{
  const uint32x4_t bits = {1, 2, 4, 8};
  uint32_t places = 0;
  UNROLLED_FOR (q, QUADS)
    places |= vaddvq_u32(vbicq_u32(bits, vceqzq_f32(w.quad[q]))) << 4 * q;
  return places;
}

static inline float32x4_t quad_set_bit(float32x4_t found, float32x4_t w, uint32_t bit)
{
  uint32x4_t set = vbicq_u32(vdupq_n_u32(bit), vceqq_f32(w, vdupq_n_f32(0.0f)));
  return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(found), set));
}

static inline Wide wide_set_bit(Wide found, Wide w, uint32_t bit)
{
  QUADS_OF(quad_set_bit(found.quad[q], w.quad[q], bit));
}

static inline Wide wide_replace(Wide w, int lane, float x)
{
  const int32x4_t lanes = {0, 1, 2, 3};
  QUADS_OF(vbslq_f32(vceqq_s32(lanes, vdupq_n_s32(lane - 4 * (int)q)), vdupq_n_f32(x), w.quad[q]));
}

static inline float32x4_t fma4(float32x4_t a, float32x4_t b, float32x4_t c)
{
  return vfmaq_f32(c, a, b);
}

DEFINE_EXP(exp4, float32x4_t, int32x4_t, uint32x4_t, vdupq_n_f32, fma4, vcltq_f32, vbslq_f32)

static inline Wide wide_exp(Wide w)
{
  QUADS_OF(exp4(w.quad[q]));
}

static inline Vector wide_half(Wide w, int i)
{
  Vector half;
  memcpy(&half, &w.quad[2 * i], sizeof half);
  return half;
}

#undef QUADS_OF

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

static inline Wide wide_flush(Wide w)
{
  return (Wide){{vector_flush(w.half[0]), vector_flush(w.half[1])}};
}

static inline Wide wide_rectify(Wide w)
{
  return (Wide){{vector_rectify(w.half[0]), vector_rectify(w.half[1])}};
}

static inline Wide wide_load_quads(const float *from, size_t row)
{
  return (Wide){{vector_load_quads(from, from + 4 * row),
                 vector_load_quads(from + 8 * row, from + 12 * row)}};
}

static inline void wides_transpose_quads(Wide w[4])
{
  for (size_t i = 0; i < 2; i++) {
    Vector quads[4] = {w[0].half[i], w[1].half[i], w[2].half[i], w[3].half[i]};
    vectors_transpose_quads(quads);
    for (size_t j = 0; j < 4; j++)
      w[j].half[i] = quads[j];
  }
}

static inline Wide wide_where_positive(Wide gate, Wide w)
{
  const Vector zero = vector_fill(0.0f);
  return (Wide){{vector_select(gate.half[0] > zero, w.half[0], zero),
                 vector_select(gate.half[1] > zero, w.half[1], zero)}};
}

static inline uint32_t wide_nonzero(Wide w)
{
  return vector_nonzero(w.half[0]) | vector_nonzero(w.half[1]) << LANES;
}

static inline Wide wide_set_bit(Wide found, Wide w, uint32_t bit)
{
  for (size_t i = 0; i < 2; i++)
    found.half[i] =
        (Vector)((IntegerVector)found.half[i] | ((w.half[i] != (Vector){0}) & (int32_t)bit));
  return found;
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

/* The sum of the lanes: first lanes eight apart, then as vector_sum. */
static inline float wide_sum(Wide w)
{
#ifdef __ARM_NEON
  const float32x4_t eight = vaddq_f32(w.quad[0], w.quad[2]), last = vaddq_f32(w.quad[1], w.quad[3]);
  const float32x4_t four = vaddq_f32(eight, last);
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
#else
  return vector_sum(wide_half(w, 0) + wide_half(w, 1));
#endif
}

static inline float wide_largest(Wide w)
{
#ifdef __ARM_NEON
  const float32x4_t eight = quad_max(w.quad[0], w.quad[2]), last = quad_max(w.quad[1], w.quad[3]);
  const float32x4_t four = quad_max(eight, last);
  const float32x4_t two = quad_max(four, vextq_f32(four, four, 2));
  const float a = vgetq_lane_f32(two, 0), b = vgetq_lane_f32(two, 1);
  return a > b ? a : b;
#else
  return vector_largest(vector_max(wide_half(w, 0), wide_half(w, 1)));
#endif
}

/* Load n < 16 floats, the other lanes x; store the first n lanes. */
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
