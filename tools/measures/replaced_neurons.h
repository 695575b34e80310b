/*
 * The network with its neurons replaced: W_L times the change of the neurons is added to the
 * logits, one block of neurons at a time, so unchanged neurons contribute exactly nothing.
 */
#ifndef MEASURES_REPLACED_NEURONS_H
#define MEASURES_REPLACED_NEURONS_H

#include "measures/attention.h"
#include "measures/directed_logits.h"
#include "measures/neuron_fit.h"
#include "measures/neuron_logit.h"

/* The network to be changed; everything is borrowed. */
struct ReplacedNetwork {
  const struct Config *config;
  const struct FourierBasis *basis;
  const struct DirectedLogits *directed; /* with the snapshot's logits */
  const struct NeuronLogitMap *map;      /* its W_L */
  const struct Snapshot *snapshot;
  const struct NeuronFit *fits;              /* [d_mlp]: of this snapshot */
  const bool *keys;                          /* [n_frequencies + 1] */
  const struct AttentionFit *attention_fits; /* [H]: of this snapshot */
};

/* What the neurons add to the logits: W_L hidden, [p^2][p]. */
bool replaced_neurons_logits(const struct Snapshot *snapshot, float *logits, struct Error *error);

/* Each of these writes the logits of the changed network, [p^2][p]. All but the last need
   PART_LOGIT_SUM. */

/* Replaces the neurons of a cluster by their polynomial of their frequency, including the mean. */
bool replaced_neurons_by_polynomials(const struct ReplacedNetwork *network, float *logits,
                                     struct Error *error);

/* Replaces all neurons by their projection on cos and sin(w_k s) of the keys, plus their mean. */
bool replaced_neurons_by_directions(const struct ReplacedNetwork *network, float *logits,
                                    struct Error *error);

/* Replaces the neuron vector of each pair by its projection on the span of the keys' u_k and v_k,
   or by the residual of that. */
bool replaced_neurons_on_map(const struct ReplacedNetwork *network, float *logits,
                             struct Error *error);
bool replaced_neurons_off_map(const struct ReplacedNetwork *network, float *logits,
                              struct Error *error);

/* Replaces nothing. */
bool replaced_neurons_none(const struct ReplacedNetwork *network, float *logits,
                           struct Error *error);

#endif
