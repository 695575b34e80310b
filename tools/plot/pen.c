#include "plot/pen.h"

#include <math.h>

void pen_set_color(cairo_t *cairo, struct Color color)
{
  cairo_set_source_rgb(cairo, color.red, color.green, color.blue);
}

void pen_set_paint(cairo_t *cairo, const struct Style *style)
{
  cairo_set_source_rgba(cairo, style->color.red, style->color.green, style->color.blue,
                        style->opacity);
}

void pen_set_stroke(cairo_t *cairo, const struct Style *style)
{
  static const struct {
    int n;
    double lengths[4]; /* in units of the stroke width */
  } dashes[] = {[DASH_SOLID] = {0, {0}},
                [DASH_DASHED] = {2, {4, 2}},
                [DASH_DOTTED] = {2, {1.2, 1.6}},
                [DASH_DASHDOT] = {4, {5, 1.8, 1.2, 1.8}}};
  double lengths[4];
  for (int i = 0; i < 4; i++)
    lengths[i] = dashes[style->dash].lengths[i] * fmax(style->stroke, 0.7);
  pen_set_paint(cairo, style);
  cairo_set_line_width(cairo, style->stroke);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap(cairo, style->dash == DASH_SOLID ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
  cairo_set_dash(cairo, lengths, dashes[style->dash].n, 0);
}

void pen_marker(cairo_t *cairo, const struct Style *style, double x, double y)
{
  double r = style->marker_size / 2;
  cairo_new_path(cairo);
  switch (style->marker) {
  case MARKER_NONE:
    return;
  case MARKER_CIRCLE:
    cairo_arc(cairo, x, y, r, 0, 6.283185307179586);
    break;
  case MARKER_SQUARE:
    cairo_rectangle(cairo, x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
    break;
  case MARKER_TRIANGLE:
    cairo_move_to(cairo, x, y - 1.2 * r);
    cairo_line_to(cairo, x + 1.1 * r, y + 0.8 * r);
    cairo_line_to(cairo, x - 1.1 * r, y + 0.8 * r);
    break;
  case MARKER_DIAMOND:
    cairo_move_to(cairo, x, y - 1.3 * r);
    cairo_line_to(cairo, x + 1.3 * r, y);
    cairo_line_to(cairo, x, y + 1.3 * r);
    cairo_line_to(cairo, x - 1.3 * r, y);
    break;
  }
  cairo_close_path(cairo);
  pen_set_paint(cairo, style);
  cairo_fill(cairo);
}
