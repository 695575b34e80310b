/*
 * Strict numbers: the whole text is one number, nothing before it, nothing behind it, no
 * overflow. The decimal separator is the point, as in the C locale, which no tool leaves.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A decimal integer with an optional sign. False, and *value untouched, for anything else. */
bool number_parse_integer(const char *text, int64_t *value);

/* A decimal number such as 0.3, 1e-8, -2, nan, inf. No hexadecimal. False for anything else, and
   for a finite text too large for a double. */
bool number_parse_real(const char *text, double *value);

enum { NUMBER_TEXT_SIZE = 32 };

/* Writes the shortest decimal text that reads back as the same double, whole numbers below 1e15
   without an exponent; "nan", "inf", "-inf". */
void number_format_real(double value, char text[NUMBER_TEXT_SIZE]);

#endif
