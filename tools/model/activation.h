/*
 * The neurons' activation functions, each with its derivative:
 *   relu(x) = max(x, 0)
 *   gelu(x) = x Phi(x), Phi the normal distribution function (the exact form, PyTorch's default)
 */
#ifndef MODEL_ACTIVATION_H
#define MODEL_ACTIVATION_H

#include "config/config.h"

#include <stddef.h>

/* hidden[i] = f(pre[i]) for i < n, a multiple of LANES; the two may be one array. For gelu also
   slope[i] = f'(pre[i]); relu's is read off the hidden value, and its `slope` is not touched. */
void activation_forward(enum Activation activation, const float *pre, size_t n, float *hidden,
                        float *slope);

/* gradient[i] *= f'(pre[i]): from the hidden value's gradient to the pre-activation's. */
void activation_backward(enum Activation activation, const float *hidden, const float *slope,
                         size_t n, float *gradient);

#endif
