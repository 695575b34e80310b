/*
 * Legends: one entry for every labelled style, arranged in rows.
 */
#ifndef PLOT_LEGEND_H
#define PLOT_LEGEND_H

#include "base/error.h"
#include "plot/layout.h"
#include "plot/marks.h"
#include "plot/text.h"

#include <stddef.h>

struct LegendEntry {
  enum SectionKind kind;
  struct Style style;
  char *label;
  double x, y, width; /* points from the legend's upper left corner; y is the row's centre */
};

struct Legend {
  struct LegendEntry *entry; /* [n] */
  size_t n;
  double width, height; /* set by legend_arrange */
};

/* Appends the entry of a mark (or of each of its phases), if it has a label. Duplicates (same
   style and label) are skipped. */
bool legend_add(struct Legend *legend, const struct Mark *mark, struct Error *error);
void legend_release(struct Legend *legend);

/* Arranges the entries in rows no wider than `width`: in one row, or else in the fewest aligned
   columns for that number of rows. */
void legend_arrange(struct Legend *legend, struct Font *font, double size, double width);

void legend_draw(const struct Legend *legend, cairo_t *cairo, struct Font *font, double size,
                 double x, double y);

#endif
