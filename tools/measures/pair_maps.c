#include "measures/pair_maps.h"

#include "base/memory.h"
#include "fourier/transform.h"
#include "measures/attention.h"
#include "measures/grid.h"
#include "measures/head_components.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_NEURONS = 4, MOST_MAPS = 3 * MOST_HEADS + 2 * MOST_NEURONS, NAME_SIZE = 40 };

/* A row of either table: the pair of numbers or of components, and each map's value there. */
struct PairRow {
  size_t a, b;
  struct Place {
    struct MaybeInteger number, key;
  } place_a, place_b; /* of components */
  double maps[MOST_MAPS];
};

enum { MOST_FIRST = 5 };

struct PairColumns {
  size_t n, n_maps;
  struct Column columns[MOST_FIRST + MOST_MAPS];
  char names[MOST_MAPS][NAME_SIZE];
};

/* Describes the columns before the maps. */
static void start_columns(struct PairColumns *of, const struct Column *first, size_t n)
{
  of->n_maps = 0;
  for (of->n = 0; of->n < n; of->n++)
    of->columns[of->n] = first[of->n];
}

/* Describes n further maps, NAME_0 to NAME_(n - 1). */
static void add_maps(struct PairColumns *of, const char *name, size_t n, const char *meaning)
{
  for (size_t i = 0; i < n; i++, of->n_maps++) {
    char *full = of->names[of->n_maps];
    snprintf(full, NAME_SIZE, "%s_%zu", name, i);
    of->columns[of->n++] =
        (struct Column)COLUMN_AS(full, struct PairRow, maps[of->n_maps], "1", meaning);
  }
}

static size_t count_neurons(const struct Subject *subject)
{
  size_t m = analysis_d_mlp(subject->analysis);
  return m < MOST_NEURONS ? m : MOST_NEURONS;
}

/* Those with columns: one, which is nan, of a network without neurons. */
static size_t neuron_columns(const struct Subject *subject)
{
  size_t n = count_neurons(subject);
  return n > 0 ? n : 1;
}

static double neuron_at(const struct Subject *subject, size_t pair, size_t i)
{
  size_t m = analysis_d_mlp(subject->analysis);
  return m > 0 ? (double)subject->analysis->snapshot.activations.hidden[pair * m + i] : NAN;
}

/* Attention from "=" to the number at a position, 0 or 1. */
static double attention_at(const struct Subject *subject, size_t pair, size_t h, size_t position)
{
  const struct Snapshot *snapshot = &subject->analysis->snapshot;
  size_t H = (size_t)snapshot->parameters.shape.H;
  if (analysis_missing(subject->analysis, PART_ATTENTION)) return NAN;
  return (double)
      snapshot->activations.attention[(pair * H + h) * (size_t)snapshot->activations.N + position];
}

/* ---- activations.tsv ---- */

/* polynomials[p^2][MOST_NEURONS]: each of these neurons projected on the products of its frequency
   and the constant. */
static bool find_polynomials(const struct Subject *subject, float *polynomials, struct Error *error)
{
  const struct FourierBasis *basis = &subject->analysis->basis;
  const float *hidden = subject->analysis->snapshot.activations.hidden;
  size_t m = analysis_d_mlp(subject->analysis), n = (size_t)basis->n_frequencies + 1;
  bool *chosen = memory_new(n, sizeof *chosen, "chosen frequencies", error);
  bool done = chosen;
  for (size_t i = 0; done && i < count_neurons(subject); i++) {
    int k = subject->fits[i].frequency;
    chosen[0] = chosen[k] = true;
    done = grid_project(basis, chosen, hidden + i, m, polynomials + i, MOST_NEURONS, error);
    chosen[k] = false;
  }
  free(chosen);
  return done;
}

