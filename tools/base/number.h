/*
 * Strict number parsing: the whole string must be one number, without surrounding characters or
 * overflow. The decimal separator is the point (no tool leaves the C locale).
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal integer with an optional sign. For anything else returns false and leaves *value
   alone. */
bool number_parse_integer(const char *text, int64_t *value);

/* A decimal number such as 0.3, 1e-8, -2, nan, inf; not hexadecimal. Returns false for anything
   else, and for finite numbers too large for a double. */
bool number_parse_real(const char *text, double *value);

enum { NUMBER_TEXT_SIZE = 32 };

/* Writes the shortest decimal string that reads back as the same double; integers below 1e15
   without an exponent; "nan", "inf", "-inf". */
void number_format_real(double value, char text[NUMBER_TEXT_SIZE]);

#endif
