/*
 * The window in which a value must lie for a claim to hold: from low to high, inclusive.
 */
#ifndef CLAIMS_WINDOW_H
#define CLAIMS_WINDOW_H

#include "base/error.h"

struct Window {
  double low, high;
  const char *low_text, *high_text; /* as they were given; not owned */
};

/* Reads the bounds. Error: one is not a number. */
bool window_parse(struct Window *window, const char *low, const char *high, struct Error *error);

bool window_is_empty(const struct Window *window);

/* False for NaN. */
bool window_contains(const struct Window *window, double value);

/* "0.9 to 1", "at most 1", "at least 0.9", "5", "any number"; cut to the size. */
enum { WINDOW_TEXT_SIZE = 64 };
void window_format(const struct Window *window, char text[WINDOW_TEXT_SIZE]);

#endif
