#include "measures/principal_components.h"

#include "base/linear.h"
#include "base/memory.h"
#include "engine/activations.h"
#include "measures/singular_values.h"

#include <math.h>
#include <stdlib.h>

/* ---- of a matrix ---- */

void principal_components_release(struct PrincipalComponents *components)
{
  free(components->values); /* all three */
  *components = (struct PrincipalComponents){0};
}

/* All values are NaN. */
static bool allocate(struct PrincipalComponents *components, size_t p, size_t width,
                     struct Error *error)
{
  size_t n = p < width ? p : width, count = n * (1 + p + width);
  *components = (struct PrincipalComponents){.p = p, .width = width, .n = n};
  components->values = memory_new(count, sizeof(double), "principal components", error);
  if (!components->values) return false;
  components->patterns = components->values + n;
  components->axes = components->patterns + p * n;
  for (size_t i = 0; i < count; i++)
    components->values[i] = NAN;
  return true;
}

bool principal_components_init(struct PrincipalComponents *components, size_t p, size_t width,
                               double *matrix, struct Error *error)
{
  if (!allocate(components, p, width, error)) return false;
  singular_values_centre(p, width, matrix);
  if (singular_values_find(p, width, matrix, components->values, components->patterns,
                           components->axes, error))
    return true;
  principal_components_release(components);
  return false;
}

static bool of_floats(struct PrincipalComponents *components, size_t p, size_t width,
                      const float *matrix, struct Error *error)
{
  double *wide = memory_new(p * width, sizeof *wide, "a matrix", error);
  if (!wide) return false;
  linear_widen(p * width, matrix, wide);
  bool done = principal_components_init(components, p, width, wide, error);
  free(wide);
  return done;
}

bool principal_components_of_embedding(struct PrincipalComponents *components,
                                       const struct Parameters *parameters, struct Error *error)
{
  return of_floats(components, (size_t)parameters->shape.p, (size_t)parameters->shape.d_model,
                   parameters_at(parameters, W_E), error);
}

static bool of_map(struct PrincipalComponents *components, const struct Analysis *analysis,
                   struct Error *error)
{
  size_t p = (size_t)analysis->basis.p, m = analysis_d_mlp(analysis);
  if (analysis_missing(analysis, PART_MAP)) {
    bool allocated = allocate(components, p, m, error);
    components->missing = true;
    return allocated;
  }
  float *map = memory_new(p * m, sizeof *map, "the neuron-logit map", error);
  if (map) activations_neuron_logit_map(&analysis->snapshot.parameters, analysis->layer, map);
  bool done = map && of_floats(components, p, m, map, error);
  free(map);
  return done;
}

struct Dominance principal_components_dominance(const struct FourierBasis *basis,
                                                const struct PrincipalComponents *components,
                                                size_t i)
{
  struct Dominance found = {0, NAN};
  size_t p = components->p, n = components->n;
  for (int k = 1; k <= basis->n_frequencies; k++) {
    int rows[2];
    double share = 0;
    for (int j = 0, n_rows = fourier_components(basis->p, k, rows); j < n_rows; j++) {
      const double *row = basis->rows + (size_t)rows[j] * p;
      double part = 0;
      for (size_t x = 0; x < p; x++)
        part += row[x] * components->patterns[x * n + i];
      share += part * part;
    }
    if (found.frequency == 0 || share > found.share) found = (struct Dominance){k, share};
  }
  return found;
}

/* ---- of a subject ---- */

struct Both {
  struct PrincipalComponents W_E, W_L;
};

static void release(void *numbers)
{
  struct Both *both = numbers;
  principal_components_release(&both->W_E);
  principal_components_release(&both->W_L);
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  struct Both *both = numbers;
  *both = (struct Both){0};
  singular_values_threads(1);
  if (principal_components_of_embedding(&both->W_E, &analysis->snapshot.parameters, error) &&
      of_map(&both->W_L, analysis, error))
    return true;
  release(both);
  return false;
}

