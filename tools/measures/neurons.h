/*
 * Neurons as degree-2 polynomials of one frequency (section 4.3, figure 5): how much of each
 * neuron's activation over all pairs is explained by the products of {1, cos(w_k a), sin(w_k a)}
 * and {1, cos(w_k b), sin(w_k b)}, and at which frequencies the neurons cluster.
 */
#ifndef MEASURES_NEURONS_H
#define MEASURES_NEURONS_H

#include "fourier/basis.h"

#include <stddef.h>

struct NeuronFit {
  int frequency; /* the k with the largest share; 0 for a neuron that is constant over the pairs, or
                    has no component at any k */
  double fve;    /* fraction of variance explained: its share of the squared norm, mean removed */
};

/* Fits every neuron of hidden[p^2][d_mlp] (after the activation function): fits is [d_mlp]. The
   products are the 8 non-constant ones (3 for k = p/2, which has no sine). Multi-threaded; the
   result does not depend on the number of threads. */
bool neurons_fit(const struct FourierBasis *basis, const float *hidden, size_t d_mlp,
                 struct NeuronFit *fits, struct Error *error);

/* The FVE above which a neuron belongs to the cluster of its frequency (section 4.3). */
extern const double cluster_threshold;

/* Whether the neuron belongs to the cluster of its frequency, FVE > 0.85. */
bool neuron_in_cluster(const struct NeuronFit *fit);

/* keys[k], k = 0..n_frequencies: whether frequency k is a key frequency, that is, its cluster has
   at least one neuron; keys[0] is always false. Returns the number of key frequencies. Those of a
   run are the ones of its last snapshot. The paper gives no such threshold; a network that has
   grokked has dozens of neurons at each, and key-frequencies.tsv says how many. */
int key_frequencies(const struct NeuronFit *fits, size_t d_mlp, int n_frequencies, bool *keys);

struct Cluster {
  size_t neurons;
  double mean_fve, median_fve; /* NaN for a cluster without neurons */
};

/* The cluster of frequency k. */
bool cluster_of_frequency(const struct NeuronFit *fits, size_t d_mlp, int k,
                          struct Cluster *cluster, struct Error *error);

#endif
