/* Sorting. */
#ifndef MEASURES_ORDER_H
#define MEASURES_ORDER_H

#include <stddef.h>

/* Sorts n numbers, none of them NaN, in increasing order. */
void sort_increasing(double *values, size_t n);

#endif
