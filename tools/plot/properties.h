/*
 * Metadata of a picture, by file format: document properties of a PDF (written by Cairo), text
 * chunks of a PNG, <metadata> of an SVG.
 */
#ifndef PLOT_PROPERTIES_H
#define PLOT_PROPERTIES_H

#include <stdio.h>

/* UTF-8 without control characters, parentheses and backslashes: Cairo 1.16 does not escape them
   in a PDF. */
struct Properties {
  const char *title, *subject, *creator;
};

/* The chunks Title, Description and Software: tEXt or, if not ASCII, iTXt. They go after the
   file header of PNG_HEADER bytes. */
enum { PNG_HEADER = 33 };
void properties_write_png(const struct Properties *properties, FILE *stream);

/* "<metadata>TITLE by CREATOR from SUBJECT</metadata>", to go inside the root element. */
void properties_write_svg(const struct Properties *properties, FILE *stream);

#endif
