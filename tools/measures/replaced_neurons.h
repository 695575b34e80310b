/*
 * The replacements of measures/replacements.h that change the neurons: W_L times the change of the
 * neurons is added to the logits, one block of neurons at a time, so unchanged neurons contribute
 * exactly nothing.
 */
#ifndef MEASURES_REPLACED_NEURONS_H
#define MEASURES_REPLACED_NEURONS_H

#include "measures/replacements.h"

/* Each writes the logits of the changed network, [p^2][p]. */

/* Replaces the neurons of a cluster by their polynomial of their frequency, including the mean. */
bool replace_clustered_neurons(const struct ReplacementSubject *subject, float *logits,
                               struct Error *error);

/* Replaces all neurons by their projection on cos and sin(w_k s) of the keys, plus their mean. */
bool replace_neurons(const struct ReplacementSubject *subject, float *logits, struct Error *error);

/* Replaces the neuron vector of each pair by its projection on the span of the keys' u_k and
   v_k, or, if `outside`, by the residual. */
bool project_neurons(const struct ReplacementSubject *subject, bool outside, float *logits,
                     struct Error *error);

#endif
