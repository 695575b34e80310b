/*
 * Losses and accuracies of given logits, unmodified or with Fourier directions removed or kept. The
 * answer is one of the p numbers: the "=" logit, if any, is ignored. Means are taken in double
 * precision over the pairs in order of p a + b. A mean over no pairs is NaN.
 */
#ifndef MEASURES_LOSSES_H
#define MEASURES_LOSSES_H

#include "fourier/basis.h"
#include "fourier/directions.h"
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

/* Logits and their components along cos, sin(w_k(a + b)), or a - b for a network that subtracts
   (fourier/directions.h). */
struct DirectedLogits {
  const struct FourierBasis *basis; /* borrowed */
  const struct Dataset *dataset;    /* borrowed */
  enum DirectionSign sign;
  const float *logits; /* [p^2][V], borrowed by directed_logits_set */
  int V;
  double *folded;     /* [p][p]: s, output */
  double *components; /* [p][p]: component over s, output */
};

/* The sign for an operation: a + b for add, a - b for subtract. Error: any other operation. */
bool directions_of_operation(enum Operation operation, enum DirectionSign *sign,
                             struct Error *error);

bool directed_logits_init(struct DirectedLogits *directed, const struct FourierBasis *basis,
                          const struct Dataset *dataset, enum DirectionSign sign,
                          struct Error *error);
void directed_logits_release(struct DirectedLogits *directed);

/* Sets the logits of a snapshot, which must outlive the calls below. */
void directed_logits_set(struct DirectedLogits *directed, const float *logits, int V);

/* `frequencies` is always [n_frequencies + 1]; index 0, the constant, must be false. */

/* Excluded loss (section 5.1): the mean over the training pairs after subtracting from the
   logits their projection on both directions of every chosen frequency. No bias correction. */
bool excluded_loss(const struct DirectedLogits *directed, const bool *frequencies, double *loss,
                   struct Error *error);

/* The losses of the same logits on every subset (figure 6). */
bool ablated_losses(const struct DirectedLogits *directed, const bool *frequencies,
                    struct Losses *losses, struct Error *error);

/* Restricted loss (section 5.1): keeps only the projection on the directions of the chosen
   frequencies, plus the mean logits over all pairs. */
bool restricted_losses(const struct DirectedLogits *directed, const bool *frequencies,
                       struct Losses *losses, struct Error *error);

#endif