static const struct Both *both_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct Both), find, release};
  return subject_find(subject, &finding, error);
}

static bool create(struct TableWriter *table, const struct Subject *subject, const char *file,
                   const char *title, const struct Column *columns, size_t n_columns,
                   struct Error *error)
{
  char by[SINGULAR_VALUES_TEXT_SIZE];
  singular_values_describe(by);
  char *rest = memory_print(error, ".\n%s", by);
  bool created =
      rest && subject_create_table(table, subject, file, title, rest, columns, n_columns, error);
  free(rest);
  return created;
}

/* ---- singular-values.tsv ---- */

struct ValueRow {
  int component;
  struct ValueOf {
    double value, share, cumulative, frequency, frequency_share;
  } W_E, W_L;
};

#define VALUE(name, member, unit, meaning) COLUMN_AS(name, struct ValueRow, member, unit, meaning)

static const struct Column of_values[] = {
    COLUMN(struct ValueRow, component, "1", "i = 1, 2, ..., in decreasing order"),
    VALUE("W_E", W_E.value, "1",
          "singular value s_i of W_E's p number tokens, their mean taken off"),
    VALUE("W_E_share", W_E.share, "1", "s_i^2 over the sum of all: its share of the variance"),
    VALUE("W_E_cumulative", W_E.cumulative, "1", "the share of components 1 to i"),
    VALUE("W_E_frequency", W_E.frequency, "1",
          "frequency with the largest share of the squared norm of the tokens' coordinates along "
          "the component; nan if s_i is below 1e-5 of the first, a rounding error"),
    VALUE("W_E_frequency_share", W_E.frequency_share, "1", "that share"),
    VALUE("W_L", W_L.value, "1",
          "singular value of W_L = W_U W_out, [p outputs, neurons], the mean over outputs taken "
          "off; nan behind the last"),
    VALUE("W_L_share", W_L.share, "1", "its share of the variance"),
    VALUE("W_L_cumulative", W_L.cumulative, "1", "the share of components 1 to i"),
    VALUE("W_L_frequency", W_L.frequency, "1",
          "frequency with the largest share of the squared norm of the component's pattern of "
          "outputs, likewise"),
    VALUE("W_L_frequency_share", W_L.frequency_share, "1", "that share")};

/* Of a component whose singular value is that much smaller than the first one, the vectors are
   rounding errors of weights in float32. */
static const double least_relative_value = 1e-5;

static struct ValueOf value_of(const struct FourierBasis *basis,
                               const struct PrincipalComponents *components, size_t i)
{
  const double *values = components->values;
  if (components->missing || i >= components->n) return (struct ValueOf){NAN, NAN, NAN, NAN, NAN};
  struct Dominance dominance = {0, NAN};
  if (values[i] > least_relative_value * values[0])
    dominance = principal_components_dominance(basis, components, i);
  return (struct ValueOf){.value = values[i],
                          .share =
                              values[i] * values[i] / linear_dot(components->n, values, values),
                          .cumulative = singular_values_share(components->n, values, i + 1),
                          .frequency = dominance.frequency ? (double)dominance.frequency : NAN,
                          .frequency_share = dominance.share};
}

/* A centred matrix of p rows has p - 1 components at most. */
static size_t count(const struct PrincipalComponents *components)
{
  return components->n < components->p ? components->n : components->p - 1;
}

bool principal_components_write_values(struct Subject *subject, const char *file,
                                       struct Error *error)
{
  const struct FourierBasis *basis = &subject->analysis->basis;
  const struct Both *both = both_of(subject, error);
  struct TableWriter table;
  if (!both || !create(&table, subject, file, "Singular values of W_E and W_L", of_values,
                       N_COLUMNS(of_values), error))
    return false;
  size_t n_E = count(&both->W_E), n_L = count(&both->W_L);
  for (size_t i = 0; i < n_E || i < n_L; i++)
    table_put_row(&table, &(struct ValueRow){.component = (int)i + 1,
                                             .W_E = value_of(basis, &both->W_E, i),
                                             .W_L = value_of(basis, &both->W_L, i)});
  return table_commit(&table, error);
}

