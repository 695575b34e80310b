/*
 * What a repeated section says of each of its copies: texts in which {each}, {each.label} and
 * {each.color} stand for an item of the lists `each`, `each.label` and `each.color` (figure.h).
 */
#ifndef PLOT_EACH_H
#define PLOT_EACH_H

#include "base/error.h"

#include <stdbool.h>

/* Lists of the same length (plot/list.h), owned by others. */
struct Each {
  const char *words;
  const char *labels; /* NULL: the words */
  const char *colors; /* names and #rrggbb; or EACH_VIRIDIS; NULL: there are none */
};

/* In the place of colours: colours along that map, one for each item, from its dark end. */
#define EACH_VIRIDIS "viridis"

/* Does the text have a part that begins as {each} does? */
bool each_is_in(const char *text);

/* The text with item i in the place of {each} and of the others, colours as #rrggbb; the caller
   frees it. Errors: {each.color} without colours, or {each and something else. */
char *each_replace(const struct Each *each, int i, const char *text, struct Error *error);

#endif
