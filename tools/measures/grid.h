/*
 * Functions of a pair (neurons, logits), stored as the columns of a float array [p^2][stride]:
 * transformed to the two-dimensional Fourier basis one block of columns at a time, as all at once
 * would take too much memory in double precision, or projected on polynomials.
 */
#ifndef MEASURES_GRID_H
#define MEASURES_GRID_H

#include "fourier/basis.h"

#include <stddef.h>

enum { GRID_BLOCK = 16 };

struct GridBlock {
  size_t n;           /* columns in the block: GRID_BLOCK, or the remainder */
  double *values;     /* [p^2][n]: pair p a + b */
  double *components; /* [p^2][n]: row p i + j is component i over a, j over b */
  double *work;       /* same size */
};

bool grid_block_init(struct GridBlock *block, int p, struct Error *error);
void grid_block_release(struct GridBlock *block);

/* Loads up to GRID_BLOCK of the columns first .. end - 1 and transforms them. */
void grid_block_transform(struct GridBlock *block, const struct FourierBasis *basis,
                          const float *columns, size_t stride, size_t first, size_t end);

/* out[pair out_stride] = the projection of in[pair in_stride] on the polynomials of the chosen
   frequencies (fourier/polynomial.h), one column each. */
bool grid_project(const struct FourierBasis *basis, const bool *frequencies, const float *in,
                  size_t in_stride, float *out, size_t out_stride, struct Error *error);

#endif
