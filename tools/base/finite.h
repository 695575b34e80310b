/*
 * Numbers that did not overflow.
 */
#ifndef BASE_FINITE_H
#define BASE_FINITE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether all n values are finite. */
static inline bool all_finite(const float *values, size_t n)
{
  int strays = 0;
  for (size_t i = 0; i < n; i++)
    strays |= !isfinite(values[i]);
  return !strays;
}

#endif
