/*
 * Regular grids out of tables in long form: one row per cell, in any order.
 */
#ifndef PLOT_GRID_H
#define PLOT_GRID_H

#include "base/error.h"
#include "plot/marks.h"

#include <stddef.h>

/* Lays the values out by their x and y. Errors: x or y is not finite or not evenly spaced (an
   integer number of the smallest step), two rows for one cell, a grid far larger than the rows
   could fill. cells are the caller's to free. */
bool grid_build(struct Grid *grid, const double *x, const double *y, const double *values, size_t n,
                struct Error *error);

/* Leaves at most n_x columns and n_y rows (0: all): those around the column and the row with the
   largest sums of squares. */
void grid_zoom(struct Grid *grid, size_t n_x, size_t n_y);

#endif
