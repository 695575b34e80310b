/*
 * Drawing: marks, axes and colour bars of a scene after layout. Nothing here reports errors:
 * cairo's status is checked once, when the page is finished.
 */
#ifndef PLOT_DRAW_H
#define PLOT_DRAW_H

#include "plot/scene.h"

#include <stdbool.h>

/* Lengths around a plot, in points. */
#define DRAW_TICK       3.0
#define DRAW_MINOR_TICK 1.7
#define DRAW_TICK_GAP   2.5 /* from tick to label */
#define DRAW_LABEL_GAP  4.0 /* from tick labels to the axis' label */
#define DRAW_BAR_GAP    5.0 /* from plot to colour bar */
#define DRAW_BAR_WIDTH  6.0
#define DRAW_TITLE_GAP  5.0

/* The marks of a panel, clipped to its plot except for markers and texts. */
void draw_marks(cairo_t *cairo, const struct Scene *scene, const struct Panel *panel);

/* Axes with ticks and labels, and the title; `letter` 0 for none. */
void draw_axes(cairo_t *cairo, const struct Scene *scene, const struct Panel *panel, char letter);

/* A colour bar with its axis. */
void draw_color_bar(cairo_t *cairo, const struct Scene *scene, const struct ColorScale *colors);

/* The markup of letter and title; false if there is neither. */
bool draw_title_text(const struct Panel *panel, char letter, char *text, size_t size);

/* Stretches an image of n_x by n_y colours (0xRRGGBB, first row at the bottom) over the box. */
void draw_image(cairo_t *cairo, const unsigned *rgb, size_t n_x, size_t n_y, struct Box box);

#endif
