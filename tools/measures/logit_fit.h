/*
 * The logits as a sum of cosines (section 4.2): logits(a, b)_c ~ sum over key frequencies k of
 * alpha_k cos(w_k(s - c)), w_k = 2 pi k / p, with s = a + b, or a - b for a network that subtracts.
 * Over all pairs and outputs these cosines are orthogonal to each other and to the constant, so
 * least squares determines each alpha_k separately. logit-fit.tsv.
 */
#ifndef MEASURES_LOGIT_FIT_H
#define MEASURES_LOGIT_FIT_H

#include "measures/directed_logits.h"

/* alpha_k: the coefficient of cos(w_k(s - c)) in the logits. */
double logit_fit_coefficient(const struct DirectedLogits *directed, int k);

/* The norm of cos(w_k(s - c)) over all pairs and outputs: p sqrt(p/2), or p sqrt(p) for k = p/2.
   Times alpha_k it is the coefficient of the wave of norm 1, as the authors plot it (figure 14). */
double logit_fit_norm(int p, int k);

/* The fitted logits as a function of s - c: logits[d] for d = 0..p-1. */
void logit_fit_cosines(const struct DirectedLogits *directed, const bool *keys, double *logits);

/* The excluded loss that the authors' code calls 3D, and the accuracy: over the training pairs,
   after subtracting from the logits the fit at the chosen frequencies, [n_frequencies + 1]. It
   removes one direction of the functions of a, b and c for each frequency, where
   directed_logits_excluded removes two for each c. */
bool logit_fit_excluded(const struct DirectedLogits *directed, const bool *frequencies,
                        struct MeanLoss *train, struct Error *error);

/* What it subtracts, [p][p]: s, output; the caller frees it. */
double *logit_fit_removed(const struct DirectedLogits *directed, const bool *frequencies,
                          struct Error *error);

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
