/*
 * The neuron-logit map W_L = W_U W_out in the Fourier basis of its output axis, the p number tokens
 * (section 4.2, figures 3 and 5). neuron-logit-map.tsv.
 */
#ifndef MEASURES_NEURON_LOGIT_MAP_H
#define MEASURES_NEURON_LOGIT_MAP_H

#include "measures/neuron_fit.h"
#include "measures/subject.h"

struct NeuronLogitMap {
  const struct FourierBasis *basis; /* borrowed */
  size_t d_mlp;
  const double *components; /* [p][d_mlp]; borrowed */
};

/* Computes the components[p][d_mlp] for the neurons of a layer: NaN if W_L is no linear map
   (PART_MAP). */
bool neuron_logit_map_components(const struct FourierBasis *basis,
                                 const struct Parameters *parameters, int layer, double *components,
                                 struct Error *error);

/* The part of W_L outside the cosine and sine rows of the key frequencies (so including the
   constant over the outputs), as a fraction of its squared Frobenius norm; for the norm itself
   take the square root. `keys` is [n_frequencies + 1]. NaN if W_L is zero. */
double neuron_logit_map_residual(const struct NeuronLogitMap *map, const bool *keys);

/* Of the columns of the map that belong to the neurons in the cluster of frequency k, the share of
   their squared norm at cos(w_k c) and sin(w_k c) (section 4.3, figure 5). fits: [d_mlp]. NaN
   without such neurons. */
double neuron_logit_map_cluster_share(const struct NeuronLogitMap *map,
                                      const struct NeuronFit *fits, int k);

/* The map of a subject, which owns the components. */
const struct NeuronLogitMap *neuron_logit_map_of(struct Subject *subject, struct Error *error);

SubjectWriter neuron_logit_map_write; /* neuron-logit-map.tsv */

#endif
