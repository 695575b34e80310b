/*
 * Marks: what a panel shows, read from its tables. Sizes are in points.
 */
#ifndef PLOT_MARKS_H
#define PLOT_MARKS_H

#include "base/error.h"
#include "plot/color.h"
#include "plot/data.h"
#include "plot/grid.h"
#include "plot/scale.h"
#include "plot/spec.h"

#include <stddef.h>

/* In the order of the choices in spec.c. */
enum Dash { DASH_SOLID, DASH_DASHED, DASH_DOTTED, DASH_DASHDOT };
enum Marker { MARKER_NONE, MARKER_CIRCLE, MARKER_SQUARE, MARKER_TRIANGLE, MARKER_DIAMOND };

struct Style {
  struct Color color;
  double opacity;
  double stroke;
  enum Dash dash;
  enum Marker marker;
  double marker_size;
};

/*
 * By kind: line and scatter have x and y; bars have x, y and base; a histogram has x (the lower
 * edges of its bins) and y (counts); a rule has either x or y; phases have x and y (the numbers of
 * the phases); a map has its grid; a text has x, y and texts.
 */
struct Mark {
  enum SectionKind kind;
  const struct Section *section;
  struct Style style;
  char *label; /* markup for the legend; NULL for none */
  size_t n;
  double *x, *y, *base; /* [n] or NULL */
  double step;          /* bars: smallest distance between two x; histogram: bin width */
  struct Grid grid;
  char **texts; /* [n] markup, for a text; else NULL */
};

struct Marks {
  struct Mark *mark; /* [n] */
  size_t n;
};

/* Appends the marks of a section: one, or one per group; none if it is optional and selects no
   row, or if it shows a run that is left out. */
bool marks_read(struct Marks *marks, const struct Section *section, struct Tables *tables,
                struct Error *error);
void marks_release(struct Marks *marks);

/* Extends the ranges to include the mark. */
void mark_include(const struct Mark *mark, enum ScaleKind x_kind, struct Range *x,
                  enum ScaleKind y_kind, struct Range *y);

#endif
