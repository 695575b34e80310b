#include "engine/factored/attention.h"

#include "engine/factored/vector.h"

/* The functions of the variants treat LANES entries: those at index 0 of each position's row. */

static Vector largest_of(struct AttentionSize size, const float *scores)
{
  Vector largest = vector_load(scores);
  for (size_t k = 1; k < size.positions; k++)
    largest = vector_max(largest, vector_load(scores + k * size.n));
  return largest;
}

static Vector sum_of(struct AttentionSize size, const float *values)
{
  Vector sum = vector_load(values);
  for (size_t k = 1; k < size.positions; k++)
    sum += vector_load(values + k * size.n);
  return sum;
}

static Vector dot(struct AttentionSize size, const float *x, const float *y)
{
  Vector sum = vector_load(x) * vector_load(y);
  for (size_t k = 1; k < size.positions; k++)
    sum = vector_fma(vector_load(x + k * size.n), vector_load(y + k * size.n), sum);
  return sum;
}

/* e[k] = exp(scores[k] - shift) */
static void shifted_exp(struct AttentionSize size, const float *scores, Vector shift, float *e)
{
  for (size_t k = 0; k < size.positions; k++)
    vector_store(e + k * size.n, vector_exp(vector_load(scores + k * size.n) - shift));
}

INLINED void softmax_with(struct AttentionSize size, const float *scores, bool with_zero,
                          float *weights)
{
  const Vector zero = vector_fill(0.0f);
  Vector largest = largest_of(size, scores);
  if (with_zero) largest = vector_max(largest, zero);
  shifted_exp(size, scores, largest, weights);
  Vector sum = sum_of(size, weights);
  if (with_zero) sum += vector_exp(zero - largest);
  for (size_t k = 0; k < size.positions; k++)
    vector_store(weights + k * size.n, vector_flush(vector_load(weights + k * size.n) / sum));
}

static void softmax(struct AttentionSize size, const float *scores, float *weights)
{
  softmax_with(size, scores, false, weights);
}

/* With an extra score of 0 that belongs to no position. */
static void softmax1(struct AttentionSize size, const float *scores, float *weights)
{
  softmax_with(size, scores, true, weights);
}

/* Of both: ds_i = w_i (dw_i - sum_j w_j dw_j). */
static void softmax_backward(struct AttentionSize size, const float *scores, const float *weights,
                             float *d)
{
  (void)scores;
  Vector mean = dot(size, weights, d);
  for (size_t k = 0; k < size.positions * size.n; k += size.n)
    vector_store(d + k,
                 vector_flush(vector_load(weights + k) * vector_flush(vector_load(d + k) - mean)));
}

static void uniform(struct AttentionSize size, const float *scores, float *weights)
{
  (void)scores;
  for (size_t k = 0; k < size.positions; k++)
    vector_store(weights + k * size.n, vector_fill(1.0f / (float)size.positions));
}

static void uniform_backward(struct AttentionSize size, const float *scores, const float *weights,
                             float *d)
{
  (void)scores, (void)weights;
  for (size_t k = 0; k < size.positions; k++)
    vector_store(d + k * size.n, vector_fill(0.0f));
}

static void unnormalised(struct AttentionSize size, const float *scores, float *weights)
{
  shifted_exp(size, scores, largest_of(size, scores), weights);
  Vector sum = sum_of(size, weights);
  for (size_t k = 0; k < size.positions * size.n; k += size.n)
    vector_store(weights + k, vector_flush(vector_load(weights + k) + sum));
}

/* dL/de'_i = dw_i + sum_j dw_j = c_i and ds_i = e'_i c_i; the largest score (the first, if tied)
   also gets minus their sum, as it is subtracted from all scores. */
static void unnormalised_backward(struct AttentionSize size, const float *scores,
                                  const float *weights, float *d)
{
  (void)weights;
  Vector largest = largest_of(size, scores), sum = sum_of(size, d);
  for (size_t k = 0; k < size.positions * size.n; k += size.n) {
    Vector e = vector_flush(vector_exp(vector_load(scores + k) - largest));
    vector_store(d + k, e * (vector_load(d + k) + sum));
  }
  Vector total = sum_of(size, d);
  IntegerVector untaken = largest == largest;
  for (size_t k = 0; k < size.positions * size.n; k += size.n) {
    IntegerVector takes = (vector_load(scores + k) == largest) & untaken;
    untaken &= ~takes;
    Vector taken = vector_select(takes, total, vector_fill(0.0f));
    vector_store(d + k, vector_flush(vector_load(d + k) - taken));
  }
}

/* ---- the variants, as rows of a table ---- */

typedef void Forward(struct AttentionSize size, const float *scores, float *weights);
typedef void Backward(struct AttentionSize size, const float *scores, const float *weights,
                      float *d);

static const struct {
  bool sums_to_one; /* the weights of a head */
  Forward *forward;
  Backward *backward; /* gradients of the weights to those of the scores */
} variants[] = {
    [ATTENTION_SOFTMAX] = {true, softmax, softmax_backward},
    [ATTENTION_SOFTMAX1] = {false, softmax1, softmax_backward},
    [ATTENTION_UNIFORM] = {true, uniform, uniform_backward},
    [ATTENTION_SOFTMAX1_UNNORMALISED] = {false, unnormalised, unnormalised_backward},
};

bool attention_is_known(enum Attention attention)
{
  return (size_t)attention < sizeof variants / sizeof *variants && variants[attention].forward;
}

bool attention_sums_to_one(enum Attention attention)
{
  return variants[attention].sums_to_one;
}

void attention_forward(enum Attention attention, struct AttentionSize size, const float *scores,
                       float *weights)
{
  Forward *forward = variants[attention].forward;
  for (size_t i = 0; i < size.n; i += LANES)
    forward(size, scores + i, weights + i);
}

void attention_backward(enum Attention attention, struct AttentionSize size, const float *scores,
                        const float *weights, float *gradients)
{
  Backward *backward = variants[attention].backward;
  for (size_t i = 0; i < size.n; i += LANES)
    backward(size, scores + i, weights + i, gradients + i);
}

void attention_mix(float rate, struct AttentionSize size, float *weights)
{
  for (size_t i = 0; i < size.positions * size.n; i += LANES)
    vector_store(weights + i, vector_flush(vector_fill(1 - rate) +
                                           vector_fill(rate) * vector_load(weights + i)));
}

void attention_mix_backward(float rate, struct AttentionSize size, float *gradients)
{
  for (size_t i = 0; i < size.positions * size.n; i += LANES)
    vector_store(gradients + i, vector_flush(vector_fill(rate) * vector_load(gradients + i)));
}
