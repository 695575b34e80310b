#include "plot/grid.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The first value, smallest step and number of grid positions of one coordinate. */
static bool find_lattice(const double *values, size_t n, const char *axis, double *first,
                         double *step, size_t *count, struct Error *error)
{
  double *sorted = memory_new(n, sizeof *sorted, "coordinates of a map", error);
  if (!sorted) return false;
  memcpy(sorted, values, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, compare);
  *step = INFINITY;
  for (size_t i = 1; i < n; i++)
    if (sorted[i] > sorted[i - 1]) *step = fmin(*step, sorted[i] - sorted[i - 1]);
  if (isinf(*step)) *step = 1;
  *first = sorted[0];
  double places = (sorted[n - 1] - sorted[0]) / *step;
  bool even = true;
  for (size_t i = 0; even && i < n; i++) {
    double place = (sorted[i] - sorted[0]) / *step;
    even = fabs(place - round(place)) < 1e-3;
  }
  free(sorted);
  if (!even) return error_set(error, "the %s of a map are not evenly spaced", axis);
  if (places > 20000) return error_set(error, "the %s of a map span %g steps", axis, places);
  *count = (size_t)llround(places) + 1;
  return true;
}

bool grid_build(struct Grid *grid, const double *x, const double *y, const double *values, size_t n,
                struct Error *error)
{
  *grid = (struct Grid){0};
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i]) || !isfinite(y[i]))
      return error_set(error, "a map needs finite x and y, found %g and %g", x[i], y[i]);
  if (n == 0) return error_set(error, "a map needs at least one row");
  if (!find_lattice(x, n, "x", &grid->x, &grid->dx, &grid->n_x, error)) return false;
  if (!find_lattice(y, n, "y", &grid->y, &grid->dy, &grid->n_y, error)) return false;
  size_t n_cells = grid->n_x * grid->n_y;
  if (n_cells > 100 * n + 10000)
    return error_set(error, "a map of %zu by %zu cells, but only %zu rows", grid->n_x, grid->n_y,
                     n);
  grid->cells = memory_new(n_cells, sizeof *grid->cells, "cells of a map", error);
  char *filled = memory_new(n_cells, 1, "cells of a map", error);
  bool unique = grid->cells && filled;
  for (size_t cell = 0; unique && cell < n_cells; cell++)
    grid->cells[cell] = NAN;
  for (size_t i = 0; unique && i < n; i++) {
    size_t column = (size_t)llround((x[i] - grid->x) / grid->dx);
    size_t cell = (size_t)llround((y[i] - grid->y) / grid->dy) * grid->n_x + column;
    if (filled[cell]++)
      unique = error_set(error, "a map has two rows for x = %g, y = %g", x[i], y[i]);
    grid->cells[cell] = values[i];
  }
  free(filled);
  if (unique) return true;
  free(grid->cells);
  grid->cells = NULL;
  return false;
}

/* Of `count` lines of `n` cells each (`step` between cells, `stride` between lines), the one
   with the largest sum of squares. */
static size_t find_strongest(const double *cells, size_t count, size_t stride, size_t n,
                             size_t step)
{
  size_t strongest = 0;
  double largest = -1;
  for (size_t line = 0; line < count; line++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
      double cell = cells[line * stride + i * step];
      if (isfinite(cell)) sum += cell * cell;
    }
    if (sum <= largest) continue;
    largest = sum;
    strongest = line;
  }
  return strongest;
}

/* The first of `kept` lines around the given one, out of `count`. */
static size_t first_about(size_t line, size_t kept, size_t count)
{
  size_t first = line > kept / 2 ? line - kept / 2 : 0;
  return first + kept > count ? count - kept : first;
}

void grid_zoom(struct Grid *grid, size_t n_x, size_t n_y)
{
  size_t old_x = grid->n_x, old_y = grid->n_y;
  if (n_x == 0 || n_x > old_x) n_x = old_x;
  if (n_y == 0 || n_y > old_y) n_y = old_y;
  size_t column = find_strongest(grid->cells, old_x, 1, old_y, old_x);
  size_t row = find_strongest(grid->cells, old_y, old_x, old_x, 1);
  size_t first_x = first_about(column, n_x, old_x), first_y = first_about(row, n_y, old_y);
  for (size_t j = 0; j < n_y; j++)
    for (size_t i = 0; i < n_x; i++)
      grid->cells[j * n_x + i] = grid->cells[(first_y + j) * old_x + first_x + i];
  grid->n_x = n_x;
  grid->n_y = n_y;
  grid->x += (double)first_x * grid->dx;
  grid->y += (double)first_y * grid->dy;
}
