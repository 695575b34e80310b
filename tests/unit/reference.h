/*
 * The textbook network in double precision: all three positions, every matrix separately, causal
 * attention, softmax cross-entropy on the logits at "=". Slow and plain; the reference for the fast
 * step. It shares only the list of parameters (names, shapes, offsets) with the model.
 */
#ifndef UNIT_REFERENCE_H
#define UNIT_REFERENCE_H

#include "config/config.h"
#include "network/dataset.h"
#include "network/parameters.h"

/* Mean loss over the training (or, with train = false, the test) pairs for parameter values
   [total]. If `gradient` [total] is not NULL it is overwritten with the gradient of the loss. */
double reference_loss(const struct Parameters *list, const double *values,
                      const struct ModelConfig *config, const struct Dataset *dataset, bool train,
                      double *gradient);

/* The logits of one pair, [V]. */
void reference_logits(const struct Parameters *list, const double *values,
                      const struct ModelConfig *config, int a, int b, double *logits);

#endif
