/*
 * Neurons as degree-2 polynomials of one frequency (section 4.3, figure 5): how much of each
 * neuron's activation over all pairs is explained by the products of {1, cos(w_k a), sin(w_k a)}
 * and {1, cos(w_k b), sin(w_k b)}, and at which frequencies the neurons cluster.
 */
#ifndef MEASURES_NEURON_FIT_H
#define MEASURES_NEURON_FIT_H

#include "fourier/basis.h"

#include <stddef.h>

struct NeuronFit {
  int frequency; /* the k with the largest share, the lowest if several have it; 0 for a neuron that
                    is constant over the pairs, or has no component at any k */
  double fve;    /* fraction of variance explained: its share of the squared norm, mean removed */
};

/* Fits every neuron of hidden[p^2][d_mlp] (after the activation function): fits is [d_mlp]. The
   products are the 8 non-constant ones (3 for k = p/2, which has no sine). Multi-threaded; the
   result does not depend on the number of threads. */
bool neuron_fit_all(const struct FourierBasis *basis, const float *hidden, size_t d_mlp,
                    struct NeuronFit *fits, struct Error *error);

/* The FVE above which a neuron belongs to the cluster of its frequency (section 4.3). */
extern const double neuron_fit_threshold;

/* Whether the neuron belongs to the cluster of its frequency, FVE > 0.85. */
bool neuron_fit_clustered(const struct NeuronFit *fit);

/* keys[k], k = 0..n_frequencies: whether frequency k is a key frequency, that is, its cluster has
   at least one neuron; keys[0] is always false. Returns the number of key frequencies. Those of a
   run are the ones of its last snapshot. The paper gives no such threshold; a network that has
   grokked has dozens of neurons at each, and key-frequencies.tsv says how many. */
int neuron_fit_keys(const struct NeuronFit *fits, size_t d_mlp, int n_frequencies, bool *keys);

/* The number of neurons of frequency k: those in its cluster, or all that it explains best. */
size_t neuron_fit_count(const struct NeuronFit *fits, size_t d_mlp, int k, bool clustered);

#endif
