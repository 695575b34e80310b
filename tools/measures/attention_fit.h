/*
 * What the heads attend by (appendix C.1, figure 8 and table 2): the part of a score that depends
 * on the number, in the Fourier basis, and how well one frequency explains the attention from "="
 * to a.
 */
#ifndef MEASURES_ATTENTION_FIT_H
#define MEASURES_ATTENTION_FIT_H

#include "fourier/basis.h"
#include "measures/snapshot.h"

/* C_h(x) = x_=^T W_Q^T W_K W_E[x] / sqrt(d_head) in the Fourier basis of x, the p number tokens:
   components is [p][H]. This is what the token adds to a score of head h; the division is the
   scores' own, which the authors' plot leaves out. x_= is the stream at "=" before the heads. */
bool attention_spectrum(const struct FourierBasis *basis, const struct Snapshot *snapshot,
                        double *components, struct Error *error);

/*
 * The least-squares fit, over all pairs,
 *
 *   attention_h(= -> a) ~ 1/2 + alpha (cos(w_k a) - cos(w_k b)) + beta (sin(w_k a) - sin(w_k b)),
 *
 * at the k that fits best: two numbers that compete for the whole of a head's attention.
 */
struct AttentionFit {
  int frequency; /* k */
  double alpha, beta;
  double fve; /* 1 - |residual|^2 / |attention - its mean|^2; below 0 where 1/2 is worse than the
                 mean; NaN for a head whose attention is the same for all pairs */
};

/* Fits head h of attention[p^2][H][3]. */
bool attention_fit(const struct FourierBasis *basis, const float *attention, size_t H, size_t h,
                   struct AttentionFit *fit, struct Error *error);

#endif
