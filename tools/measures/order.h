/* Numbers put in order. */
#ifndef MEASURES_ORDER_H
#define MEASURES_ORDER_H

#include <stddef.h>

/* Sorts n numbers, none of them NaN, from the smallest to the largest. */
void sort_rising(double *values, size_t n);

#endif
