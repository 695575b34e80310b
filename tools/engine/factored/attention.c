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

/* softmax, or softmax1: a softmax with an extra score of 0 that belongs to no position. */
INLINED struct Triple softmax(struct Triple scores, bool with_zero)
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

/* ds_i = w_i (dw_i - sum_j w_j dw_j), with or without the zero score. */
static struct Triple softmax_backward(struct Triple w, struct Triple d)
{
  Vector mean = triple_dot(w, d);
  for (int k = 0; k < 3; k++)
    d.at[k] = w.at[k] * vector_flush(d.at[k] - mean);
  return d;
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
static struct Triple unnormalised_backward(struct Triple scores, struct Triple d)
{
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

void attention_forward(enum Attention attention, float *const scores[3], size_t n,
                       float *const weights[3])
{
  for (size_t i = 0; i < n; i += LANES) {
    struct Triple t = triple_load(scores, i);
    switch (attention) {
    case ATTENTION_SOFTMAX:
      t = softmax(t, false);
      break;
    case ATTENTION_SOFTMAX1:
      t = softmax(t, true);
      break;
    case ATTENTION_UNIFORM:
      for (int k = 0; k < 3; k++)
        t.at[k] = vector_fill(1.0f / 3);
      break;
    case ATTENTION_SOFTMAX1_UNNORMALISED:
      t = unnormalised(t);
      break;
    }
    triple_store(weights, i, triple_flush(t));
  }
}

void attention_backward(enum Attention attention, float *const scores[3], float *const weights[3],
                        size_t n, float *const gradients[3])
{
  for (size_t i = 0; i < n; i += LANES) {
    struct Triple d = triple_load(gradients, i);
    switch (attention) {
    case ATTENTION_SOFTMAX:
    case ATTENTION_SOFTMAX1:
      d = softmax_backward(triple_load(weights, i), d);
      break;
    case ATTENTION_UNIFORM:
      for (int k = 0; k < 3; k++)
        d.at[k] = vector_fill(0.0f);
      break;
    case ATTENTION_SOFTMAX1_UNNORMALISED:
      d = unnormalised_backward(triple_load(scores, i), d);
      break;
    }
    triple_store(gradients, i, triple_flush(d));
  }
}
