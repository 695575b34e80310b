/*
 * The loops of measures/removal.h, for the vector width of the including file (removal_256.c,
 * removal_512.c), which defines REMOVAL_KERNEL, the name of their struct; hence no include guard.
 *
 * A lane is a way of removing something. All lanes share a pair, so that a logit is read once for
 * all of them and no sum runs across lanes: the sum of the terms that loss_add forms lane by lane
 * of its vectors (engine/factored/loss_kernels.h) is here one of eight vectors, added up in the
 * same tree.
 */
#include "base/elementary.h"
#include "base/linear.h"
#include "engine/factored/wide.h"
#include "measures/removal.h"

_Static_assert((int)REMOVAL_LANES == (int)WIDE_LANES, "a Wide has a lane for each way");

/* All functions of wide vectors are inlined, so that none has an ABI that could change. */
#pragma GCC diagnostic ignored "-Wpsabi"

/* ---- the terms of a pair ---- */

/* (float)(logit - removed) of eight lanes */
INLINED Vector change(double logit, const double *removed)
{
  typedef double Eight __attribute__((vector_size(8 * LANES)));
  Eight from;
  memcpy(&from, removed, sizeof from);
  return __builtin_convertvector(logit - from, Vector);
}

/* changed[c][lane] for c = first .. end - 1, and the largest of each lane. */
INLINED void change_logits(const double *logits, const double *removed, size_t first, size_t end,
                           float *changed, Vector largest[2])
{
  largest[0] = largest[1] = vector_fill(-INFINITY);
  for (size_t c = first; c < end; c++)
    UNROLLED_FOR (half, 2) {
      size_t at = c * REMOVAL_LANES + half * LANES;
      Vector logit = change(logits[c], removed + at);
      vector_store(changed + at, logit);
      largest[half] = vector_max(largest[half], logit);
    }
}

/* sums[i] += exp((l_c - l_y) - shift) for row c = i of `changed`, i < n <= LANES. */
INLINED void add_terms_of_rows(const float *changed, size_t n, Wide answer_logit, Wide shift,
                               Wide sums[LANES])
{
  UNROLLED_FOR (i, LANES) {
    if (i >= n) continue;
    Wide logit = wide_load(changed + i * REMOVAL_LANES);
    Wide term = wide_exp(wide_subtract(wide_subtract(logit, answer_logit), shift));
    sums[i] = wide_add(sums[i], term);
  }
}

INLINED Wide sum_terms(const float *changed, size_t p, Wide answer_logit, Wide shift)
{
  Wide sums[LANES];
  size_t whole = p / LANES * LANES;
  UNROLLED_FOR (i, LANES)
    sums[i] = wide_fill(0.0f);
  for (size_t c = 0; c < whole; c += LANES)
    add_terms_of_rows(changed + c * REMOVAL_LANES, LANES, answer_logit, shift, sums);
  add_terms_of_rows(changed + whole * REMOVAL_LANES, p - whole, answer_logit, shift, sums);
  UNROLLED_FOR (i, 4) /* as vector_sum */
    sums[i] = wide_add(sums[i], sums[i + 4]);
  return wide_add(wide_add(sums[0], sums[2]), wide_add(sums[1], sums[3]));
}

/* What is left of the terms of a pair. */
struct Terms {
  float shift[REMOVAL_LANES], others[REMOVAL_LANES]; /* as in loss_kernels.h */
};

static void sum_pair(const struct RemovalTask *task, const float *logits, struct Terms *terms,
                     int32_t *correct)
{
  size_t answer = task->answer;
  float *changed = task->changed, answer_logits[REMOVAL_LANES];
  Vector before[2], after[2], here[2];
  linear_widen(task->p, logits, task->logits);
  change_logits(task->logits, task->removed, 0, answer, changed, before);
  change_logits(task->logits, task->removed, answer, answer + 1, changed, here);
  change_logits(task->logits, task->removed, answer + 1, task->p, changed, after);
  UNROLLED_FOR (half, 2) {
    /* The argmax is the first of equal logits; there are none before answer 0. */
    IntegerVector right = after[half] <= here[half];
    if (answer > 0) right &= before[half] < here[half];
    memcpy(correct + half * LANES, &right, sizeof right);
    Vector largest = vector_max(before[half], after[half]);
    vector_store(terms->shift + half * LANES,
                 vector_select(largest > here[half], largest - here[half], vector_fill(0.0f)));
    vector_store(answer_logits + half * LANES, here[half]);
    vector_store(changed + answer * REMOVAL_LANES + half * LANES, vector_fill(-INFINITY));
  }
  wide_store(terms->others,
             sum_terms(changed, task->p, wide_load(answer_logits), wide_load(terms->shift)));
}

/* ---- losses ---- */

/* A register of doubles. */
#ifdef __AVX512F__
enum { DOUBLES = 8 };
#else
enum { DOUBLES = 4 };
#endif
typedef double Doubles __attribute__((vector_size(8 * DOUBLES)));
typedef int64_t LongVector __attribute__((vector_size(8 * DOUBLES)));

INLINED Doubles doubles_fill(double x)
{
  return (Doubles){0} + x;
}

