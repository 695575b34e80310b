#include "measures/range.h"

#include <math.h>

struct Range range_empty(void)
{
  return (struct Range){.least = NAN, .most = NAN};
}

void range_add(struct Range *range, double value)
{
  if (isnan(value)) return;
  if (!(range->least <= value)) range->least = value;
  if (!(range->most >= value)) range->most = value;
  range->sum += value;
  range->n++;
}

double range_mean(const struct Range *range)
{
  return range->sum / (double)range->n; /* 0/0 is NaN */
}
