/*
 * Functions known in closed form, and losses of logits given by a formula: direct sums in long
 * double, with the C library's cosine. The reference for the measures; shares no code with them.
 */
#ifndef UNIT_WAVES_H
#define UNIT_WAVES_H

#include "measures/losses.h"

/* The largest relative error of one operation in float32. */
#define FLOAT_ROUNDING 0x1p-24

/* cos(w_k x + phase), w_k = 2 pi k / p, for any integer x; and without a phase, cos and sin. */
long double wave(int p, int k, int x, long double phase);
long double wave_cos(int p, int k, int x);
long double wave_sin(int p, int k, int x);

/* The logit of output c for the pair (a, b). */
typedef long double Formula(const void *context, int a, int b, int c);

/* Losses and accuracies over all, training and test pairs. */
void losses_of_formula(const struct Dataset *dataset, Formula *logit, const void *context,
                       struct Losses *losses);

/* logits[p^2][V], V >= p; logits after the p numbers are set to `other`. */
void logits_of_formula(int p, Formula *logit, const void *context, float other, int V,
                       float *logits);

/*
 * Bound of the relative error of a loss computed from p float32 logits. `size` bounds the logits,
 * `error` their absolute error. With S = sum of exp(l_j - l_y):
 *
 *   l_j - l_y, less the largest of them where it is above 0, has the errors of two logits and two
 *   roundings of numbers up to 2 size;
 *   each exp adds about 2 roundings, the sum of the terms in 8 lanes p/8 + 3;
 *   log(1 + S) is off by no more than S, relatively. Where a wrong logit is the largest, the loss
 *   is at least log 2 and absolutely off by no more than that: 1/log 2 < 1.5 times as much.
 */
double loss_tolerance(int p, double size, double error);

/* Fails the test unless all three losses agree within the relative tolerance and all three
   accuracies are equal. */
void assert_losses(const struct Losses *found, const struct Losses *expected, double tolerance);

/* Fails the test unless found is within tolerance times expected. */
void assert_relative(double found, double expected, double tolerance);

/* The fraction of the squared norm of f[p^2], mean removed, in the non-constant products of {1,
   cos, sin}(w_k a) and {1, cos, sin}(w_k b), each evaluated directly and normalised by its own
   norm. */
long double share_of_frequency(int p, int k, const long double *f);

/* Half the mean absolute difference between pairs of n values, over their mean: the Gini
   coefficient as economists define it. */
double gini_of_differences(const double *values, int n);

#endif
