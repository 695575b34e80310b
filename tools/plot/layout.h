/*
 * Layout: a grid of panels whose plots align, whatever space their labels need. Pure geometry in
 * points, x to the right and y down from the upper left corner of the page.
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
  struct Margins margins;             /* space needed around the plot */
  double aspect;                      /* width over height of the plot */
  bool keep_aspect; /* shrink the plot to this aspect if the available space has another */
  struct Box plot;  /* the result */
};

struct Page {
  int n_columns, n_rows;
  const double *widths, *heights; /* [n_columns], [n_rows], relative; NULL: all equal */
  double width, height;           /* height 0: computed from the aspects and set */
  struct Margins outer;
  double gap_x, gap_y;
};

/* Fills the grid of n_columns in reading order, around spanning cells; sets column and row of
   each cell, and *n_rows. Error: a cell wider than the grid. */
bool layout_flow(struct Cell *cells, size_t n, int n_columns, int *n_rows, struct Error *error);

/* Sets the plot of each cell. All plots of a column start and end at the same x, all of a row at
   the same y; those that keep their aspect are centred instead. Error: not enough space. */
bool layout_place(struct Cell *cells, size_t n, struct Page *page, struct Error *error);

#endif
