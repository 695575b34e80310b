#include "measures/neurons.h"

#include "base/memory.h"
#include "measures/sort.h"
#include "measures/spread.h"

#include <math.h>
#include <stdlib.h>

bool neurons_cluster(const struct NeuronFit *fits, size_t d_mlp, int k, struct Cluster *cluster,
                     struct Error *error)
{
  double *fve = memory_new(d_mlp, sizeof *fve, "FVEs of a cluster", error);
  if (!fve) return false;
  size_t n = 0;
  double sum = 0;
  for (size_t i = 0; i < d_mlp; i++)
    if (fits[i].frequency == k && neuron_fit_clustered(&fits[i])) {
      sum += fits[i].fve;
      fve[n++] = fits[i].fve;
    }
  sort_increasing(fve, n);
  *cluster = (struct Cluster){n, NAN, NAN};
  if (n > 0) {
    cluster->mean_fve = sum / (double)n;
    cluster->median_fve = (fve[(n - 1) / 2] + fve[n / 2]) / 2;
  }
  free(fve);
  return true;
}

struct ClusterSummary neurons_summarise(const struct Subject *subject)
{
  const struct Analysis *analysis = subject->analysis;
  struct Spread sizes = spread_empty(), clustered = spread_empty(), all = spread_empty();
  size_t m = analysis_d_mlp(analysis);
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    if (analysis->keys[k]) spread_add(&sizes, (double)neuron_fit_count(subject->fits, m, k, true));
  for (size_t i = 0; i < m; i++) {
    spread_add(&all, subject->fits[i].fve);
    if (neuron_fit_clustered(&subject->fits[i])) spread_add(&clustered, subject->fits[i].fve);
  }
  return (struct ClusterSummary){.key_frequencies = analysis->n_keys,
                                 .clustered_neurons = clustered.n,
                                 .clustered_share = (double)clustered.n / (double)m,
                                 .cluster_size_least = sizes.least,
                                 .cluster_size_most = sizes.most,
                                 .neuron_fve_mean = spread_mean(&all),
                                 .clustered_fve_mean = spread_mean(&clustered),
                                 .clustered_fve_least = clustered.least};
}

/* ---- neurons.tsv ---- */

struct NeuronRow {
  size_t neuron;
  struct NeuronFit fit;
  bool cluster;
};

static const struct Column of_neurons[] = {
    COLUMN(struct NeuronRow, neuron, "1", "its index"),
    COLUMN_AS("frequency", struct NeuronRow, fit.frequency, "1",
              "the k whose degree-2 polynomial explains it best (section 4.3); 0 if it is "
              "constant"),
    COLUMN_AS("fve", struct NeuronRow, fit.fve, "1",
              "fraction of the neuron's variance over all pairs that it explains"),
    COLUMN(struct NeuronRow, cluster, "0 or 1",
           "1 where FVE > 0.85: the neuron is in the cluster of its frequency")};

bool neurons_write(struct Subject *subject, const char *file, struct Error *error)
{
  struct TableWriter table;
  if (!subject_create_table(&table, subject, file, "The neurons", "", of_neurons,
                            N_COLUMNS(of_neurons), error))
    return false;
  for (size_t i = 0; i < analysis_d_mlp(subject->analysis); i++)
    table_put_row(
        &table, &(struct NeuronRow){i, subject->fits[i], neuron_fit_clustered(&subject->fits[i])});
  return table_commit(&table, error);
}

/* ---- key-frequencies.tsv ---- */

struct KeyFrequencyRow {
  int frequency;
  struct Cluster cluster;
};

static const struct Column of_keys[] = {
    COLUMN(struct KeyFrequencyRow, frequency, "1",
           "a key frequency: it explains more than 0.85 of the variance of at least 1 neuron in "
           "the last snapshot (section 4.3)"),
    COLUMN_AS("neurons", struct KeyFrequencyRow, cluster.neurons, "1",
              "size of its cluster here: neurons that it explains best, FVE > 0.85"),
    COLUMN_AS("mean_fve", struct KeyFrequencyRow, cluster.mean_fve, "1",
              "mean FVE of the cluster (section 4.3)"),
    COLUMN_AS("median_fve", struct KeyFrequencyRow, cluster.median_fve, "1",
              "median FVE of the cluster")};

static bool put_key(struct TableWriter *table, const struct Subject *subject, int k,
                    struct Error *error)
{
  struct KeyFrequencyRow row = {.frequency = k};
  if (!neurons_cluster(subject->fits, analysis_d_mlp(subject->analysis), k, &row.cluster, error))
    return false;
  table_put_row(table, &row);
  return true;
}

bool neurons_write_keys(struct Subject *subject, const char *file, struct Error *error)
{
  struct TableWriter table;
  if (!subject_create_table(&table, subject, file, "Key frequencies", "", of_keys,
                            N_COLUMNS(of_keys), error))
    return false;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++) {
    if (!subject->analysis->keys[k] || put_key(&table, subject, k, error)) continue;
    table_discard(&table);
    return false;
  }
  return table_commit(&table, error);
}
