/*
 * What attention depends on (appendix C.1, figure 8 and table 2): the number-dependent part of the
 * scores in the Fourier basis, and how well a single frequency explains the attention from "=" to
 * a.
 */
#ifndef MEASURES_ATTENTION_FIT_H
#define MEASURES_ATTENTION_FIT_H

#include "fourier/basis.h"
#include "measures/snapshot.h"

/* C_h(x) = x_=^T W_Q^T W_K W_E[x] / sqrt(d_head) in the Fourier basis of x, the p number tokens:
   components is [p][H]. This is the token's contribution to a score of head h; the authors' plot
   omits the division. x_= is the residual stream at "=" before attention. */
bool attention_spectrum(const struct FourierBasis *basis, const struct Snapshot *snapshot,
                        double *components, struct Error *error);

/*
 * The least-squares fit, over all pairs,
 *
 *   attention_h(= -> a) ~ 1/2 + alpha (cos(w_k a) - cos(w_k b)) + beta (sin(w_k a) - sin(w_k b)),
 *
 * at the best-fitting k: a head's attention, divided between the two numbers.
 */
struct AttentionFit {
  int frequency; /* k */
  double alpha, beta;
  double fve; /* 1 - |residual|^2 / |attention - its mean|^2; negative if 1/2 is worse than the
                 mean; NaN if the attention is the same for all pairs */
};

/* Fits head h of attention[p^2][H][3]. */
bool attention_fit(const struct FourierBasis *basis, const float *attention, size_t H, size_t h,
                   struct AttentionFit *fit, struct Error *error);

#endif