/* a b + c with one rounding */
INLINED Doubles doubles_fma(Doubles a, Doubles b, Doubles c)
{
#ifdef __AVX512F__
  return (Doubles)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined __FMA__
  return (Doubles)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#else
  for (int i = 0; i < DOUBLES; i++)
    c[i] = fma(a[i], b[i], c[i]);
  return c;
#endif
}

/* mask ? a : b per lane */
INLINED Doubles doubles_select(LongVector mask, Doubles a, Doubles b)
{
  return (Doubles)((mask & (LongVector)a) | (~mask & (LongVector)b));
}

INLINED Doubles widen(const float *from)
{
  typedef float Floats __attribute__((vector_size(4 * DOUBLES)));
  Floats values;
  memcpy(&values, from, sizeof values);
  return __builtin_convertvector(values, Doubles);
}

/* log_of_ratio of base/elementary.c */
INLINED Doubles log_of_ratio(Doubles s)
{
  Doubles square = s * s, sum = doubles_fill(0.0);
  for (int i = 23; i >= 3; i -= 2)
    sum = doubles_fma(sum, square, doubles_fill(1.0 / i));
  return 2.0 * doubles_fma(s * square, sum, s);
}

/* y = (1 + f) 2^exponent, as elementary_log splits it, for finite y >= 1 */
INLINED Doubles split(Doubles y, Doubles *exponent)
{
  const Doubles shift = doubles_fill(0x1.8p52); /* whose low bits hold an integer */
  LongVector bits = (LongVector)y;
  Doubles mantissa = (Doubles)((bits & 0xfffffffffffff) | 0x3fe0000000000000);
  LongVector below = mantissa < 0.70710678118654752;
  LongVector power = (bits >> 52) - 1022 + below;
  *exponent = (Doubles)(power + (LongVector)shift) - shift;
  return doubles_select(below, mantissa * 2.0, mantissa) - 1.0;
}

/* loss_of_sum of loss_kernels.h: log1p(others) where the shift is 0, else shift + log(one +
   others). */
INLINED Doubles losses_of(Doubles shift, Doubles one, Doubles others)
{
  const Doubles high = doubles_fill(ELEMENTARY_LN2_HIGH), low = doubles_fill(ELEMENTARY_LN2_LOW);
  LongVector fitted = shift == 0.0, small = fitted & (others < 0.25);
  Doubles y = doubles_select(fitted, doubles_fill(1.0), one) + others, exponent;
  Doubles f = doubles_select(small, others, split(y, &exponent));
  Doubles of_ratio = log_of_ratio(f / (2.0 + f));
  Doubles log_y = doubles_fma(exponent, high, doubles_fma(exponent, low, of_ratio));
  Doubles rounding = doubles_select(fitted, (others - (y - 1.0)) / y, shift);
  return doubles_select(small, of_ratio, log_y + rounding);
}

/* Where a logit has overflowed. */
static void overflowed_losses(const struct Terms *terms, const float *one, double *losses)
{
  for (int i = 0; i < REMOVAL_LANES; i++) {
    double shift = (double)terms->shift[i], others = (double)terms->others[i];
    losses[i] = terms->shift[i] == 0.0f ? elementary_log1p(others)
                                        : shift + elementary_log((double)one[i] + others);
  }
}

static bool all_finite(const struct Terms *terms)
{
  int strays = 0;
  for (int i = 0; i < REMOVAL_LANES; i++)
    strays |= !(terms->shift[i] < INFINITY) | !(terms->others[i] < INFINITY);
  return !strays;
}

static void find_losses(const struct Terms *terms, double *losses)
{
  float one[REMOVAL_LANES];
  wide_store(one, wide_exp(wide_subtract(wide_fill(-0.0f), wide_load(terms->shift))));
  if (!all_finite(terms)) {
    overflowed_losses(terms, one, losses);
    return;
  }
  for (size_t i = 0; i < REMOVAL_LANES; i += DOUBLES) {
    Doubles loss = losses_of(widen(terms->shift + i), widen(one + i), widen(terms->others + i));
    memcpy(losses + i, &loss, sizeof loss);
  }
}

/* Pairs with the same s lie far apart. */
INLINED void prefetch(const float *logits, size_t n)
{
  for (size_t c = 0; c < n; c += WIDE_LANES)
    __builtin_prefetch(logits + c);
}

static void take(const struct RemovalTask *task, const float *const *logits,
                 struct RemovalLosses *const *losses, size_t n)
{
  enum { BATCH = 32 }; /* stage by stage, so that different pairs overlap */
  struct Terms terms[BATCH];
  for (size_t first = 0; first < n; first += BATCH) {
    size_t end = n - first < BATCH ? n : first + BATCH;
    for (size_t i = first; i < end; i++) {
      if (i + 1 < n) prefetch(logits[i + 1], task->p);
      sum_pair(task, logits[i], &terms[i - first], losses[i]->correct);
    }
    for (size_t i = first; i < end; i++)
      find_losses(&terms[i - first], losses[i]->loss);
  }
}

const struct RemovalKernel REMOVAL_KERNEL = {take};
