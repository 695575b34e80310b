/*
 * Text: Pango markup set in one family, which must be there. Sizes and extents are in points,
 * glyphs are placed in fractions of them, and nothing depends on the screen of this machine.
 */
#ifndef PLOT_TEXT_H
#define PLOT_TEXT_H

#include "base/error.h"

#include <stdbool.h>

typedef struct _cairo cairo_t;
struct Font; /* a family and the context that sets text in it */

enum TextWeight { TEXT_REGULAR, TEXT_BOLD };

/* Where the given point lies in the text's box: 0 left or top, 0.5 middle, 1 right or bottom. */
struct Anchor {
  double x, y;
};

struct Extent {
  double width, height;
};

/* Errors: the family is not installed (naming it and the Debian package it comes with). */
struct Font *font_new(const char *family, struct Error *error);
void font_free(struct Font *font);

/* The markup is well-formed. */
bool text_check_markup(const char *markup, struct Error *error);

/* Markup that shows the text as it is, which the caller frees. Error: it is no UTF-8. */
char *text_escape(const char *text, struct Error *error);

/* The family has every character of it. */
bool text_check_glyphs(struct Font *font, const char *markup, struct Error *error);

/* The box of a text: as wide as it is set, as high as a capital, which is what the eye aligns; of
   several lines, from the first one's capitals to the last one's base line. */
struct Extent text_extent(struct Font *font, const char *markup, double size,
                          enum TextWeight weight);

/* From a base line to the next one's, in sizes; and the parts of a letter above a capital and
   below the base line. */
#define TEXT_LINE                1.25
#define TEXT_ASCENT_OVER_CAPITAL 0.12
#define TEXT_DESCENT             0.24

/* Draws the text with the anchor of its box at x, y, turned by a quarter (reading upwards) if
   `upwards`; the anchor then refers to the box before it is turned. */
void text_draw(struct Font *font, cairo_t *cairo, const char *markup, double size,
               enum TextWeight weight, double x, double y, struct Anchor anchor, bool upwards);

#endif
