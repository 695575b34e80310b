/*
 * At which frequencies the neurons cluster (section 4.3, figure 5). neurons.tsv and
 * key-frequencies.tsv.
 */
#ifndef MEASURES_NEURONS_H
#define MEASURES_NEURONS_H

#include "measures/subject.h"

struct Cluster {
  size_t neurons;
  double mean_fve, median_fve; /* NaN for a cluster without neurons */
};

/* The cluster of frequency k among fits[d_mlp]. */
bool neurons_cluster(const struct NeuronFit *fits, size_t d_mlp, int k, struct Cluster *cluster,
                     struct Error *error);

/* All clusters of a subject. */
struct ClusterSummary {
  int key_frequencies;                          /* of the last snapshot */
  size_t clustered_neurons;                     /* in any cluster */
  double clustered_share;                       /* of all neurons */
  double cluster_size_least, cluster_size_most; /* at the key frequencies */
  double neuron_fve_mean;                       /* over all neurons */
  double clustered_fve_mean, clustered_fve_least;
};

struct ClusterSummary neurons_summarise(const struct Subject *subject);

SubjectWriter neurons_write;      /* neurons.tsv */
SubjectWriter neurons_write_keys; /* key-frequencies.tsv */

#endif
