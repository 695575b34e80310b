/*
 * Neurons as degree-2 polynomials in one frequency (section 4.3, figure 5): how much of each
 * neuron's activation over all pairs is explained by the products of {1, cos(w_k a), sin(w_k a)}
 * and {1, cos(w_k b), sin(w_k b)}, and which frequencies the neurons of a network gather around.
 */
#ifndef MEASURES_NEURONS_H
#define MEASURES_NEURONS_H

#include "fourier/basis.h"

#include <stddef.h>

struct NeuronFit {
  int frequency; /* the k with the largest share; 0 for a neuron that is constant over the pairs,
                    or has no part in any */
  double fve; /* its share of the squared norm, the mean removed: fraction of variance explained */
};

/* Fits every neuron of hidden[p^2][d_mlp] (after the activation function): fits is [d_mlp]. The
   products are the 8 non-constant ones (3 for k = p/2, which has no sine). Uses all threads;
   the result does not depend on their number. */
bool neurons_fit(const struct FourierBasis *basis, const float *hidden, size_t d_mlp,
                 struct NeuronFit *fits, struct Error *error);

/* The FVE above which a neuron belongs to the cluster of its frequency (section 4.3). */
extern const double cluster_threshold;

/* Does the neuron belong to the cluster of its frequency, FVE > 0.85? */
bool neuron_in_cluster(const struct NeuronFit *fit);

/* keys[k], k = 0..n_frequencies: is frequency k a key frequency, that is, does its cluster have at
   least one neuron? Returns how many are. The paper gives no such number; a network that has
   grokked has dozens at each, and key-frequencies.tsv says how many. Key frequencies of a run are
   those of its last snapshot. keys[0] is always false. */
int key_frequencies(const struct NeuronFit *fits, size_t d_mlp, int n_frequencies, bool *keys);

struct Cluster {
  size_t neurons;
  double mean_fve, median_fve; /* NaN for a cluster without neurons */
};

/* The cluster of frequency k. */
bool cluster_of_frequency(const struct NeuronFit *fits, size_t d_mlp, int k,
                          struct Cluster *cluster, struct Error *error);

#endif
