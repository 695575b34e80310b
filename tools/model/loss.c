#include "model/loss.h"

#include "base/elementary.h"
#include "model/vector.h"

/* The i-th vector of n logits, -infinity behind the end and in the answer's place: the others. */
static Vector load_others(const float *logits, int n, int answer, int first)
{
  Vector v;
  if (first + LANES <= n) {
    v = vector_load(logits + first);
  } else {
    v = vector_fill(-INFINITY);
    for (int i = first; i < n; i++)
      v[i - first] = logits[i];
  }
  if (answer >= first && answer < first + LANES) v[answer - first] = -INFINITY;
  return v;
}

static float largest_other(const float *logits, int n, int answer)
{
  Vector largest = vector_fill(-INFINITY);
  for (int first = 0; first < n; first += LANES)
    largest = vector_max(largest, load_others(logits, n, answer, first));
  return vector_largest(largest);
}

static bool is_argmax(const float *logits, int answer, float largest)
{
  if (!(largest >= logits[answer])) return true;
  if (largest > logits[answer]) return false;
  for (int i = 0; i < answer; i++)
    if (logits[i] == largest) return false;
  return true;
}

/* Everything about a pair but its terms: they are exp((l_j - l_y) - shift). */
struct Sum {
  float answer_logit, shift, one, others; /* one = exp(-shift), others = S exp(-shift) */
};

/* The terms of the i-th vector of n logits: 0 behind the end and in the answer's place. */
static Vector terms_at(const struct Sum *sum, const float *logits, int n, int answer, int first)
{
  Vector others = load_others(logits, n, answer, first);
  return vector_exp((others - vector_fill(sum->answer_logit)) - vector_fill(sum->shift));
}

static struct Sum start_sum(const float *logits, int n, int answer, bool *correct)
{
  float largest = largest_other(logits, n, answer);
  *correct = is_argmax(logits, answer, largest);
  struct Sum sum = {.answer_logit = logits[answer]};
  if (largest > sum.answer_logit) sum.shift = largest - sum.answer_logit;
  sum.one = vector_exp(vector_fill(-sum.shift))[0];
  return sum;
}

static double loss_of_sum(const struct Sum *sum)
{
  if (sum->shift == 0.0f) return elementary_log1p((double)sum->others);
  return (double)sum->shift + elementary_log((double)sum->one + (double)sum->others);
}

double loss_of_pair(const float *logits, int n, int answer, bool *correct)
{
  struct Sum sum = start_sum(logits, n, answer, correct);
  Vector others = {0};
  for (int first = 0; first < n; first += LANES)
    others += terms_at(&sum, logits, n, answer, first);
  sum.others = vector_sum(others);
  return loss_of_sum(&sum);
}

static void store_front(float *to, Vector v, int n)
{
  if (n >= LANES)
    vector_store(to, v);
  else
    memcpy(to, &v, (size_t)n * sizeof *to);
}

double loss_gradient_of_pair(float *logits, int n, int answer, float scale, bool *correct)
{
  struct Sum sum = start_sum(logits, n, answer, correct);
  Vector others = {0};
  for (int first = 0; first < n; first += LANES) {
    Vector terms = terms_at(&sum, logits, n, answer, first);
    others += terms;
    store_front(logits + first, terms, n - first);
  }
  sum.others = vector_sum(others);
  float factor = scale / (sum.one + sum.others);
  for (int i = 0; i < n; i++)
    logits[i] *= factor;
  logits[answer] = -factor * sum.others;
  return loss_of_sum(&sum);
}
