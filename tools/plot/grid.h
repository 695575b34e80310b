/*
 * Regular grids from tables in long form: one row per cell, in any order.
 */
#ifndef PLOT_GRID_H
#define PLOT_GRID_H

#include "base/error.h"
#include "plot/marks.h"

#include <stddef.h>

/* Arranges the values by their x and y; the caller frees grid->cells. Errors: x or y is not
   finite or not evenly spaced (an integer multiple of the smallest step), two rows for one cell,
   a grid far larger than the number of rows. */
bool grid_build(struct Grid *grid, const double *x, const double *y, const double *values, size_t n,
                struct Error *error);

/* Crops to at most n_x columns and n_y rows (0: all), around the column and row with the largest
   sums of squares. */
void grid_zoom(struct Grid *grid, size_t n_x, size_t n_y);

#endif
