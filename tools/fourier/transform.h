/*
 * Transforms to the Fourier basis B of fourier/basis.h, in double precision. Arrays are row-major;
 * the transformed axis comes first, followed by `channels` independent functions. Sums run over x
 * in increasing order, which fixes their bits. B is orthonormal, so norms are preserved.
 */
#ifndef FOURIER_TRANSFORM_H
#define FOURIER_TRANSFORM_H

#include "fourier/basis.h"

#include <stddef.h>

/* components[i][c] = sum over x of B[i][x] f[x][c]. Both are [p][channels] and do not overlap. */
void fourier_transform(const struct FourierBasis *basis, const double *f, size_t channels,
                       double *components);

/* The inverse, restricted to chosen frequencies:
   f[x][c] = sum over components i whose frequency is chosen of B[i][x] components[i][c].
   `frequencies` is [n_frequencies + 1], index 0 being the constant; NULL chooses all. */
void fourier_inverse(const struct FourierBasis *basis, const double *components, size_t channels,
                     const bool *frequencies, double *f);

/* Functions of two residues, both axes transformed:
   components[i][j][c] = sum over a, b of B[i][a] B[j][b] f[a][b][c].
   f, `work` and components are [p][p][channels] and do not overlap. */
void fourier_transform_grid(const struct FourierBasis *basis, const double *f, size_t channels,
                            double *work, double *components);

/* norms[i] = sqrt(sum over c of components[i][c]^2), for n rows of `channels`. */
void fourier_norms(const double *components, size_t n, size_t channels, double *norms);

#endif
