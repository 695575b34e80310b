#include "measures/neuron_logit.h"

#include "base/linear.h"
#include "base/memory.h"
#include "measures/spread.h"

#include <math.h>
#include <stdlib.h>

int neuron_logit_vectors(const struct NeuronLogitMap *map, int k, double *vectors)
{
  int p = map->basis->p, rows[2];
  int n = fourier_components(p, k, rows);
  /* the basis row is the wave times norm, the component is the wave's coefficient divided by
     norm */
  double norm = sqrt((n == 2 ? 2.0 : 1.0) / p);
  for (int row = 0; row < n; row++)
    linear_scale(map->d_mlp, norm, map->components + (size_t)rows[row] * map->d_mlp,
                 vectors + (size_t)row * map->d_mlp);
  return n;
}

/* Subtracts the vector's projection on n orthonormal rows. */
static void orthogonalise(size_t m, size_t n, const double *rows, double *vector)
{
  for (size_t row = 0; row < n; row++)
    linear_add_scaled(m, -linear_dot(m, rows + row * m, vector), rows + row * m, vector);
}

/* Orthonormalises the vector stored after n orthonormal rows against them, unless it is nearly
   in their span; returns the new number of rows. */
static size_t add_to_span(size_t m, size_t n, double *span)
{
  static const double least = 1e-6;
  double *vector = span + n * m;
  double before = linear_norm(m, vector);
  for (int pass = 0; pass < 2; pass++) /* the second pass removes rounding errors */
    orthogonalise(m, n, span, vector);
  double norm = linear_norm(m, vector);
  if (!(norm > least * before)) return n;
  for (size_t i = 0; i < m; i++)
    vector[i] /= norm;
  return n + 1;
}

size_t neuron_logit_span(const struct NeuronLogitMap *map, const bool *keys, double *span)
{
  size_t m = map->d_mlp, n = 0;
  for (int k = 1; k <= map->basis->n_frequencies; k++) {
    int rows[2], count = keys[k] ? fourier_components(map->basis->p, k, rows) : 0;
    for (int row = 0; row < count; row++) {
      for (size_t i = 0; i < m; i++)
        span[n * m + i] = map->components[(size_t)rows[row] * m + i];
      n = add_to_span(m, n, span);
    }
  }
  return n;
}

/* Fits values[p^2] by alpha times a wave, given by its basis row, a multiple of it. The wave is
   orthogonal to the constant, and p pairs share each s. */
static struct WaveFit fit_wave(int p, enum DirectionSign sign, const double *row, double norm,
                               const double *values)
{
  double product = 0, squares = 0, mean = linear_mean((size_t)p * (size_t)p, values, 1);
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      double deviation = values[a * p + b] - mean;
      product += row[direction_residue(p, sign, a, b)] * deviation;
      squares += deviation * deviation;
    }
  return (struct WaveFit){.alpha = norm * product / p, .fve = product * product / (p * squares)};
}

bool neuron_logit_fit(const struct NeuronLogitMap *map, enum DirectionSign sign,
                      const float *hidden, int k, struct WaveFit fits[2], struct Error *error)
{
  int p = map->basis->p, rows[2];
  size_t m = map->d_mlp, pairs = (size_t)p * (size_t)p;
  double *vectors = memory_new(2 * m + pairs, sizeof *vectors, "neurons projected on W_L", error);
  if (!vectors) return false;
  double *values = vectors + 2 * m;
  int n = neuron_logit_vectors(map, k, vectors);
  double norm = sqrt((n == 2 ? 2.0 : 1.0) / p);
  fourier_components(p, k, rows);
  fits[1] = (struct WaveFit){NAN, NAN, NAN, NAN};
  for (int i = 0; i < n; i++) {
    const double *vector = vectors + (size_t)i * m;
    linear_multiply(pairs, m, hidden, vector, values);
    fits[i] = fit_wave(p, sign, map->basis->rows + (size_t)rows[i] * (size_t)p, norm, values);
    fits[i].norm = linear_norm(m, vector);
    fits[i].coefficient = fits[i].alpha / norm;
  }
  free(vectors);
  return true;
}

