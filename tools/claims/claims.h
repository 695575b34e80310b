/*
 * Claims: rows of a table, each with a quantity and the window in which it must lie. They are read,
 * and then judged by what was measured. `verify --help` describes the columns.
 */
#ifndef CLAIMS_CLAIMS_H
#define CLAIMS_CLAIMS_H

#include "claims/quantities.h"
#include "claims/window.h"
#include "table/table.h"

#include <stddef.h>

enum ClaimColumn {
  CLAIM_NAME,
  CLAIM_WHERE,
  CLAIM_STATEMENT,
  CLAIM_PAPER,
  CLAIM_TABLE,
  CLAIM_QUANTITY,
  CLAIM_LOW,
  CLAIM_HIGH,
  CLAIM_SCALE,
  CLAIM_REASON,
  N_CLAIM_COLUMNS
};

enum Verdict { VERDICT_HOLDS, VERDICT_FAILS, VERDICT_MISSING };

struct Claim {
  const char *cells[N_CLAIM_COLUMNS]; /* of the claims table, or what stands for an absent column */
  struct Window window;
  const struct Table *source; /* the quantity's table; NULL: it was not given */
  double ours;                /* NaN when missing */
  enum Verdict verdict;
  char *missing; /* if missing: a message with the nearest names; else NULL */
};

struct Claims {
  struct Table table;
  struct Claim *claims; /* [n]: the claims of the scale */
  size_t n;
};

/* Reads the claims of a scale. Errors: a table that cannot be read; a column that is unknown or
   missing; a window that is empty or not one; two claims of one name; no claims. */
bool claims_read(struct Claims *claims, const char *path, const char *scale, struct Error *error);
void claims_release(struct Claims *claims);

/* Judges the claims by quantities, which must outlive them. With a run (NULL: none), by the tables
   of that run: RUN/NAME is looked up as its table, and claims whose table is not there are dropped.
   Errors: a quantity whose value is not a number; no claim is left. */
bool claims_judge(struct Claims *claims, const struct Quantities *quantities, const char *run,
                  struct Error *error);

/* "holds", "fails", "missing" */
const char *verdict_name(enum Verdict verdict);

/* How many claims have that verdict. */
size_t claims_count(const struct Claims *claims, enum Verdict verdict);

#endif
