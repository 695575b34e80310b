/*
 * Losses of logits with Fourier directions removed or kept (section 5.1).
 */
#ifndef MEASURES_DIRECTED_LOGITS_H
#define MEASURES_DIRECTED_LOGITS_H

#include "fourier/directions.h"
#include "measures/losses.h"
#include "measures/subject.h"

/* Logits and their components along cos, sin(w_k(a + b)), or a - b for a network that subtracts
   (fourier/directions.h). */
struct DirectedLogits {
  const struct FourierBasis *basis; /* borrowed */
  const struct Dataset *dataset;    /* borrowed */
  enum DirectionSign sign;
  const float *logits; /* [p^2][V], borrowed by directed_logits_set; else NULL */
  int V;
  double *folded;     /* [p][p]: s, output */
  double *components; /* [p][p]: component over s, output */
};

/* The sign for an operation: a + b for add, a - b for subtract. Error: any other operation. */
bool directed_logits_sign(enum Operation operation, enum DirectionSign *sign, struct Error *error);

bool directed_logits_init(struct DirectedLogits *directed, const struct FourierBasis *basis,
                          const struct Dataset *dataset, enum DirectionSign sign,
                          struct Error *error);
void directed_logits_release(struct DirectedLogits *directed);

/* Sets the logits of a snapshot, which must outlive the calls below. */
void directed_logits_set(struct DirectedLogits *directed, const float *logits, int V);
struct LogitRows directed_logits_rows(const struct DirectedLogits *directed); /* all of them */

/* The same for logits of which there are only some rows at a time: begin, add all rows in order,
   finish. The calls below that need logits are then not to be made, unless rows are given to them.
 */
void directed_logits_begin(struct DirectedLogits *directed);
void directed_logits_add(struct DirectedLogits *directed, const struct LogitRows *rows);
void directed_logits_finish(struct DirectedLogits *directed);

/* `frequencies` is always [n_frequencies + 1]; index 0, the constant, must be false. */

/* The projection of the logits on the directions of the chosen frequencies, [p][p]: s, output; the
   caller frees it. It is a function of s alone. */
double *directed_logits_project(const struct DirectedLogits *directed, const bool *frequencies,
                                struct Error *error);

/* Excluded loss and accuracy (section 5.1): over the training pairs, after subtracting from the
   logits their projection on both directions of every chosen frequency. No bias correction. */
bool directed_logits_excluded(const struct DirectedLogits *directed, const bool *frequencies,
                              struct MeanLoss *train, struct Error *error);

/* The same after subtracting removed[s][c], [p][p], from the logits of every pair with that s. */
bool directed_logits_train_without(const struct DirectedLogits *directed, const double *removed,
                                   struct MeanLoss *train, struct Error *error);

/* The same for the training pairs of some rows, whose losses are added to a sum. */
bool directed_logits_add_train_without(const struct DirectedLogits *directed,
                                       const struct LogitRows *rows, const double *removed,
                                       struct LossSum *sum, struct Error *error);

/* The losses of the same logits on every subset (figure 6). For each frequency alone
   measures/without_each.h is faster; this is the definition that it is held to. */
bool directed_logits_ablated(const struct DirectedLogits *directed, const bool *frequencies,
                             struct Losses *losses, struct Error *error);

/* Restricted loss (section 5.1): keeps only the projection on the directions of the chosen
   frequencies, plus the mean logits over all pairs. */
bool directed_logits_restricted(const struct DirectedLogits *directed, const bool *frequencies,
                                struct Losses *losses, struct Error *error);

/* Those of the subject's snapshot. Error: an operation without directions. */
const struct DirectedLogits *directed_logits_of(struct Subject *subject, struct Error *error);

#endif
