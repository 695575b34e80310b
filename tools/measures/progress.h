/*
 * The progress measures of one snapshot (section 5): a row of progress-measures.tsv except the
 * phase, which depends on the whole run.
 */
#ifndef MEASURES_PROGRESS_H
#define MEASURES_PROGRESS_H

#include "measures/losses.h"
#include "measures/snapshot.h"

struct ProgressMeasures {
  struct Losses losses;      /* of the unmodified logits */
  double excluded_loss;      /* train pairs, all key frequencies removed (section 5.1) */
  struct Losses restricted;  /* only key frequencies and the mean logits kept (section 5.1) */
  double gini_W_E, gini_W_L; /* of the norms of all p Fourier components, including the constant */
  double squared[N_PARAMETERS]; /* sum of squared weights by parameter */
  double squared_weights;       /* their sum */
};

/* One thread's state for measuring snapshots. */
struct ProgressWorker {
  const struct Trajectory *trajectory; /* borrowed */
  const struct FourierBasis *basis;    /* borrowed */
  const bool *keys;                    /* borrowed, [n_frequencies + 1] */
  struct Snapshot snapshot;
  struct DirectedLogits directed;
};

/* `keys` are the key frequencies of the last snapshot. Error: an operation without directions. */
bool progress_worker_init(struct ProgressWorker *worker, const struct Trajectory *trajectory,
                          const struct FourierBasis *basis, const bool *keys, struct Error *error);

/* Memory of a worker in bytes, counting everything that grows with p^2. */
size_t progress_worker_size(const struct Trajectory *trajectory);
void progress_worker_release(struct ProgressWorker *worker);

/* Loads and measures snapshot number `index`. */
bool progress_measure(struct ProgressWorker *worker, size_t index,
                      struct ProgressMeasures *measures, struct Error *error);

/* For the last measured snapshot, by frequency: the coefficient of cos(w_k(a + b - c)) in the
   logits (figure 14), and the excluded loss of k alone (figure 15). The arrays are
   [n_frequencies + 1]; index 0 is unused. */
bool progress_measure_frequencies(struct ProgressWorker *worker, double *coefficients,
                                  double *excluded_losses, struct Error *error);

#endif
