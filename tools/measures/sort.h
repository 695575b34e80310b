/* Sorting. */
#ifndef MEASURES_SORT_H
#define MEASURES_SORT_H

#include <stddef.h>

/* Sorts n numbers, none of them NaN, in increasing order. */
void sort_increasing(double *values, size_t n);

#endif
