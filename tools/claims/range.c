#include "claims/range.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add(struct ClaimRange *range, const struct Claim *claim, double value)
{
  range->n++;
  range->n_held += window_contains(&claim->window, value);
  range->has_nan = range->has_nan || isnan(value);
  range->least = fmin(range->least, value); /* of NaN and a number, the number */
  range->most = fmax(range->most, value);
}

struct ClaimRange claim_range(const struct Claim *claim, const struct Quantities *quantities)
{
  struct ClaimRange range = {.least = NAN, .most = NAN};
  const char *slash = strrchr(claim->cells[CLAIM_TABLE], '/');
  const char *name = slash ? slash + 1 : claim->cells[CLAIM_TABLE];
  for (size_t i = 0; i < quantities->n; i++) {
    const struct Table *table = &quantities->tables[i];
    double value;
    char *missing;
    struct Error ignored; /* another run may not be able to tell */
    if (!quantity_table_is(table, name) ||
        !quantity_find(table, claim->cells[CLAIM_QUANTITY], &value, &missing, &ignored))
      continue;
    if (!missing) add(&range, claim, value);
    free(missing);
  }
  return range;
}
