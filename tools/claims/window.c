#include "claims/window.h"

#include "base/number.h"

#include <math.h>
#include <stdio.h>

static bool parse_bound(double *bound, const char *column, const char *text, struct Error *error)
{
  if (number_parse_real(text, bound) && !isnan(*bound)) return true;
  return error_set(error, "column \"%s\": found \"%s\", expected a number", column, text);
}

bool window_parse(struct Window *window, const char *low, const char *high, struct Error *error)
{
  *window = (struct Window){.low_text = low, .high_text = high};
  return parse_bound(&window->low, "low", low, error) &&
         parse_bound(&window->high, "high", high, error);
}

bool window_is_empty(const struct Window *window)
{
  return window->low > window->high;
}

bool window_contains(const struct Window *window, double value)
{
  return value >= window->low && value <= window->high;
}

void window_format(const struct Window *window, char text[WINDOW_TEXT_SIZE])
{
  const char *low = window->low_text, *high = window->high_text;
  if (window->low == window->high)
    snprintf(text, WINDOW_TEXT_SIZE, "%s", low);
  else if (isinf(window->low) && isinf(window->high))
    snprintf(text, WINDOW_TEXT_SIZE, "any number");
  else if (isinf(window->low))
    snprintf(text, WINDOW_TEXT_SIZE, "at most %s", high);
  else if (isinf(window->high))
    snprintf(text, WINDOW_TEXT_SIZE, "at least %s", low);
  else
    snprintf(text, WINDOW_TEXT_SIZE, "%s to %s", low, high);
}
