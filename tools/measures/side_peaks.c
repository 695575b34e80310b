#include "measures/side_peaks.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "measures/logit_fit.h"

#include <math.h>
#include <stdlib.h>

static double sum_at(int p, const double *alpha, int d)
{
  double sum = 0;
  for (int k = 1; k <= p / 2; k++)
    sum += alpha[k] * elementary_cos_turns((long long)k * d, p);
  return sum;
}

double side_peak(int p, const double *alpha)
{
  double at_answer = sum_at(p, alpha, 0), most = -INFINITY;
  if (at_answer == 0) return NAN;
  for (int d = 1; d < p; d++)
    most = fmax(most, sum_at(p, alpha, d) / at_answer);
  return most;
}

/* The key frequency with the most neurons; 0 without keys. */
static int largest_cluster(const struct Subject *subject)
{
  const struct Analysis *analysis = subject->analysis;
  size_t m = analysis_d_mlp(analysis), most = 0;
  int largest = 0;
  for (int k = 1; k <= analysis->basis.n_frequencies; k++) {
    size_t neurons = neuron_fit_count(subject->fits, m, k, true);
    if (!analysis->keys[k] || (largest > 0 && neurons <= most)) continue;
    most = neurons;
    largest = k;
  }
  return largest;
}

bool side_peaks_of(struct Subject *subject, struct SidePeaks *peaks, struct Error *error)
{
  int p = subject->analysis->basis.p;
  const struct SubjectLogitFit *fit = logit_fit_of(subject, error);
  double *one =
      fit ? memory_new((size_t)p / 2 + 1, sizeof *one, "coefficients by frequency", error) : NULL;
  if (!one) return false;
  one[largest_cluster(subject)] = 1;
  *peaks = (struct SidePeaks){side_peak(p, one), side_peak(p, fit->alpha)};
  free(one);
  return true;
}
