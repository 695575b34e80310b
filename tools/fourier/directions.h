/*
 * The directions cos(w_k(a + b)) and sin(w_k(a + b)), w_k = 2 pi k / p, in the space of functions
 * of a pair (a, b): for odd p, normalised, (cos x cos - sin x sin)/sqrt(2) and (sin x cos +
 * cos x sin)/sqrt(2) of the basis rows of k (section 4.2 of the paper; the same with a - b for a
 * network that subtracts).
 *
 * They depend only on s = a + b (or a - b) mod p, and p pairs share each s. With the mean of a
 * function f over the pairs of each s,
 *
 *   F[s] = (1/p) sum over (a, b) with that s of f(a, b),
 *
 * the projection of f on a set of directions at (a, b) is the projection of F on the same rows of
 * the one-dimensional basis at s. This costs p^2 operations instead of p^4.
 */
#ifndef FOURIER_DIRECTIONS_H
#define FOURIER_DIRECTIONS_H

#include <stddef.h>

/* Whether the directions are functions of a + b or of a - b. */
enum DirectionSign { DIRECTION_DIFFERENCE = -1, DIRECTION_SUM = 1 };

/* s = a + b or a - b mod p, in 0..p-1. */
int direction_residue(int p, enum DirectionSign sign, int a, int b);

/* folded[s][c] = F[s] of f[a][b][c], [p][channels]. Row p a + b of f starts at f[(p a + b)
   stride], of which the first `channels` values are used. Pairs are summed in order of a. */
void directions_fold(int p, enum DirectionSign sign, const float *f, size_t stride, size_t channels,
                     double *folded);

/* Its two steps, for an f of which there are only some rows at a time: adds p F[s] for a = first ..
   end - 1, f[(p (a - first) + b) stride] being those of the pair (a, b), to sums that are at first
   0; once all rows are added, in order, divides by p. */
void directions_fold_rows(int p, enum DirectionSign sign, int first, int end, const float *f,
                          size_t stride, size_t channels, double *folded);
void directions_fold_finish(int p, size_t channels, double *folded);

#endif
