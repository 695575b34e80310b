/* Many values as few numbers. */
#ifndef MEASURES_RANGE_H
#define MEASURES_RANGE_H

#include <stddef.h>

struct Range {
  size_t n;
  double least, most, sum; /* least and most are NaN while there is no value */
};

struct Range range_empty(void);

/* NaN is passed over. */
void range_add(struct Range *range, double value);

/* NaN of no values. */
double range_mean(const struct Range *range);

#endif
