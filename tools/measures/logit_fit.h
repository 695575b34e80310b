/*
 * The logits as a sum of cosines (section 4.2): logits(a, b)_c ~ sum over key frequencies k of
 * alpha_k cos(w_k(s - c)), w_k = 2 pi k / p, with s = a + b, or a - b for a network that subtracts.
 * Over all pairs and outputs these cosines are orthogonal to each other and to the constant, so
 * least squares determines each alpha_k separately.
 */
#ifndef MEASURES_LOGIT_FIT_H
#define MEASURES_LOGIT_FIT_H

#include "measures/losses.h"

/* alpha_k: the coefficient of cos(w_k(s - c)) in the logits (figure 14). */
double cosine_coefficient(const struct DirectedLogits *directed, int k);

/* The fitted logits as a function of s - c: logits[d] for d = 0..p-1. */
void cosine_logits(const struct DirectedLogits *directed, const bool *keys, double *logits);

struct LogitFit {
  double fve;  /* fraction of the logits' squared norm, overall mean removed, that is explained */
  double loss; /* of the fitted logits: the same for every pair */
};

/* `keys` is [n_frequencies + 1]. */
bool logit_fit(const struct DirectedLogits *directed, const bool *keys, struct LogitFit *fit,
               struct Error *error);

#endif
