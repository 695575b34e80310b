#include "measures/neuron_logit_map.h"

#include "base/linear.h"
#include "base/memory.h"
#include "engine/activations.h"
#include "fourier/transform.h"

#include <math.h>
#include <stdlib.h>

bool neuron_logit_map_components(const struct FourierBasis *basis,
                                 const struct Parameters *parameters, int layer, double *components,
                                 struct Error *error)
{
  size_t p = (size_t)basis->p, m = (size_t)parameters->shape.d_mlp;
  if (part_missing(&parameters->shape, layer, PART_MAP)) {
    for (size_t i = 0; i < p * m; i++)
      components[i] = NAN;
    return true;
  }
  float *map = memory_new(p * m, sizeof *map, "the neuron-logit map", error);
  double *wide = map ? memory_new(p * m, sizeof *wide, "the neuron-logit map", error) : NULL;
  if (wide) {
    activations_neuron_logit_map(parameters, layer, map);
    linear_widen(p * m, map, wide);
    fourier_transform(basis, wide, m, components);
  }
  bool done = wide;
  free(wide);
  free(map);
  return done;
}

double neuron_logit_map_residual(const struct NeuronLogitMap *map, const bool *keys)
{
  double inside = 0, outside = 0;
  for (int i = 0; i < map->basis->p; i++) {
    const double *row = map->components + (size_t)i * map->d_mlp;
    *(keys[fourier_frequency(i)] ? &inside : &outside) += linear_dot(map->d_mlp, row, row);
  }
  return outside / (inside + outside);
}

double neuron_logit_map_cluster_share(const struct NeuronLogitMap *map,
                                      const struct NeuronFit *fits, int k)
{
  double inside = 0, outside = 0;
  for (int i = 0; i < map->basis->p; i++) {
    double *part = fourier_frequency(i) == k ? &inside : &outside;
    const double *row = map->components + (size_t)i * map->d_mlp;
    for (size_t neuron = 0; neuron < map->d_mlp; neuron++)
      if (fits[neuron].frequency == k && neuron_fit_clustered(&fits[neuron]))
        *part += row[neuron] * row[neuron];
  }
  return inside / (inside + outside);
}

/* ---- of a subject ---- */

static void release(void *numbers)
{
  const struct NeuronLogitMap *map = numbers;
  free((double *)map->components);
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct FourierBasis *basis = &analysis->basis;
  size_t p = (size_t)basis->p, m = analysis_d_mlp(analysis);
  double *components = memory_new(p * m, sizeof *components, "the neuron-logit map", error);
  if (!components) return false;
  struct NeuronLogitMap *map = numbers;
  *map = (struct NeuronLogitMap){basis, m, components};
  if (neuron_logit_map_components(basis, &analysis->snapshot.parameters, analysis->layer,
                                  components, error))
    return true;
  release(map);
  return false;
}

const struct NeuronLogitMap *neuron_logit_map_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct NeuronLogitMap), find, release};
  return subject_find(subject, &finding, error);
}

/* ---- neuron-logit-map.tsv ---- */

/* The frequency with the most neurons (the lowest, if tied); 0 if none has any. */
static int largest_frequency(const struct Subject *subject, bool clustered)
{
  size_t most = 0;
  int largest = 0;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++) {
    size_t count = neuron_fit_count(subject->fits, analysis_d_mlp(subject->analysis), k, clustered);
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
  if (!(size > 0)) return 0; /* NaN where there is no map */
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
    if (clustered && !neuron_fit_clustered(&subject->fits[i])) continue;
    double cosine = map[(size_t)rows[0] * m + i];
    double sine = n_rows > 1 ? map[(size_t)rows[1] * m + i] : 0;
    members[n++] = (struct Member){i, order_of_angle(cosine, sine)};
  }
  qsort(members, n, sizeof *members, compare_members);
  return n;
}

struct MapRow {
  size_t order, neuron, component;
  double value;
};

static const struct Column columns[] = {
    COLUMN(struct MapRow, order, "1",
           "number of the neuron in the table, by the phase of its weights at k"),
    COLUMN(struct MapRow, neuron, "1", "its index in the network"),
    COLUMN(struct MapRow, component, "1",
           "Fourier component of the output axis: 0 constant, 2k - 1 cos(w_k c), 2k sin(w_k c)"),
    COLUMN(struct MapRow, value, "1",
           "that component of the neuron's column of W_L = W_U W_out (figure 5)")};

static bool write_map_of(const struct Subject *subject, const char *file, int k, bool clustered,
                         const struct NeuronLogitMap *map, struct Member *members,
                         struct Error *error)
{
  char *title = memory_print(
      error, "The neuron-logit map in the Fourier basis, for the neurons %s frequency %d,",
      clustered ? "in the cluster of" : "(in no cluster) best explained by", k);
  struct TableWriter table;
  bool created = title && subject_create_table(&table, subject, file, title, "", columns,
                                               N_COLUMNS(columns), error);
  free(title);
  if (!created) return false;
  size_t n = list_members(subject, k, clustered, map->components, members);
  for (size_t order = 0; order < n; order++)
    for (size_t component = 0; component < (size_t)map->basis->p; component++) {
      size_t neuron = members[order].neuron;
      table_put_row(&table, &(struct MapRow){order, neuron, component,
                                             map->components[component * map->d_mlp + neuron]});
    }
  return table_commit(&table, error);
}

/* For the largest cluster. Without clusters (before grokking) the table has the neurons that are
   best explained by the most frequent frequency. */
bool neuron_logit_map_write(struct Subject *subject, const char *file, struct Error *error)
{
  int k = largest_frequency(subject, true);
  bool clustered = k != 0;
  if (!clustered) k = largest_frequency(subject, false);
  const struct NeuronLogitMap *map = neuron_logit_map_of(subject, error);
  struct Member *members =
      map ? memory_new(map->d_mlp, sizeof *members, "neurons of a frequency", error) : NULL;
  bool done = members && write_map_of(subject, file, k, clustered, map, members, error);
  free(members);
  return done;
}