static void describe_activations(struct PairColumns *of, size_t heads, size_t neurons)
{
  static const struct Column numbers[] = {COLUMN(struct PairRow, a, "1", "the first number"),
                                          COLUMN(struct PairRow, b, "1", "the second number")};
  start_columns(of, numbers, N_COLUMNS(numbers));
  add_maps(of, "attention", heads,
           "attention of that head from \"=\" to a (section 4.1, figure 4)");
  add_maps(of, "neuron", neurons, "that neuron behind the activation function (figure 4)");
  add_maps(of, "attention_b", heads, "attention of that head from \"=\" to b (figure 9)");
  add_maps(of, "attention_fit", heads,
           "attention of that head to a as one frequency fits it (attention-fits.tsv, table 2)");
  add_maps(of, "polynomial", neurons,
           "that neuron as the polynomial of degree 2 of its frequency (neurons.tsv, figure 12)");
}

static void put_pair(struct TableWriter *table, const struct Subject *subject,
                     const struct AttentionFits *fits, const float *polynomials, size_t pair)
{
  size_t p = (size_t)subject->analysis->basis.p, heads = head_components_columns(subject);
  size_t neurons = neuron_columns(subject);
  struct PairRow row = {.a = pair / p, .b = pair % p};
  double *at = row.maps;
  for (size_t h = 0; h < heads; h++)
    *at++ = attention_at(subject, pair, h, 0);
  for (size_t i = 0; i < neurons; i++)
    *at++ = neuron_at(subject, pair, i);
  for (size_t h = 0; h < heads; h++)
    *at++ = attention_at(subject, pair, h, 1);
  for (size_t h = 0; h < heads; h++)
    *at++ = attention_fitted(&fits->heads[h], (int)p, (int)row.a, (int)row.b);
  for (size_t i = 0; i < neurons; i++)
    *at++ = count_neurons(subject) > 0 ? (double)polynomials[pair * MOST_NEURONS + i] : NAN;
  table_put_row(table, &row);
}

static bool write_pairs(struct Subject *subject, const char *file, const float *polynomials,
                        struct Error *error)
{
  size_t p = (size_t)subject->analysis->basis.p;
  const struct AttentionFits *fits = attention_fits_of(subject, error);
  struct PairColumns of;
  struct TableWriter table;
  describe_activations(&of, head_components_columns(subject), neuron_columns(subject));
  if (!fits || !subject_create_table(&table, subject, file, "Attention and neurons", "", of.columns,
                                     of.n, error))
    return false;
  for (size_t pair = 0; pair < p * p; pair++)
    put_pair(&table, subject, fits, polynomials, pair);
  return table_commit(&table, error);
}

bool pair_maps_write(struct Subject *subject, const char *file, struct Error *error)
{
  size_t p = (size_t)subject->analysis->basis.p;
  float *polynomials =
      memory_new(p * p, MOST_NEURONS * sizeof *polynomials, "polynomials of neurons", error);
  bool done = polynomials && find_polynomials(subject, polynomials, error) &&
              write_pairs(subject, file, polynomials, error);
  free(polynomials);
  return done;
}

/* ---- activation-spectrum.tsv ---- */

static void describe_spectrum(struct PairColumns *of, size_t heads, size_t neurons)
{
  static const struct Column components[] = {
      COLUMN_AS("component_a", struct PairRow, a, "1",
                "Fourier component over a: 0 constant, 2k - 1 cos(w_k a), 2k sin(w_k a)"),
      COLUMN_AS("component_b", struct PairRow, b, "1", "the same over b"),
      COLUMN_AS("place_a", struct PairRow, place_a.number, "1",
                "number of the component over a among the constant, 0, and cosines and sines of "
                "the key frequencies, 1, 2, ...; nan for others"),
      COLUMN_AS("place_b", struct PairRow, place_b.number, "1", "the same over b"),
      COLUMN_AS("key_a", struct PairRow, place_a.key, "1",
                "k where the component over a is the cosine of a key frequency, as a label of the "
                "two components of k; nan for others")};
  start_columns(of, components, N_COLUMNS(components));
  add_maps(of, "attention", heads,
           "component of that head's attention from \"=\" to a, its mean removed (figure 11)");
  add_maps(of, "score", heads,
           "component of C_h(a) - C_h(b), C_h being what a token adds to that head's scores "
           "(attention-spectrum.tsv): before the softmax, what the attention to a owes to the two "
           "numbers (figure 11)");
  add_maps(of, "neuron", neurons,
           "component of that neuron behind the activation function, its mean removed (figure 12)");
}

