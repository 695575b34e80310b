/*
 * Claims: rows of a table, each with a quantity and the window in which it must lie. They are read,
 * and then judged by what was measured. A second table may list failures that are known, so that
 * new ones stand out. `verify --help` describes the columns of both.
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

enum Verdict {
  VERDICT_HOLDS,
  VERDICT_FAILS,
  VERDICT_KNOWN,     /* fails, as is listed */
  VERDICT_SURPRISES, /* holds, though it is listed as a failure */
  VERDICT_MISSING,   /* nothing to judge it by */
  VERDICT_UNMEASURED /* the same, and that is allowed */
};

struct Claim {
  const char *cells[N_CLAIM_COLUMNS]; /* of the claims table, or what stands for an absent column */
  struct Window window;
  const struct Table *source; /* the quantity's table; NULL: it was not given */
  double ours;                /* NaN when missing */
  enum Verdict verdict;
  const char *known; /* why it is known to fail; NULL: it is not */
  char *missing;     /* if missing: a message with the nearest names; else NULL */
};

struct Claims {
  struct Table table;
  struct Table known;   /* the failures that are known, if a table of them was read */
  struct Claim *claims; /* [n]: the claims of the scale */
  size_t n;
};

/* Reads the claims of a scale. Errors: a table that cannot be read; a column that is unknown or
   missing; a window that is empty or not one; two claims of one name; no claims. */
bool claims_read(struct Claims *claims, const char *path, const char *scale, struct Error *error);
void claims_release(struct Claims *claims);

/* Marks the claims whose failures a table lists for the scale and the run that they are about: that
   run, or with NULL the one that their tables name. Errors: a table that cannot be read; a column
   is missing; a failure is listed twice. */
bool claims_read_known(struct Claims *claims, const char *path, const char *run, const char *scale,
                       struct Error *error);

/* How claims are judged. */
struct Judging {
  const char *run;    /* by the tables of that run: RUN/NAME is looked up as its table, and claims
                         whose table is not there are dropped; NULL: by those that they name */
  bool only_measured; /* a claim whose table is not there is not measured, rather than missing */
};

/* Judges the claims by quantities, which must outlive them. Errors: a quantity whose value is not a
   number; no claim is left. */
bool claims_judge(struct Claims *claims, const struct Quantities *quantities,
                  const struct Judging *how, struct Error *error);

/* "holds", "fails", "fails, known", "holds, though listed", "missing", "not measured" */
const char *verdict_name(enum Verdict verdict);

/* Do all claims hold, but for those that are known to fail or may be unmeasured? */
bool claims_are_as_expected(const struct Claims *claims);

/* How many claims have that verdict. */
size_t claims_count(const struct Claims *claims, enum Verdict verdict);

#endif
