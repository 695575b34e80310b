/*
 * Colours. The named colours are the colour-blind safe palette of Okabe and Ito (Color Universal
 * Design, 2008): black, orange, sky-blue, green, yellow, blue, vermillion, purple; plus grey and
 * light-grey. Colour maps are tabulated at published anchors and interpolated in CIELAB, so that
 * equal steps in value are equal steps in lightness.
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

enum { COLOR_TEXT_SIZE = 8 };

/* #rrggbb, as color_parse reads it. */
void color_print(struct Color color, char text[static COLOR_TEXT_SIZE]);

/* All names, for messages. */
const char *color_names(void);

bool color_equal(struct Color a, struct Color b);

/* The colour `step` places after `color` in the palette, for lines of a group; colours outside
   the palette continue at its start. */
struct Color color_next(struct Color color, int step);

/* Item i of n in an order, 0 <= i < n: along viridis from its dark end to a tenth before its
   palest yellow, which is hardly visible on white. */
struct Color color_of_series(int i, int n);

/* Blends with white: 0 is the colour, 1 is white. */
struct Color color_tint(struct Color color, double tint);

/* position: 0 (low end) to 1 (high end), clamped. */
struct Color color_map(enum ColorMap map, double position);

/* Whether white is in the middle of the map, for the value 0. */
bool color_map_is_diverging(enum ColorMap map);

/* CIE L*, 0 ... 100. */
double color_lightness(struct Color color);

/* The background of phase 0, 1, 2, ...: light tints that differ in hue and lightness. */
struct Color color_phase(int phase);

#endif
