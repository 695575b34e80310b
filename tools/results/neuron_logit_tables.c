#include "results/spectrum_tables.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* ---- neuron-logit-map.tsv ---- */

/* The frequency with the most neurons (the lowest, if tied); 0 if none has any. */
static int largest_frequency(const struct Subject *subject, bool clustered)
{
  size_t most = 0;
  int largest = 0;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++) {
    size_t count = subject_count_neurons(subject, k, clustered);
    if (count <= most) continue;
    most = count;
    largest = k;
  }
  return largest;
}

struct Member {
  size_t neuron;
  double phase; /* of its weights at the frequency's cosine and sine */
};

static int compare_members(const void *left, const void *right)
{
  const struct Member *a = left, *b = right;
  if (a->phase != b->phase) return a->phase < b->phase ? -1 : 1;
  return (a->neuron > b->neuron) - (a->neuron < b->neuron);
}

/* A number that increases with the angle of (x, y), from -2 to 2: used only for sorting. */
static double order_of_angle(double x, double y)
{
  double size = fabs(x) + fabs(y);
  if (size == 0) return 0;
  double part = y / size;
  return x >= 0 ? part : copysign(2, y) - part;
}

/* The neurons of frequency k, ordered by the phase of their weights in the map; returns their
   number. */
static size_t list_members(const struct Subject *subject, int k, bool clustered, const double *map,
                           struct Member *members)
{
  size_t m = analysis_d_mlp(subject->analysis), n = 0;
  int rows[2] = {0, 0};
  int n_rows = fourier_components(subject->analysis->basis.p, k, rows);
  for (size_t i = 0; i < m; i++) {
    if (subject->fits[i].frequency != k) continue;
    if (clustered && !neuron_in_cluster(&subject->fits[i])) continue;
    double cosine = map[(size_t)rows[0] * m + i];
    double sine = n_rows > 1 ? map[(size_t)rows[1] * m + i] : 0;
    members[n++] = (struct Member){i, order_of_angle(cosine, sine)};
  }
  qsort(members, n, sizeof *members, compare_members);
  return n;
}

static bool write_map_of(const struct Subject *subject, int k, bool clustered, const double *map,
                         struct Member *members, struct Error *error)
{
  static const struct Column columns[] = {
      {"order", "1", "number of the neuron in the table, by the phase of its weights at k"},
      {"neuron", "1", "its index in the network"},
      {"component", "1",
       "Fourier component of the output axis: 0 constant, 2k - 1 cos(w_k c), 2k sin(w_k c)"},
      {"value", "1", "that component of the neuron's column of W_L = W_U W_out (figure 5)"}};
  size_t m = analysis_d_mlp(subject->analysis);
  char *title = memory_print(
      error, "The neuron-logit map in the Fourier basis, for the neurons %s frequency %d,",
      clustered ? "in the cluster of" : "(in no cluster) best explained by", k);
  struct TableWriter table;
  bool created = title && subject_create_table(&table, subject, "neuron-logit-map.tsv", title, "",
                                               columns, N_COLUMNS(columns), error);
  free(title);
  if (!created) return false;
  size_t n = list_members(subject, k, clustered, map, members);
  for (size_t order = 0; order < n; order++)
    for (size_t component = 0; component < (size_t)subject->analysis->basis.p; component++) {
      table_put_integer(&table, (long long)order);
      table_put_integer(&table, (long long)members[order].neuron);
      table_put_integer(&table, (long long)component);
      table_put(&table, map[component * m + members[order].neuron]);
    }
  return table_commit(&table, error);
}

/* For the largest cluster. Without clusters (before grokking) the table has the neurons that are
   best explained by the most frequent frequency. */
bool write_neuron_logit_map(const struct Subject *subject, const struct Spectra *spectra,
                            struct Error *error)
{
  int k = largest_frequency(subject, true);
  bool clustered = k != 0;
  if (!clustered) k = largest_frequency(subject, false);
  size_t m = analysis_d_mlp(subject->analysis);
  struct Member *members = memory_new(m, sizeof *members, "neurons of a frequency", error);
  bool done = members && write_map_of(subject, k, clustered, spectra->map, members, error);
  free(members);
  return done;
}

/* ---- neuron-logit-directions.tsv ---- */

bool write_neuron_logit_directions(const struct Subject *subject, const struct Spectra *spectra,
                                   struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1",
       "a key frequency k; W_L = sum over them of cos(w_k c) u_k^T + sin(w_k c) v_k^T and a "
       "residual (section 4.2)"},
      {"fve_u", "1",
       "share of the variance of u_k^T MLP(a, b) over all pairs that alpha_u cos(w_k(a + b)) "
       "explains (a - b for subtract), MLP being the neurons behind the activation function"},
      {"fve_v", "1", "the same for v_k^T MLP(a, b) and alpha_v sin(w_k(a + b)); nan for k = p/2"},
      {"norm_u", "1", "norm of u_k over the neurons"},
      {"norm_v", "1", "norm of v_k"},
      {"alpha_u", "1", "least squares"},
      {"alpha_v", "1", "least squares"}};
  const struct Analysis *analysis = subject->analysis;
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "neuron-logit-directions.tsv",
                            "Directions of the neuron-logit map", "", columns, N_COLUMNS(columns),
                            error))
    return false;
  for (int k = 1; k <= analysis->basis.n_frequencies; k++) {
    const struct WaveFit *u = &spectra->waves[k][0], *v = &spectra->waves[k][1];
    if (!analysis->keys[k]) continue;
    table_put_integer(&table, k);
    table_put(&table, u->fve);
    table_put(&table, v->fve);
    table_put(&table, u->norm);
    table_put(&table, v->norm);
    table_put(&table, u->alpha);
    table_put(&table, v->alpha);
  }
  return table_commit(&table, error);
}
