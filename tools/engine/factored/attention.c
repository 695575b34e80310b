#include "engine/factored/attention.h"

#include "engine/factored/vector.h"

struct Triple {
  Vector at[3];
};

static struct Triple triple_load(float *const arrays[3], size_t i)
{
  return (struct Triple){
      {vector_load(arrays[0] + i), vector_load(arrays[1] + i), vector_load(arrays[2] + i)}};
}

static void triple_store(float *const arrays[3], size_t i, struct Triple t)
{
  for (int k = 0; k < 3; k++)
    vector_store(arrays[k] + i, t.at[k]);
}

static struct Triple triple_flush(struct Triple t)
{
  for (int k = 0; k < 3; k++)
    t.at[k] = vector_flush(t.at[k]);
  return t;
}

static Vector triple_max(struct Triple t)
{
  return vector_max(vector_max(t.at[0], t.at[1]), t.at[2]);
}

static Vector triple_sum(struct Triple t)
{
  return (t.at[0] + t.at[1]) + t.at[2];
}

static Vector triple_dot(struct Triple s, struct Triple t)
{
  return vector_fma(s.at[2], t.at[2], vector_fma(s.at[1], t.at[1], s.at[0] * t.at[0]));
}

INLINED struct Triple shifted_exp(struct Triple scores, Vector shift)
{
  for (int k = 0; k < 3; k++)
    scores.at[k] = vector_exp(scores.at[k] - shift);
  return scores;
}

INLINED struct Triple softmax_with(struct Triple scores, bool with_zero)
{
  const Vector zero = vector_fill(0.0f);
  Vector largest = triple_max(scores);
  if (with_zero) largest = vector_max(largest, zero);
  struct Triple e = shifted_exp(scores, largest);
  Vector sum = triple_sum(e);
  if (with_zero) sum += vector_exp(zero - largest);
  for (int k = 0; k < 3; k++)
    e.at[k] /= sum;
  return e;
}

static struct Triple softmax(struct Triple scores)
{
  return softmax_with(scores, false);
}

/* With an extra score of 0 that belongs to no position. */
static struct Triple softmax1(struct Triple scores)
{
  return softmax_with(scores, true);
}

/* Of both: ds_i = w_i (dw_i - sum_j w_j dw_j). */
static struct Triple softmax_backward(struct Triple scores, struct Triple w, struct Triple d)
{
  (void)scores;
  Vector mean = triple_dot(w, d);
  for (int k = 0; k < 3; k++)
    d.at[k] = w.at[k] * vector_flush(d.at[k] - mean);
  return d;
}

static struct Triple uniform(struct Triple scores)
{
  (void)scores;
  const Vector third = vector_fill(1.0f / 3);
  return (struct Triple){{third, third, third}};
}

static struct Triple uniform_backward(struct Triple scores, struct Triple w, struct Triple d)
{
  (void)scores, (void)w, (void)d;
  const Vector zero = vector_fill(0.0f);
  return (struct Triple){{zero, zero, zero}};
}

static struct Triple unnormalised(struct Triple scores)
{
  struct Triple e = shifted_exp(scores, triple_max(scores));
  Vector sum = triple_sum(e);
  for (int k = 0; k < 3; k++)
    e.at[k] += sum;
  return e;
}

/* dL/de'_i = dw_i + sum_j dw_j = c_i and ds_i = e'_i c_i; the largest score (the first, if tied)
   also gets minus their sum, as it is subtracted from all scores. */
static struct Triple unnormalised_backward(struct Triple scores, struct Triple w, struct Triple d)
{
  (void)w;
  Vector largest = triple_max(scores), sum = triple_sum(d);
  struct Triple e = triple_flush(shifted_exp(scores, largest));
  for (int k = 0; k < 3; k++)
    d.at[k] = e.at[k] * (d.at[k] + sum);
  Vector total = triple_sum(d);
  IntegerVector untaken = scores.at[0] == scores.at[0];
  for (int k = 0; k < 3; k++) {
    IntegerVector takes = (scores.at[k] == largest) & untaken;
    untaken &= ~takes;
    d.at[k] -= vector_select(takes, total, vector_fill(0.0f));
  }
  return d;
}

/* ---- the variants, as rows of a table ---- */

typedef struct Triple Forward(struct Triple scores);
typedef struct Triple Backward(struct Triple scores, struct Triple weights, struct Triple d);

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

void attention_forward(enum Attention attention, float *const scores[3], size_t n,
                       float *const weights[3])
{
  Forward *forward = variants[attention].forward;
  for (size_t i = 0; i < n; i += LANES)
    triple_store(weights, i, triple_flush(forward(triple_load(scores, i))));
}

void attention_backward(enum Attention attention, float *const scores[3], float *const weights[3],
                        size_t n, float *const gradients[3])
{
  Backward *backward = variants[attention].backward;
  for (size_t i = 0; i < n; i += LANES) {
    struct Triple d =
        backward(triple_load(scores, i), triple_load(weights, i), triple_load(gradients, i));
    triple_store(gradients, i, triple_flush(d));
  }
}