/* ---- coordinates ---- */

enum { MOST_PLANES = 8 };

/* Planes of two components each that tables show. */
static size_t count_planes(const struct PrincipalComponents *components)
{
  size_t planes = components->missing ? 0 : count(components) / 2;
  return planes < MOST_PLANES ? planes : MOST_PLANES;
}

struct TokenRow {
  int plane, token, tenth;
  double x, y;
};

static const struct Column of_tokens[] = {
    COLUMN(struct TokenRow, plane, "1",
           "j = 1, 2, ..., at most 8: that of the principal components 2j - 1 and 2j of W_E"),
    COLUMN(struct TokenRow, token, "1", "0..p-1"),
    COLUMN(struct TokenRow, tenth, "1", "floor(10 token / p), to colour by"),
    COLUMN(struct TokenRow, x, "1", "the token's coordinate along component 2j - 1"),
    COLUMN(struct TokenRow, y, "1", "the same along 2j")};

/* The coordinate of a token along component i. */
static double of_token(const struct PrincipalComponents *components, size_t token, size_t i)
{
  return components->values[i] * components->patterns[token * components->n + i];
}

bool principal_components_write_tokens(struct Subject *subject, const char *file,
                                       struct Error *error)
{
  const struct Both *both = both_of(subject, error);
  struct TableWriter table;
  if (!both || !create(&table, subject, file, "Tokens along the principal components of W_E",
                       of_tokens, N_COLUMNS(of_tokens), error))
    return false;
  size_t p = both->W_E.p;
  for (size_t plane = 0; plane < count_planes(&both->W_E); plane++)
    for (size_t token = 0; token < p; token++)
      table_put_row(&table, &(struct TokenRow){.plane = (int)plane + 1,
                                               .token = (int)token,
                                               .tenth = (int)(10 * token / p),
                                               .x = of_token(&both->W_E, token, 2 * plane),
                                               .y = of_token(&both->W_E, token, 2 * plane + 1)});
  return table_commit(&table, error);
}

struct NeuronRow {
  int plane, neuron, frequency;
  double x, y;
};

static const struct Column of_neurons[] = {
    COLUMN(struct NeuronRow, plane, "1",
           "j = 1, 2, ..., at most 8: that of the principal components 2j - 1 and 2j of W_L"),
    COLUMN(struct NeuronRow, neuron, "1", "0..d_mlp-1"),
    COLUMN(struct NeuronRow, frequency, "1",
           "that of the cluster that the neuron belongs to; 0 for none"),
    COLUMN(struct NeuronRow, x, "1",
           "coordinate of the neuron's direction in the logits, its column of W_L, along component "
           "2j - 1"),
    COLUMN(struct NeuronRow, y, "1", "the same along 2j")};

static double of_neuron(const struct PrincipalComponents *components, size_t neuron, size_t i)
{
  return components->values[i] * components->axes[i * components->width + neuron];
}

bool principal_components_write_neurons(struct Subject *subject, const char *file,
                                        struct Error *error)
{
  const struct Both *both = both_of(subject, error);
  struct TableWriter table;
  if (!both || !create(&table, subject, file, "Neurons along the principal components of W_L",
                       of_neurons, N_COLUMNS(of_neurons), error))
    return false;
  for (size_t plane = 0; plane < count_planes(&both->W_L); plane++)
    for (size_t neuron = 0; neuron < both->W_L.width; neuron++) {
      const struct NeuronFit *fit = &subject->fits[neuron];
      table_put_row(&table,
                    &(struct NeuronRow){.plane = (int)plane + 1,
                                        .neuron = (int)neuron,
                                        .frequency = neuron_fit_clustered(fit) ? fit->frequency : 0,
                                        .x = of_neuron(&both->W_L, neuron, 2 * plane),
                                        .y = of_neuron(&both->W_L, neuron, 2 * plane + 1)});
    }
  return table_commit(&table, error);
}
