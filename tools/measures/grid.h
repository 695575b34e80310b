/*
 * Many functions of a pair, side by side as the columns of a float array [p^2][stride] (neurons,
 * logits), taken into the two-dimensional Fourier basis a block of columns at a time: in double
 * precision, all of them at once would be too large.
 */
#ifndef MEASURES_GRID_H
#define MEASURES_GRID_H

#include "fourier/basis.h"

#include <stddef.h>

enum { GRID_BLOCK = 16 };

struct GridBlock {
  size_t n;           /* columns in the block: GRID_BLOCK, or what is left */
  double *values;     /* [p^2][n]: pair p a + b */
  double *components; /* [p^2][n]: product p i + j of components i over a and j over b */
  double *work;       /* as large as the others */
};

bool grid_block_init(struct GridBlock *block, int p, struct Error *error);
void grid_block_release(struct GridBlock *block);

/* Fills the block with the columns from `first` on, short of `end`, and transforms them. */
void grid_block_transform(struct GridBlock *block, const struct FourierBasis *basis,
                          const float *columns, size_t stride, size_t first, size_t end);

#endif
