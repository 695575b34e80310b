#include "table/tex.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void tex_put_number(FILE *stream, double value)
{
  char digits[64];
  bool whole = value == floor(value) && fabs(value) < 1e7;
  snprintf(digits, sizeof digits, whole ? "%.0f" : "%.3g", value);
  char *exponent = strchr(digits, 'e');
  if (isnan(value)) {
    fputs("--", stream);
  } else if (isinf(value)) {
    fputs(value < 0 ? "$-\\infty$" : "$\\infty$", stream);
  } else if (exponent) {
    *exponent = '\0';
    fprintf(stream, "$%s \\times 10^{%ld}$", digits, strtol(exponent + 1, NULL, 10));
  } else {
    fprintf(stream, "$%s$", digits);
  }
}

void tex_put_text(FILE *stream, const char *text)
{
  for (; *text; text++)
    if (strchr("#$%&_{}", *text))
      fprintf(stream, "\\%c", *text);
    else if (*text == '~')
      fputs("$\\sim$", stream);
    else if (*text == '^')
      fputs("\\textasciicircum{}", stream);
    else if (*text == '\\')
      fputs("\\textbackslash{}", stream);
    else
      putc(*text, stream);
}
