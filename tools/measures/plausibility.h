/*
 * Does what was assumed of a checkpoint fit it? Two things tell.
 *
 * A trained network answers its training pairs right, and so at least that share of all pairs,
 * whichever they are. One that does not is read in another way than it was trained (its operation,
 * activation or attention, a matrix that is transposed or in another order), or has yet to learn.
 *
 * The losses of training pairs are smaller than those of the others, and stay so when both are tiny
 * after grokking. Pairs that have nothing to do with those that trained are a random sample: the
 * rank sum of their losses (Wilcoxon; Mann and Whitney), less its mean and over its standard
 * deviation, is then a standard normal variable. A split that was trained on has one far below 0.
 * The halves of the training pairs in the order of the shuffle are alike, and so are those of the
 * others; where another share of the same shuffle was trained on, one of these two sets begins with
 * training pairs and ends with others.
 */
#ifndef MEASURES_PLAUSIBILITY_H
#define MEASURES_PLAUSIBILITY_H

#include "measures/losses.h"
#include "model/trajectory.h"

/* Far below 0: a standard normal variable is below it in three cases of 100,000. */
extern const double plausibility_threshold; /* -4 */

struct Plausibility {
  struct Losses losses;
  double chance, train_share; /* of all pairs */
  double split;               /* rank sum of the training pairs among all, standardised */
  double train_order;         /* the same of the first half of the training pairs among them, */
  double test_order;          /* and of the others among them; all three are NaN for a train_mask */
};

/* Of the logits [p^2][V] that a snapshot of the trajectory gives. Error: no memory. */
bool plausibility_measure(const struct Trajectory *trajectory, const float *logits, int V,
                          struct Plausibility *plausibility, struct Error *error);

enum Verdict {
  VERDICT_FITS,
  VERDICT_TOO_FEW,  /* more pairs were trained on, of the same shuffle */
  VERDICT_TOO_MANY, /* fewer were */
  VERDICT_OTHERS,   /* other pairs were */
  VERDICT_UNFITTED, /* the training pairs are not answered right */
};
enum Verdict plausibility_judge(const struct Plausibility *plausibility);

#endif
