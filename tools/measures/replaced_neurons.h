/*
 * The replacements of measures/replacements.h that change the neurons: the logits move by W_L times
 * what the neurons move by, a block of neurons at a time, so that neurons which stay as they are
 * move nothing.
 */
#ifndef MEASURES_REPLACED_NEURONS_H
#define MEASURES_REPLACED_NEURONS_H

#include "measures/replacements.h"

/* Each writes the logits of the changed network, [p^2][p]. */

/* Neurons of a cluster become their polynomial of their frequency, mean included. */
bool replace_clustered_neurons(const struct ReplacementSubject *subject, float *logits,
                               struct Error *error);

/* All neurons become their projection on cos and sin(w_k s) of the keys, plus their mean. */
bool replace_neurons(const struct ReplacementSubject *subject, float *logits, struct Error *error);

/* The neurons of a pair, as a vector, become its projection on the keys' u_k and v_k, or what the
   projection leaves out. */
bool project_neurons(const struct ReplacementSubject *subject, bool outside, float *logits,
                     struct Error *error);

#endif
