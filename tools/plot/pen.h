/* Colours, strokes and markers of a style, for marks and for their samples in legends. */
#ifndef PLOT_PEN_H
#define PLOT_PEN_H

#include "plot/marks.h"

#include <cairo.h>

/* How far the largest marker, the diamond, extends from its centre, in units of its size. */
#define PEN_MARKER_EXTENT 0.65

void pen_set_color(cairo_t *cairo, struct Color color);
void pen_set_paint(cairo_t *cairo, const struct Style *style); /* its colour and opacity */
void pen_set_stroke(cairo_t *cairo, const struct Style *style);
void pen_marker(cairo_t *cairo, const struct Style *style, double x, double y);

#endif
