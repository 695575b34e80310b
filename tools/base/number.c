#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool number_parse_integer(const char *text, int64_t *value)
{
  const char *digits = text + (*text == '-' || *text == '+');
  if (!isdigit((unsigned char)*digits)) return false;
  char *end;
  errno = 0;
  long long parsed = strtoll(text, &end, 10);
  if (errno != 0 || *end != '\0') return false;
  *value = parsed;
  return true;
}

bool number_parse_real(const char *text, double *value)
{
  if (strcmp(text, "nan") == 0) {
    *value = NAN;
    return true;
  }
  if (strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0) {
    *value = *text == '-' ? -INFINITY : INFINITY;
    return true;
  }
  if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0') return false;
  char *end;
  double parsed = strtod(text, &end);
  if (end == text || *end != '\0' || !isfinite(parsed)) return false;
  *value = parsed;
  return true;
}

/* How many significant digits it takes to read back the same double: 17 at most. */
static int fewest_digits(double value)
{
  char text[NUMBER_TEXT_SIZE];
  for (int digits = 1; digits < 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) return digits;
  }
  return 17;
}

void number_format_real(double value, char text[NUMBER_TEXT_SIZE])
{
  if (isnan(value)) {
    snprintf(text, NUMBER_TEXT_SIZE, "nan"); /* printf would print the sign of a NaN */
    return;
  }
  if (fabs(value) < 1e15 && value == floor(value)) {
    snprintf(text, NUMBER_TEXT_SIZE, "%.0f", value); /* 1000, not 1e+03 as with %g */
    return;
  }
  snprintf(text, NUMBER_TEXT_SIZE, "%.*g", fewest_digits(value), value);
}
