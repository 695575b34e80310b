/* Minimum, maximum and mean of a set of values. */
#ifndef MEASURES_RANGE_H
#define MEASURES_RANGE_H

#include <stddef.h>

struct Range {
  size_t n;
  double least, most, sum; /* least and most are NaN if there is no value */
};

struct Range range_empty(void);

/* NaNs are ignored. */
void range_add(struct Range *range, double value);

/* NaN if there is no value. */
double range_mean(const struct Range *range);

#endif
