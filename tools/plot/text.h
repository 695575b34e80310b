/*
 * Text: Pango markup set in one font family, which must be installed. Sizes and extents are in
 * points, glyph positions are fractional, and nothing depends on the screen of this machine.
 */
#ifndef PLOT_TEXT_H
#define PLOT_TEXT_H

#include "base/error.h"

#include <stdbool.h>

typedef struct _cairo cairo_t;
struct Font; /* a family and the context that sets text in it */

enum TextWeight { TEXT_REGULAR, TEXT_BOLD };

/* The position of the given point in the text's box: 0 left or top, 0.5 centre, 1 right or
   bottom. */
struct Anchor {
  double x, y;
};

struct Extent {
  double width, height;
};

/* Error: the family is not installed; the message names it and its Debian package. */
struct Font *font_new(const char *family, struct Error *error);
void font_free(struct Font *font);

/* Checks that the markup is well-formed. */
bool text_check_markup(const char *markup, struct Error *error);

/* The text as markup, with special characters escaped; the caller frees it. Error: it is not
   UTF-8. */
char *text_escape(const char *text, struct Error *error);

/* Checks that the font has every character. */
bool text_check_glyphs(struct Font *font, const char *markup, struct Error *error);

/* The box of a text: its advance width by the cap height, which is what the eye aligns; for
   several lines, from the cap height of the first to the baseline of the last. */
struct Extent text_extent(struct Font *font, const char *markup, double size,
                          enum TextWeight weight);

/* In units of the size: baseline distance, and how far letters extend above the cap height and
   below the baseline. */
#define TEXT_LINE                1.25
#define TEXT_ASCENT_OVER_CAPITAL 0.12
#define TEXT_DESCENT             0.24

/* Draws the text with the anchor of its box at x, y, rotated to read upwards if `upwards`; the
   anchor refers to the box before rotation. */
void text_draw(struct Font *font, cairo_t *cairo, const char *markup, double size,
               enum TextWeight weight, double x, double y, struct Anchor anchor, bool upwards);

#endif
