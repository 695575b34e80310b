/*
 * The neurons' activation functions, each with its derivative:
 *   relu(x) = max(x, 0)
 *   gelu(x) = x Phi(x), Phi the normal distribution function (the exact form, PyTorch's default)
 */
#ifndef MODEL_ACTIVATION_H
#define MODEL_ACTIVATION_H

#include "config/config.h"

#include <stddef.h>

/* values[i] = gelu(values[i]) and slope[i] = gelu'(values[i] as it was), for i < n, a multiple of
   LANES. A ReLU has no such pass: pre-activations are stored rectified (model/stream.h), and its
   slope is read off the hidden value. */
void gelu_forward(float *values, size_t n, float *slope);

/* gradient[i] *= f'(x) for the pre-activation x of neuron i: from the neuron's gradient to that of
   x. It is read off `hidden` for relu, off `slope` for gelu. */
void activation_backward(enum Activation activation, const float *hidden, const float *slope,
                         size_t n, float *gradient);

#endif
