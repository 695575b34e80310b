/* Minimum, maximum and mean of a set of values. */
#ifndef MEASURES_SPREAD_H
#define MEASURES_SPREAD_H

#include <stddef.h>

struct Spread {
  size_t n;
  double least, most, sum; /* least and most are NaN if there is no value */
};

struct Spread spread_empty(void);

/* NaNs are ignored. */
void spread_add(struct Spread *spread, double value);

/* NaN if there is no value. */
double spread_mean(const struct Spread *spread);

#endif
