/*
 * Room for a legend inside a plot: a place where it hides nothing.
 */
#ifndef PLOT_LEGEND_ROOM_H
#define PLOT_LEGEND_ROOM_H

#include "plot/scene.h"

#include <stdbool.h>

/* Looks along the edges of the plot, the right upper corner first, for a place where the legend
   (arranged before) covers no mark, and sets the panel's legend_box. False if there is none. Texts
   are set in the font and size given. */
bool legend_find_room(struct Panel *panel, struct Font *font, double size);

#endif
