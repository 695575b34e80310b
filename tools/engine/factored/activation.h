/*
 * The activation functions, each with its derivative:
 *   relu(x) = max(x, 0)
 *   gelu(x) = x Phi(x), Phi the standard normal CDF (the exact form, PyTorch's default)
 *
 * ReLU has no pass of its own: pre-activations are stored rectified (engine/factored/stream.h), and
 * the hidden values gate the product that computes their gradients (engine/factored/matrix.h).
 * Inputs and outputs of the functions here are flushed (network/flush.h).
 */
#ifndef ENGINE_FACTORED_ACTIVATION_H
#define ENGINE_FACTORED_ACTIVATION_H

#include <stddef.h>

/* In place: slope[i] = gelu'(values[i]) and values[i] = gelu(values[i]), for i < n; n is a
   multiple of LANES. */
void activation_gelu_forward(float *values, size_t n, float *slope);

/* Gradients of the neurons to gradients of their pre-activations, in place: gradients [n,
   columns] (leading dimension `row`) times slope [n, columns] (in strips,
   engine/factored/matrix.h). `columns` is a multiple of LANES. */
void activation_gelu_backward(const float *slope, size_t n, size_t columns, float *gradients,
                              size_t row);

#endif
