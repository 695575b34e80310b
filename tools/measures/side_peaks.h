/*
 * How close a wrong output comes to the right one (appendix B): cos(w_k(s - c)) is 1 at the answer
 * c = s and nearly 1 at some other c; a sum over several frequencies is not.
 */
#ifndef MEASURES_SIDE_PEAKS_H
#define MEASURES_SIDE_PEAKS_H

#include "measures/subject.h"

/* The largest value of f(d) / f(0) at d = 1..p-1, f(d) = sum over k of alpha[k] cos(w_k d), alpha
   [p / 2 + 1]; NaN if f(0) = 0. */
double side_peak(int p, const double *alpha);

struct SidePeaks {
  double of_one; /* of the key frequency with the largest cluster, the lowest if several have it */
  double
      of_all; /* of all key frequencies, alpha being those of the logits (measures/logit_fit.h) */
};

/* Of a subject; NaN without key frequencies. */
bool side_peaks_of(struct Subject *subject, struct SidePeaks *peaks, struct Error *error);

#endif
