/*
 * The weights and logits in the Fourier basis (sections 4.1 and 4.2, figures 3 to 5), their
 * sparsity, and the size of the weights (section 5.1).
 */
#ifndef MEASURES_SPECTRUM_H
#define MEASURES_SPECTRUM_H

#include "fourier/basis.h"
#include "network/parameters.h"

#include <stddef.h>

/* Norms over the residual stream of the Fourier components of W_E along its input axis, the p
   number tokens (figure 3): norms is [p]. */
bool spectrum_of_embedding(const struct FourierBasis *basis, const struct Parameters *parameters,
                           double *norms, struct Error *error);

/* The neuron-logit map W_L = W_U W_out in the Fourier basis of its output axis, the p number tokens
   (figures 3 and 5): components is [p][d_mlp]. */
bool spectrum_of_neuron_logit_map(const struct FourierBasis *basis,
                                  const struct Parameters *parameters, double *components,
                                  struct Error *error);

/* Norms over the p number outputs of the logits[p^2][V] in the two-dimensional Fourier basis of
   (a, b) (figure 4): norms is [p][p]. */
bool spectrum_of_logits(const struct FourierBasis *basis, const float *logits, size_t V,
                        double *norms, struct Error *error);

/* Gini coefficient of n >= 1 values >= 0 (Hurley and Rickard 2009, table I): with the values v_1 <=
   ... <= v_n in increasing order,

     1 - 2 sum over i of (v_i / sum of v) (n - i + 1/2) / n,

   0 if all are equal (or zero), 1 - 1/n if all but one are zero. Sorts the values in place. */
double gini_coefficient(double *values, size_t n);

/* Sum of the squares of one parameter's values. */
double squared_weights(const struct Parameters *parameters, enum Parameter which);

#endif
