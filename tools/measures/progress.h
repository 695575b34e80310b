/*
 * The progress measures of one snapshot (section 5), all that a row of progress-measures.tsv holds
 * but the phase, which takes the whole run to tell.
 */
#ifndef MEASURES_PROGRESS_H
#define MEASURES_PROGRESS_H

#include "measures/losses.h"
#include "measures/snapshot.h"

struct ProgressMeasures {
  struct Losses losses;      /* of the logits as they are */
  double excluded_loss;      /* train pairs, all key frequencies removed (section 5.1) */
  struct Losses restricted;  /* only key frequencies and the mean logits kept (section 5.1) */
  double gini_W_E, gini_W_L; /* of the norms of all p Fourier components, the constant included */
  double squared[N_PARAMETERS]; /* sum of squared weights by parameter */
  double squared_weights;       /* their sum */
};

/* What one thread needs to measure one snapshot after the other. */
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

/* Bytes that a worker has at work, all that grows with the square of p counted. */
size_t progress_worker_size(const struct Trajectory *trajectory);
void progress_worker_release(struct ProgressWorker *worker);

/* Loads snapshot number `index` and measures it. */
bool progress_measure(struct ProgressWorker *worker, size_t index,
                      struct ProgressMeasures *measures, struct Error *error);

/* The snapshot that was measured last, frequency by frequency, each array [n_frequencies + 1] with
   nothing at index 0: the coefficient of cos(w_k(a + b - c)) in the logits (figure 14), and the
   excluded loss of k alone (figure 15). */
bool progress_measure_frequencies(struct ProgressWorker *worker, double *coefficients,
                                  double *excluded_losses, struct Error *error);

#endif
