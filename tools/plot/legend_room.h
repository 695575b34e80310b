/*
 * Finds a place for a legend inside a plot where it hides nothing.
 */
#ifndef PLOT_LEGEND_ROOM_H
#define PLOT_LEGEND_ROOM_H

#include "plot/scene.h"

#include <stdbool.h>

/* Searches along the edges of the plot, upper right corner first, for a place where the (already
   arranged) legend covers no mark, and sets the panel's legend_box. False if there is none.
   `font` and `size` are those of the texts. */
bool legend_find_room(struct Panel *panel, struct Font *font, double size);

#endif
