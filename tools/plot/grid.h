/*
 * Regular grids from tables in long form: one row per cell, in any order.
 */
#ifndef PLOT_GRID_H
#define PLOT_GRID_H

#include "base/error.h"

#include <stddef.h>

/* The values of a map on a regular grid: cell (i, j) is centred at x + i dx, y + j dy. */
struct Grid {
  size_t n_x, n_y;
  double x, y, dx, dy;
  double *cells; /* [n_y][n_x]; nan where the table has no row */
};

/* Arranges the values by their x and y; the caller frees grid->cells. Errors: x or y is not
   finite or not evenly spaced (an integer multiple of the smallest step), two rows for one cell,
   a grid far larger than the number of rows. */
bool grid_build(struct Grid *grid, const double *x, const double *y, const double *values, size_t n,
                struct Error *error);

/* Crops to at most n_x columns and n_y rows (0: all), around the column and row with the largest
   sums of squares. */
void grid_zoom(struct Grid *grid, size_t n_x, size_t n_y);

#endif
