#include "measures/spread.h"

#include <math.h>

struct Spread spread_empty(void)
{
  return (struct Spread){.least = NAN, .most = NAN};
}

void spread_add(struct Spread *spread, double value)
{
  if (isnan(value)) return;
  if (!(spread->least <= value)) spread->least = value;
  if (!(spread->most >= value)) spread->most = value;
  spread->sum += value;
  spread->n++;
}

double spread_mean(const struct Spread *spread)
{
  return spread->sum / (double)spread->n; /* 0/0 is NaN */
}
