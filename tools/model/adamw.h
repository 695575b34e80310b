/*
 * AdamW (Loshchilov & Hutter 2019) as PyTorch's torch.optim.AdamW computes it, with the authors'
 * warm-up: the learning rate is multiplied by min(s / warmup_steps, 1), s counted from 0, so that
 * the first step moves nothing but the moments.
 *
 *   theta <- theta (1 - lr weight_decay)
 *   m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2
 *   theta <- theta - lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon),   t = s + 1
 *
 * g is the gradient of the loss times GRADIENT_SCALE, and epsilon is multiplied by as much, which
 * leaves theta as it would be; m is GRADIENT_SCALE times, v GRADIENT_SCALE^2 times what PyTorch
 * has.
 *
 * Nothing here is subnormal (model/flush.h), however long a parameter is without a gradient: g, m,
 * theta, m / (sqrt(v) + epsilon) and the constants are flushed, and v becomes 0 below 2^-86.
 */
#ifndef MODEL_ADAMW_H
#define MODEL_ADAMW_H

#include "model/parameters.h"

struct AdamW {
  float *m, *v; /* [total] each, in one allocation that m begins */
  size_t total;
  int64_t step; /* s: steps taken */
};

bool adamw_init(struct AdamW *adamw, size_t total, struct Error *error);
void adamw_release(struct AdamW *adamw);

/* One step on all parameters, with the gradient that step_gradient gives (model/step.h). */
void adamw_step(struct AdamW *adamw, const struct OptimizerConfig *config,
                const struct Parameters *gradient, struct Parameters *parameters);

#endif