/* ---- of a subject ---- */

/* The fits are functions of a + b or of a - b: undefined for other operations. */
static bool fit_waves(struct Subject *subject, const struct KeyWaves *found, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct NeuronLogitMap *map = neuron_logit_map_of(subject, error);
  struct Error ignored;
  enum DirectionSign sign = DIRECTION_SUM;
  bool defined = directed_logits_sign(analysis->trajectory.config.data.operation, &sign, &ignored);
  for (int k = 1; map && k <= analysis->basis.n_frequencies; k++) {
    struct WaveFit *waves = found->waves[k];
    if (!analysis->keys[k]) continue;
    if (!neuron_logit_fit(map, sign, analysis->snapshot.activations.hidden, k, waves, error))
      return false;
    for (int i = 0; !defined && i < 2; i++)
      waves[i].alpha = waves[i].coefficient = waves[i].fve = NAN;
  }
  return map;
}

static void release(void *numbers)
{
  struct KeyWaves *found = numbers;
  free(found->waves);
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct KeyWaves *found = numbers;
  size_t n = (size_t)subject->analysis->basis.n_frequencies + 1;
  found->waves = memory_new(n, sizeof *found->waves, "the directions of W_L", error);
  if (!found->waves) return false;
  if (fit_waves(subject, found, error)) return true;
  release(found);
  return false;
}

const struct KeyWaves *neuron_logit_waves_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct KeyWaves), find, release};
  return subject_find(subject, &finding, error);
}

struct WaveSummary neuron_logit_summarise(const struct Analysis *analysis,
                                          const struct KeyWaves *found)
{
  struct Spread fve = spread_empty();
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    for (int i = 0; analysis->keys[k] && i < 2; i++)
      spread_add(&fve, found->waves[k][i].fve);
  return (struct WaveSummary){fve.least, spread_mean(&fve)};
}

struct DirectionRow {
  int frequency;
  struct WaveFit u, v;
};

static const struct Column columns[] = {
    COLUMN(struct DirectionRow, frequency, "1",
           "a key frequency k; W_L = sum over them of cos(w_k c) u_k^T + sin(w_k c) v_k^T and a "
           "residual (section 4.2)"),
    COLUMN_AS("fve_u", struct DirectionRow, u.fve, "1",
              "share of the variance of u_k^T MLP(a, b) over all pairs that alpha_u cos(w_k(a + "
              "b)) explains (a - b for subtract), MLP being the neurons behind the activation "
              "function"),
    COLUMN_AS("fve_v", struct DirectionRow, v.fve, "1",
              "the same for v_k^T MLP(a, b) and alpha_v sin(w_k(a + b)); nan for k = p/2"),
    COLUMN_AS("norm_u", struct DirectionRow, u.norm, "1", "norm of u_k over the neurons"),
    COLUMN_AS("norm_v", struct DirectionRow, v.norm, "1", "norm of v_k"),
    COLUMN_AS("alpha_u", struct DirectionRow, u.alpha, "1", "least squares"),
    COLUMN_AS("alpha_v", struct DirectionRow, v.alpha, "1", "least squares"),
    COLUMN_AS(
        "coefficient_u", struct DirectionRow, u.coefficient, "1",
        "alpha_u when cos(w_k c) is divided by its norm over c: sqrt(p/2) alpha_u for k < p/2 "
        "(table 1)"),
    COLUMN_AS("coefficient_v", struct DirectionRow, v.coefficient, "1",
              "alpha_v when sin(w_k c) is divided by its norm over c (table 1)")};

bool neuron_logit_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct KeyWaves *found = neuron_logit_waves_of(subject, error);
  struct TableWriter table;
  if (!found || !subject_create_table(&table, subject, file, "Directions of the neuron-logit map",
                                      "", columns, N_COLUMNS(columns), error))
    return false;
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    if (analysis->keys[k])
      table_put_row(&table, &(struct DirectionRow){k, found->waves[k][0], found->waves[k][1]});
  return table_commit(&table, error);
}
