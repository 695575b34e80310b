/*
 * Losses without each frequency alone, of sixteen frequencies at once (measures/removal.h): what
 * directed_logits_excluded, logit_fit_excluded and directed_logits_ablated compute one by one, with
 * the same bits. The pairs come in blocks of rows, so that the logits of all need not be kept.
 */
#ifndef MEASURES_WITHOUT_EACH_H
#define MEASURES_WITHOUT_EACH_H

#include "measures/directed_logits.h"
#include "measures/removal.h"

/* What the lanes remove: for i < REMOVAL_LANES / 2, each half removes the frequency first + i. */
struct WithoutLanes {
  bool train_only; /* no losses of other pairs */
  struct WithoutHalf {
    int first;   /* at least 1; lanes of frequencies that there are not remove nothing */
    bool fitted; /* the fit of logit_fit_cosines, else the projection on both directions */
  } half[2];
};

/* The sums of the losses of some pairs; at first all zero. */
struct LaneSum {
  double loss[REMOVAL_LANES];
  int32_t correct[REMOVAL_LANES];
  size_t pairs;
};

struct LaneSums {
  struct LaneSum all, train, test; /* with train_only the others stay zero */
};

struct MeanLoss without_each_mean(const struct LaneSum *sum, size_t lane);

/* What one thread needs: 5 MB, and in proportion to p. */
struct WithoutEach {
  struct RemovalTask task;
  double *cosines;              /* [p]: cos(2 pi d / p) */
  double *parts[2][2];          /* of each half, [p][REMOVAL_LANES / 2] */
  struct RemovalLosses *losses; /* of the pairs of a block */
  const float **logits;         /* [p]: of the pairs with the same s */
  struct RemovalLosses **at;    /* [p]: the same */
};

bool without_each_init(struct WithoutEach *each, int p, struct Error *error);
void without_each_release(struct WithoutEach *each);

/* Adds the losses of the pairs of these rows, which come in order. The components of `directed` are
   those of the logits of all pairs. */
void without_each_add(struct WithoutEach *each, const struct DirectedLogits *directed,
                      const struct LogitRows *rows, const struct WithoutLanes *lanes,
                      struct LaneSums *sums);

#endif
