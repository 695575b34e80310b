/*
 * The logits as a sum of cosines (section 4.2): logits(a, b)_c ~ sum over key frequencies k of
 * alpha_k cos(w_k(s - c)), w_k = 2 pi k / p, with s = a + b, or a - b for a network that subtracts.
 * Over all pairs and outputs these cosines are orthogonal to each other and to the constant, so
 * least squares determines each alpha_k separately. logit-fit.tsv.
 */
#ifndef MEASURES_LOGIT_FIT_H
#define MEASURES_LOGIT_FIT_H

#include "measures/directed_logits.h"

/* alpha_k: the coefficient of cos(w_k(s - c)) in the logits (figure 14). */
double logit_fit_coefficient(const struct DirectedLogits *directed, int k);

/* The fitted logits as a function of s - c: logits[d] for d = 0..p-1. */
void logit_fit_cosines(const struct DirectedLogits *directed, const bool *keys, double *logits);

struct LogitFit {
  double fve;  /* fraction of the logits' squared norm, overall mean removed, that is explained */
  double loss; /* of the fitted logits: the same for every pair */
};

/* `keys` is [n_frequencies + 1]. */
bool logit_fit_compute(const struct DirectedLogits *directed, const bool *keys,
                       struct LogitFit *fit, struct Error *error);

/* The fit of a subject's logits at its key frequencies. */
struct SubjectLogitFit {
  struct LogitFit fit;
  double *alpha;                  /* [n_frequencies + 1]; 0 for other frequencies */
  double alpha_least, alpha_most; /* NaN without key frequencies */
};

/* Error: an operation without directions. */
const struct SubjectLogitFit *logit_fit_of(struct Subject *subject, struct Error *error);

SubjectWriter logit_fit_write; /* logit-fit.tsv */

#endif
