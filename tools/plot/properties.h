/*
 * What a picture says about itself, in the form that its file format has for that: a PDF's
 * document properties (which Cairo writes), text chunks of a PNG, the <metadata> of an SVG.
 */
#ifndef PLOT_PROPERTIES_H
#define PLOT_PROPERTIES_H

#include <stdio.h>

/* UTF-8 without control characters, and without parentheses and backslashes, which Cairo 1.16
   writes into a PDF as they are. */
struct Properties {
  const char *title, *subject, *creator;
};

/* The chunks Title, Description and Software: tEXt or, for what is not ASCII, iTXt. They belong
   behind the header of the file, PNG_HEADER bytes. */
enum { PNG_HEADER = 33 };
void properties_write_png(const struct Properties *properties, FILE *stream);

/* "<metadata>TITLE by CREATOR from SUBJECT</metadata>", which belongs into the root element. */
void properties_write_svg(const struct Properties *properties, FILE *stream);

#endif
