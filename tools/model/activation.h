/*
 * The neurons' activation functions, each with its derivative:
 *   relu(x) = max(x, 0)
 *   gelu(x) = x Phi(x), Phi the normal distribution function (the exact form, PyTorch's default)
 *
 * A ReLU has no pass of its own: pre-activations are stored rectified (model/stream.h), and hidden
 * values gate the product that gives their gradients (model/product.h). What the functions here
 * read and write is flushed (model/flush.h).
 */
#ifndef MODEL_ACTIVATION_H
#define MODEL_ACTIVATION_H

#include <stddef.h>

/* values[i] = gelu(values[i]) and slope[i] = gelu'(values[i] as it was), for i < n, a multiple of
   LANES. */
void gelu_forward(float *values, size_t n, float *slope);

/* From the neurons' gradients to those of their pre-activations: the gradients [n, columns], in
   rows `row` floats apart, times the slopes [n, columns], in strips (model/product.h). `columns` is
   a multiple of LANES. */
void gelu_backward(const float *slope, size_t n, size_t columns, float *gradients, size_t row);

#endif
