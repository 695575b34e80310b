/*
 * Losses and accuracies of given logits. The answer is one of the p numbers: the "=" logit, if any,
 * is ignored. Means are taken in double precision over the pairs in order of p a + b. A mean over
 * no pairs is NaN.
 */
#ifndef MEASURES_LOSSES_H
#define MEASURES_LOSSES_H

#include "measures/logit_rows.h"
#include "network/dataset.h"

struct MeanLoss {
  double loss;     /* nats, mean cross-entropy */
  double accuracy; /* fraction of pairs whose answer has the largest logit */
};

/* Over all, training and test pairs. */
struct Losses {
  struct MeanLoss all, train, test;
};

/* Losses of logits[p^2][V], V >= p, unmodified. */
void losses_of_logits(const struct Dataset *dataset, const float *logits, int V,
                      struct Losses *losses);

/* The sums of one pass over the pairs, at first all zero. */
struct LossSums {
  struct LossSum {
    double loss;
    size_t correct, pairs;
  } all, train, test;
};

struct MeanLoss losses_mean_of(const struct LossSum *sum);
void losses_add(struct LossSums *sums, bool train, double loss, bool correct);

/* Adds the pairs of some rows. */
void losses_add_rows(struct LossSums *sums, const struct Dataset *dataset,
                     const struct LogitRows *rows);
struct Losses losses_mean(const struct LossSums *sums);

#endif
