/*
 * AdamW (Loshchilov & Hutter 2019) as in PyTorch's torch.optim.AdamW, with the authors' warm-up:
 * the learning rate is multiplied by min(s / warmup_steps, 1), s counted from 0, so the first step
 * updates only the moments.
 *
 *   theta <- theta (1 - lr weight_decay)
 *   m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2
 *   theta <- theta - lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon),   t = s + 1
 *
 * g is the gradient of GRADIENT_SCALE times the loss, and epsilon is scaled likewise, which leaves
 * theta unchanged; m is GRADIENT_SCALE times and v GRADIENT_SCALE^2 times PyTorch's.
 *
 * Nothing here is ever subnormal (network/flush.h), however long a parameter goes without a
 * gradient: g, m, theta, m / (sqrt(v) + epsilon) and the constants are flushed, and v below 2^-86
 * becomes 0.
 */
#ifndef ENGINE_ADAMW_H
#define ENGINE_ADAMW_H

#include "network/parameters.h"

struct AdamW {
  float *m, *v; /* [total] each, in one allocation that starts at m */
  size_t total;
  int64_t step; /* s: steps taken */
};

bool adamw_init(struct AdamW *adamw, size_t total, struct Error *error);
void adamw_release(struct AdamW *adamw);

/* base^n, 0 <= base < 1, by repeated squaring: the same bits on every machine and after
   resuming. A factor below 2^-100 becomes 0: it would not change 1 - base^n. */
double adamw_power(double base, int64_t n);

/* What step `step` (s above) multiplies by: rate1 = lr / (1 - beta1^t), scale2 = 1 / sqrt(1 -
   beta2^t), keep = 1 - lr weight_decay, new1 = 1 - beta1, new2 = 1 - beta2. The first three depend
   on the step. */
struct AdamWConstants {
  float keep, rate1, scale2, beta1, new1, beta2, new2, epsilon;
};
struct AdamWConstants adamw_constants(const struct OptimizerConfig *config, int64_t step);

/* One step on all parameters, with the gradient of GRADIENT_SCALE times the loss. */
void adamw_step(struct AdamW *adamw, const struct OptimizerConfig *config,
                const struct Parameters *gradient, struct Parameters *parameters);

#endif
