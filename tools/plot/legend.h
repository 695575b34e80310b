/*
 * Legends: one entry for every way of drawing that has a name, set in rows.
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
  double x, y, width; /* points from the legend's upper left corner; y of the row's middle */
};

struct Legend {
  struct LegendEntry *entry; /* [n] */
  size_t n;
  double width, height; /* set by legend_arrange */
};

/* Appends the entry of a mark (of each of its phases), if it has a label; what is there already
   (same look, same label) is left out. */
bool legend_add(struct Legend *legend, const struct Mark *mark, struct Error *error);
void legend_release(struct Legend *legend);

/* Sets the entries in rows no wider than `width`: in one row, or in as few aligned columns as the
   number of rows then takes. */
void legend_arrange(struct Legend *legend, struct Font *font, double size, double width);

void legend_draw(const struct Legend *legend, cairo_t *cairo, struct Font *font, double size,
                 double x, double y);

#endif
