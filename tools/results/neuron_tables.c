#include "results/spectrum_tables.h"

static bool put_key(struct TableWriter *table, const struct Subject *subject, int k,
                    struct Error *error)
{
  struct Cluster cluster;
  if (!cluster_of_frequency(subject->fits, analysis_d_mlp(subject->analysis), k, &cluster, error))
    return false;
  table_put_integer(table, k);
  table_put_integer(table, (long long)cluster.neurons);
  table_put(table, cluster.mean_fve);
  table_put(table, cluster.median_fve);
  return true;
}

bool write_key_frequencies(const struct Subject *subject, struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1",
       "a key frequency: it explains more than 0.85 of the variance of at least 1 neuron in the "
       "last snapshot (section 4.3)"},
      {"neurons", "1", "size of its cluster here: neurons that it explains best, FVE > 0.85"},
      {"mean_fve", "1", "mean FVE of the cluster (section 4.3)"},
      {"median_fve", "1", "median FVE of the cluster"}};
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "key-frequencies.tsv", "Key frequencies", "", columns,
                            N_COLUMNS(columns), error))
    return false;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++) {
    if (!subject->analysis->keys[k] || put_key(&table, subject, k, error)) continue;
    table_discard(&table);
    return false;
  }
  return table_commit(&table, error);
}

bool write_neurons(const struct Subject *subject, struct Error *error)
{
  static const struct Column columns[] = {
      {"neuron", "1", "its index"},
      {"frequency", "1",
       "the k whose degree-2 polynomial explains it best (section 4.3); 0 if it is constant"},
      {"fve", "1", "fraction of the neuron's variance over all pairs that it explains"},
      {"cluster", "0 or 1", "1 where FVE > 0.85: the neuron is in the cluster of its frequency"}};
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "neurons.tsv", "The neurons", "", columns,
                            N_COLUMNS(columns), error))
    return false;
  for (size_t i = 0; i < analysis_d_mlp(subject->analysis); i++) {
    table_put_integer(&table, (long long)i);
    table_put_integer(&table, subject->fits[i].frequency);
    table_put(&table, subject->fits[i].fve);
    table_put_integer(&table, neuron_in_cluster(&subject->fits[i]));
  }
  return table_commit(&table, error);
}
