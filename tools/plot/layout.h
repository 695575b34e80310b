/*
 * Layout: a grid of panels whose plots align, whatever their labels need around them. Pure
 * geometry in points, x to the right and y downwards from the page's upper left corner.
 */
#ifndef PLOT_LAYOUT_H
#define PLOT_LAYOUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct Box {
  double x, y, width, height;
};

struct Margins {
  double left, right, top, bottom;
};

struct Cell {
  int column, row, n_columns, n_rows; /* of the grid */
  struct Margins margins;             /* what the panel needs around its plot */
  double aspect;                      /* width over height of the plot */
  bool keep_aspect;                   /* shrink the plot to it when the room has another */
  struct Box plot;                    /* the result */
};

struct Page {
  int n_columns, n_rows;
  const double *widths, *heights; /* [n_columns], [n_rows] relative; NULL: all the same */
  double width, height;           /* height 0: derived from the aspects, and set */
  struct Margins outer;
  double gap_x, gap_y;
};

/* Fills the grid of n_columns in reading order, around cells that span; sets column and row of
   each and *n_rows. Errors: a cell wider than the grid. */
bool layout_flow(struct Cell *cells, size_t n, int n_columns, int *n_rows, struct Error *error);

/* Sets the plot of each cell. All plots of a column begin and end at the same x, all of a row at
   the same y, but for those that keep their aspect: they are centred. Errors: no room is left. */
bool layout_place(struct Cell *cells, size_t n, struct Page *page, struct Error *error);

#endif