/* Attention to a and neurons on all pairs, values[p^2][heads + neurons]. */
static void fill_values(const struct Subject *subject, double *values)
{
  size_t heads = head_components_columns(subject), neurons = neuron_columns(subject);
  size_t p = (size_t)subject->analysis->basis.p;
  for (size_t pair = 0; pair < p * p; pair++) {
    for (size_t h = 0; h < heads; h++)
      *values++ = attention_at(subject, pair, h, 0);
    for (size_t i = 0; i < neurons; i++)
      *values++ = neuron_at(subject, pair, i);
  }
}

/* Of each component, places[p]. */
static void find_places(const struct Analysis *analysis, struct Place *places)
{
  int next = 0;
  for (int i = 0; i < analysis->basis.p; i++) {
    int k = fourier_frequency(i);
    if (i == 0 || analysis->keys[k]) places[i].number = (struct MaybeInteger){true, next++};
    if (analysis->keys[k] && !fourier_is_sine(i)) places[i].key = (struct MaybeInteger){true, k};
  }
}

/* 0, or NaN where x is. */
static double zero_beside(double x)
{
  return isnan(x) ? NAN : 0;
}

/* The component of C_h(a) - C_h(b) in the product of component i over a and j over b, from those of
   C_h, scores[p][H]. Functions of a or of b alone have components only in products with the
   constant, whose value is 1 / sqrt(p). */
static double score_component(const double *scores, size_t p, size_t H, size_t h, size_t i,
                              size_t j)
{
  if (i > 0 && j == 0) return sqrt((double)p) * scores[i * H + h];
  if (i == 0 && j > 0) return -sqrt((double)p) * scores[j * H + h];
  return zero_beside(scores[h]);
}

static bool write_components(const struct Subject *subject, const char *file,
                             const double *components, const double *scores,
                             const struct Place *places, struct Error *error)
{
  size_t heads = head_components_columns(subject), neurons = neuron_columns(subject);
  size_t p = (size_t)subject->analysis->basis.p;
  size_t H = (size_t)subject->analysis->snapshot.parameters.shape.H;
  struct PairColumns of;
  struct TableWriter table;
  describe_spectrum(&of, heads, neurons);
  if (!subject_create_table(&table, subject, file, "Attention and neurons in the Fourier basis", "",
                            of.columns, of.n, error))
    return false;
  for (size_t product = 0; product < p * p; product++) {
    struct PairRow row = {.a = product / p, .b = product % p};
    row.place_a = places[row.a];
    row.place_b = places[row.b];
    const double *of_product = components + product * (heads + neurons);
    for (size_t i = 0; i < heads; i++) {
      row.maps[i] = of_product[i];
      row.maps[heads + i] = score_component(scores, p, H, i, row.a, row.b);
    }
    for (size_t i = 0; i < neurons; i++)
      row.maps[2 * heads + i] = of_product[heads + i];
    for (size_t i = 0; i < of.n_maps && product == 0; i++)
      row.maps[i] = zero_beside(row.maps[i]); /* the mean */
    table_put_row(&table, &row);
  }
  return table_commit(&table, error);
}

bool pair_maps_write_spectrum(struct Subject *subject, const char *file, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  size_t p = (size_t)analysis->basis.p, H = (size_t)analysis->snapshot.parameters.shape.H;
  size_t n = head_components_columns(subject) + neuron_columns(subject), size = p * p * n;
  double *values = memory_new(3 * size, sizeof *values, "attention and neurons", error);
  double *scores = values ? memory_new(p * H, sizeof *scores, "attention scores", error) : NULL;
  struct Place *places =
      scores ? memory_new(p, sizeof *places, "places of components", error) : NULL;
  bool done = places && attention_spectrum(&analysis->basis, &analysis->snapshot, scores, error);
  if (done) {
    double *work = values + size, *components = work + size;
    find_places(analysis, places);
    fill_values(subject, values);
    fourier_transform_grid(&analysis->basis, values, n, work, components);
    done = write_components(subject, file, components, scores, places, error);
  }
  free(places);
  free(scores);
  free(values);
  return done;
}
