/*
 * The loops of engine/factored/loss.h over the logits of a pair; expects nothing of the including
 * file but engine/factored/wide.h. The answer's logit and the padding
 * past the end count as -infinity here: they do not affect the largest of the others, and their
 * terms are 0.
 */
#include "base/elementary.h"

/* Logits `first` .. first + 15 of n. */
INLINED Wide load_others(const float *logits, int n, int answer, int first)
{
  Wide others = first + WIDE_LANES <= n ? wide_load(logits + first)
                                        : wide_load_front(logits + first, n - first, -INFINITY);
  return wide_replace(others, answer - first, -INFINITY);
}

INLINED float largest_other(const float *logits, int n, int answer)
{
  Wide largest = wide_fill(-INFINITY);
  for (int first = 0; first < n; first += WIDE_LANES)
    largest = wide_max(largest, load_others(logits, n, answer, first));
  return wide_largest(largest);
}

INLINED bool is_argmax(const float *logits, int answer, float largest)
{
  if (!(largest >= logits[answer])) return true;
  if (largest > logits[answer]) return false;
  for (int i = 0; i < answer; i++)
    if (logits[i] == largest) return false;
  return true;
}

/* Everything about a pair except its terms, exp((l_j - l_y) - shift). */
struct Sum {
  float answer_logit, shift, one, others; /* one = exp(-shift), others = S exp(-shift) */
};

INLINED struct Sum start_sum(const float *logits, int n, int answer, bool *correct)
{
  float largest = largest_other(logits, n, answer);
  *correct = is_argmax(logits, answer, largest);
  struct Sum sum = {.answer_logit = logits[answer], .one = 1.0f};
  if (!(largest > sum.answer_logit)) return sum;
  sum.shift = largest - sum.answer_logit;
  sum.one = vector_exp(vector_fill(-sum.shift))[0];
  return sum;
}

INLINED Wide terms_at(const struct Sum *sum, const float *logits, int n, int answer, int first)
{
  Wide others = load_others(logits, n, answer, first);
  return wide_exp(
      wide_subtract(wide_subtract(others, wide_fill(sum->answer_logit)), wide_fill(sum->shift)));
}

/* Adds the two halves in turn: the order of sums that 8-lane vectors would give. */
INLINED Vector add_terms(Vector sum, Wide terms)
{
  sum += wide_half(terms, 0);
  return sum + wide_half(terms, 1);
}

INLINED double loss_of_sum(const struct Sum *sum)
{
  if (sum->shift == 0.0f) return elementary_log1p((double)sum->others);
  return (double)sum->shift + elementary_log((double)sum->one + (double)sum->others);
}

/* Computes the terms of a pair, stores them in `gradients` unless NULL, and returns their sum. */
INLINED float sum_terms(const struct Sum *sum, const float *logits, int n, int answer,
                        float *gradients)
{
  Vector others = {0};
  for (int first = 0; first < n; first += WIDE_LANES) {
    Wide terms = terms_at(sum, logits, n, answer, first);
    others = add_terms(others, terms);
    if (gradients && first + WIDE_LANES <= n)
      wide_store(gradients + first, terms);
    else if (gradients)
      wide_store_front(gradients + first, terms, n - first);
  }
  return vector_sum(others);
}

INLINED void scale_terms(const struct Sum *sum, float scale, int n, int answer, float *gradients)
{
  float factor = scale / (sum->one + sum->others);
  for (int i = 0; i < n; i++)
    gradients[i] = flush(gradients[i] * factor);
  gradients[answer] = flush(-factor * sum->others);
}

/* Stage by stage for a batch of pairs: within a pair each stage is one dependency chain, but
   different pairs are independent and overlap. */
static void losses(const struct Logits *logits, double *loss, size_t *correct)
{
  enum { BATCH = 16 };
  struct Sum sums[BATCH];
  for (size_t first = 0, n; first < logits->pairs; first += n) {
    n = logits->pairs - first < BATCH ? logits->pairs - first : BATCH;
    const float *at = logits->at + first * logits->row;
    const int *answers = logits->answers + first;
    float *gradients = logits->gradients ? logits->gradients + first * logits->row : NULL;
    for (size_t i = 0; i < n; i++) {
      bool right;
      sums[i] = start_sum(at + i * logits->row, logits->n, answers[i], &right);
      *correct += right;
    }
    for (size_t i = 0; i < n; i++)
      sums[i].others = sum_terms(&sums[i], at + i * logits->row, logits->n, answers[i],
                                 gradients ? gradients + i * logits->row : NULL);
    for (size_t i = 0; i < n && gradients; i++)
      scale_terms(&sums[i], logits->scale, logits->n, answers[i], gradients + i * logits->row);
    for (size_t i = 0; i < n; i++)
      *loss += loss_of_sum(&sums[i]);
  }
}
