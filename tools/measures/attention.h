/*
 * What attention depends on (appendix C.1, figures 8 and 9 and table 2): the number-dependent part
 * of the scores in the Fourier basis, and how well a single frequency explains the attention from
 * "=" to a. attention-spectrum.tsv and attention-fits.tsv.
 */
#ifndef MEASURES_ATTENTION_H
#define MEASURES_ATTENTION_H

#include "measures/subject.h"

/* C_h(x) = x_=^T W_Q^T W_K W_E[x] / sqrt(d_head) in the Fourier basis of x, the p number tokens:
   components is [p][H]; NaN where it does not exist (PART_SCORES). This is the token's contribution
   to a score of head h; the authors' plot omits the division. x_= is the residual stream at "="
   before attention. */
bool attention_spectrum(const struct FourierBasis *basis, const struct Snapshot *snapshot,
                        double *components, struct Error *error);

/*
 * The least-squares fit, over all pairs,
 *
 *   attention_h(= -> a) ~ 1/2 + alpha (cos(w_k a) - cos(w_k b)) + beta (sin(w_k a) - sin(w_k b)),
 *
 * at the best-fitting k, the lowest if several fit equally well: a head's attention, divided
 * between the two numbers.
 */
struct AttentionFit {
  int frequency; /* k; 0 for no fit */
  double alpha, beta;
  double fve; /* 1 - |residual|^2 / |attention - its mean|^2; negative if 1/2 is worse than the
                 mean; NaN if the attention is the same for all pairs */
};

/* Fits head h of attention[p^2][H][3]. */
bool attention_fit(const struct FourierBasis *basis, const float *attention, size_t H, size_t h,
                   struct AttentionFit *fit, struct Error *error);

/* What the fit gives for a pair; its attention to b is 1 minus that. NaN for no fit. */
double attention_fitted(const struct AttentionFit *fit, int p, int a, int b);

/* The fits of a subject's heads; NaN without attention to measure (PART_ATTENTION). */
struct AttentionFits {
  struct AttentionFit *heads; /* [H] */
};

const struct AttentionFits *attention_fits_of(struct Subject *subject, struct Error *error);

/* Over all heads. */
struct AttentionSummary {
  double fve_least, fve_mean;
  double heads_at_keys;  /* whose frequency is a key frequency */
  double to_equals_most; /* largest mean over all pairs of a head's attention from "=" to itself */
};

struct AttentionSummary attention_summarise(const struct Analysis *analysis,
                                            const struct AttentionFits *fits);

SubjectWriter attention_write_spectrum; /* attention-spectrum.tsv */
SubjectWriter attention_write_fits;     /* attention-fits.tsv */

#endif
