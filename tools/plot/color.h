/*
 * Colours. Names for lines are the eight colours of Okabe and Ito (Color Universal Design, 2008),
 * which the colour-blind tell apart: black, orange, sky-blue, green, yellow, blue, vermillion,
 * purple; with grey and light-grey beside them. Maps are tabulated at published anchors and
 * interpolated in CIELAB, so that equal steps of the value are equal steps of lightness.
 */
#ifndef PLOT_COLOR_H
#define PLOT_COLOR_H

#include <stdbool.h>

struct Color {
  double red, green, blue; /* sRGB, 0 ... 1 */
};

/* In the order of the choices of `map` in a specification. */
enum ColorMap { COLOR_MAP_VIRIDIS, COLOR_MAP_BLUES, COLOR_MAP_BLUE_WHITE_RED, N_COLOR_MAPS };

/* A name, or #rrggbb. False for anything else. */
bool color_parse(const char *text, struct Color *color);

/* All names, for messages. */
const char *color_names(void);

bool color_equal(struct Color a, struct Color b);

/* The colour `step` places after `color` in the palette, for lines of a group; other colours
   start the palette at its beginning. */
struct Color color_next(struct Color color, int step);

/* Blends with white: 0 leaves it, 1 is white. */
struct Color color_tint(struct Color color, double tint);

/* position 0 ... 1 from the map's low end to its high end; beyond, the ends. */
struct Color color_map(enum ColorMap map, double position);

/* White lies in the middle of the map, and 0 belongs there. */
bool color_map_is_diverging(enum ColorMap map);

/* CIE L*, 0 ... 100. */
double color_lightness(struct Color color);

/* The background of phase 0, 1, 2, ...: light tints that differ in hue and lightness. */
struct Color color_phase(int phase);

#endif
