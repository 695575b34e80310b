/*
 * Do the settings assumed for a checkpoint fit it? There are two checks.
 *
 * A trained network answers its training pairs correctly, and hence at least that share of all
 * pairs, whatever the split. If it does not, it is interpreted differently from how it was trained
 * (its operation, activation or attention, a transposed or permuted matrix), or it has not learned
 * yet.
 *
 * Training pairs have smaller losses than test pairs, even after grokking, when both are tiny. For
 * a split unrelated to the one trained on, the training pairs are a random sample, and the
 * standardised rank sum of their losses (Wilcoxon, Mann-Whitney) is a standard normal variable; for
 * the split trained on it is far below 0. The two halves of the training pairs, in shuffle order,
 * are alike, and so are those of the test pairs; if a different share of the same shuffle was
 * trained on, one of the two sets begins with true training pairs and ends with true test pairs.
 */
#ifndef MEASURES_PLAUSIBILITY_H
#define MEASURES_PLAUSIBILITY_H

#include "measures/losses.h"
#include "measures/snapshot.h"

/* Far below 0: a standard normal variable is below it with probability 3e-5. */
extern const double plausibility_threshold; /* -4 */

struct Plausibility {
  struct Losses losses;
  double chance, train_share; /* of all pairs */
  double split;               /* rank sum of the training pairs among all, standardised */
  double train_order;         /* the same for the first half of the training pairs among them, */
  double test_order;          /* and for the test pairs; all three are NaN for a train_mask */
};

/* The losses of all pairs: at first the sums are zero. */
struct PairLosses {
  const struct Dataset *dataset;
  struct LossSums sums;
  double *each; /* [p^2] */
};

/* Adds those of some rows to `losses`, a struct PairLosses. Never fails (measures/snapshot.h). */
bool plausibility_add(void *losses, const struct LogitRows *rows, struct Error *error);

/* From the losses of all pairs. Error: out of memory. */
bool plausibility_measure(const struct Trajectory *trajectory, const struct PairLosses *losses,
                          struct Plausibility *plausibility, struct Error *error);

/* The same of a snapshot. Errors: out of memory; those of snapshot_load. */
bool plausibility_measure_snapshot(const struct Trajectory *trajectory, size_t index,
                                   struct Plausibility *plausibility, struct Error *error);

enum PlausibilityVerdict {
  VERDICT_FITS,
  VERDICT_TOO_FEW,  /* trained on more pairs of the same shuffle */
  VERDICT_TOO_MANY, /* trained on fewer */
  VERDICT_OTHERS,   /* trained on other pairs */
  VERDICT_UNFITTED, /* the training pairs are not answered correctly */
};
enum PlausibilityVerdict plausibility_judge(const struct Plausibility *plausibility);

#endif
