/*
 * Degree-2 polynomials of one frequency: the span of the products of {1, cos(w_k a), sin(w_k a)}
 * and {1, cos(w_k b), sin(w_k b)}, w_k = 2 pi k / p, as functions of a pair (a, b) (section 4.3 of
 * the paper). The spans of different frequencies are orthogonal except for the constant, which they
 * share.
 */
#ifndef FOURIER_POLYNOMIAL_H
#define FOURIER_POLYNOMIAL_H

#include "fourier/basis.h"

/* part[a][b] = the projection of f[a][b] on the polynomials of the chosen frequencies, both
   [p][p]. `frequencies` is [n_frequencies + 1]; index 0 is the constant, which the others do not
   include. `work` is scratch, [3][p]. */
void polynomial_part(const struct FourierBasis *basis, const bool *frequencies, const double *f,
                     double *work, double *part);

#endif
