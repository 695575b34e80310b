/*
 * How a claim's quantity varies from run to run.
 */
#ifndef CLAIMS_RANGE_H
#define CLAIMS_RANGE_H

#include "claims/claims.h"

struct ClaimRange {
  size_t n, n_held;   /* runs that have the quantity; those for which the claim holds */
  double least, most; /* of the numbers; NaN if there is none */
  bool has_nan;
};

/* Over all runs of which the claim's table is given, mainline/x, seed-1/x, and has the quantity. */
struct ClaimRange claim_range(const struct Claim *claim, const struct Quantities *quantities);

#endif
