#include "waves.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static long double turns(int p, int k, int x)
{
  static const long double pi = 3.14159265358979323846264338327950288L;
  return 2 * pi * (long double)((long long)k * x % p) / p;
}

long double wave(int p, int k, int x, long double phase)
{
  return cosl(turns(p, k, x) + phase);
}

long double wave_cos(int p, int k, int x)
{
  return cosl(turns(p, k, x));
}

long double wave_sin(int p, int k, int x)
{
  return sinl(turns(p, k, x));
}

/* ---- losses ---- */

struct Total {
  long double loss;
  int correct, pairs;
};

static void add_pair(struct Total *total, const long double *logits, int p, int answer)
{
  long double others = 0;
  int best = 0;
  for (int c = 0; c < p; c++) {
    if (c != answer) others += expl(logits[c] - logits[answer]);
    if (logits[c] > logits[best]) best = c;
  }
  total->loss += log1pl(others);
  total->correct += best == answer;
  total->pairs++;
}

static struct MeanLoss mean_of(const struct Total *total)
{
  return (struct MeanLoss){(double)(total->loss / total->pairs),
                           (double)total->correct / total->pairs};
}

void losses_of_formula(const struct Dataset *dataset, Formula *logit, const void *context,
                       struct Losses *losses)
{
  int p = dataset->p;
  struct Total all = {0}, subsets[2] = {{0}};
  long double *logits = calloc((size_t)p, sizeof *logits);
  ck_assert_ptr_nonnull(logits);
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      int pair = a * p + b;
      for (int c = 0; c < p; c++)
        logits[c] = logit(context, a, b, c);
      add_pair(&all, logits, p, dataset->answer[pair]);
      add_pair(&subsets[dataset->train[pair]], logits, p, dataset->answer[pair]);
    }
  *losses = (struct Losses){mean_of(&all), mean_of(&subsets[1]), mean_of(&subsets[0])};
  free(logits);
}

void logits_of_formula(int p, Formula *logit, const void *context, float other, int V,
                       float *logits)
{
  for (int pair = 0; pair < p * p; pair++)
    for (int c = 0; c < V; c++)
      logits[pair * V + c] = c < p ? (float)logit(context, pair / p, pair % p, c) : other;
}

double loss_tolerance(int p, double size, double error)
{
  return 1.5 * (2 * error + FLOAT_ROUNDING * (4 * size + 2 + p / 8 + 3));
}

void assert_relative(double found, double expected, double tolerance)
{
  ck_assert_msg(fabs(found - expected) <= tolerance * fabs(expected),
                "found %.17g, expected %.17g: relatively off by %.3g, more than %.3g", found,
                expected, fabs(found / expected - 1), tolerance);
}

void assert_losses(const struct Losses *found, const struct Losses *expected, double tolerance)
{
  assert_relative(found->all.loss, expected->all.loss, tolerance);
  assert_relative(found->train.loss, expected->train.loss, tolerance);
  assert_relative(found->test.loss, expected->test.loss, tolerance);
  ck_assert_double_eq(found->all.accuracy, expected->all.accuracy);
  ck_assert_double_eq(found->train.accuracy, expected->train.accuracy);
  ck_assert_double_eq(found->test.accuracy, expected->test.accuracy);
}

/* ---- shares and inequality ---- */

/* {1, cos, sin}(w_k x) */
static long double factor(int p, int k, int which, int x)
{
  return which == 0 ? 1 : which == 1 ? wave_cos(p, k, x) : wave_sin(p, k, x);
}

/* The squared norm of the projection of f on one product of two factors. */
static long double squared_projection(int p, int k, int over_a, int over_b, const long double *f)
{
  long double inner = 0, length = 0;
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      long double product = factor(p, k, over_a, a) * factor(p, k, over_b, b);
      inner += product * f[a * p + b];
      length += product * product;
    }
  return length > 1e-9L ? inner * inner / length : 0; /* the sine of p/2 is zero */
}

long double share_of_frequency(int p, int k, const long double *f)
{
  long double mean = 0, total = 0, part = 0;
  for (int pair = 0; pair < p * p; pair++)
    mean += f[pair] / (p * p);
  for (int pair = 0; pair < p * p; pair++)
    total += (f[pair] - mean) * (f[pair] - mean);
  for (int product = 1; product < 9; product++)
    part += squared_projection(p, k, product / 3, product % 3, f);
  return part / total;
}

double gini_of_differences(const double *values, int n)
{
  double sum = 0, differences = 0;
  for (int i = 0; i < n; i++) {
    sum += values[i];
    for (int j = 0; j < n; j++)
      differences += fabs(values[i] - values[j]);
  }
  return differences / (2 * n * sum);
}
