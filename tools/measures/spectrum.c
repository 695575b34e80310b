#include "measures/spectrum.h"

#include "base/linear.h"
#include "base/memory.h"
#include "fourier/transform.h"
#include "measures/neuron_logit_map.h"
#include "measures/sort.h"
#include "measures/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool spectrum_of_embedding(const struct FourierBasis *basis, const struct Parameters *parameters,
                           double *norms, struct Error *error)
{
  size_t p = (size_t)basis->p, d = (size_t)parameters->shape.d_model;
  const float *weights = parameters_at(parameters, W_E); /* [p + 1][d]; the row of "=" is last */
  double *scratch = memory_new(2 * p * d, sizeof *scratch, "the spectrum of W_E", error);
  if (!scratch) return false;
  double *numbers = scratch, *components = scratch + p * d;
  linear_widen(p * d, weights, numbers);
  fourier_transform(basis, numbers, d, components);
  fourier_norms(components, p, d, norms);
  free(scratch);
  return true;
}

double spectrum_gini(double *values, size_t n)
{
  sort_increasing(values, n);
  double sum = 0, weighted = 0;
  for (size_t i = 0; i < n; i++) {
    sum += values[i];
    weighted += values[i] * ((double)(n - i) - 0.5);
  }
  return sum == 0 ? 0 : 1 - 2 * weighted / (sum * (double)n);
}

bool spectrum_gini_of(const double *values, size_t n, double *gini, struct Error *error)
{
  double *copy = memory_new(n, sizeof *copy, "norms of components", error);
  if (!copy) return false;
  memcpy(copy, values, n * sizeof *copy);
  *gini = spectrum_gini(copy, n);
  free(copy);
  return true;
}

/* The squared norm at a frequency: of its cosine and sine together. */
static double squared_at(const struct FourierBasis *basis, const double *norms, int k)
{
  int components[2];
  double square = 0;
  for (int i = 0, n = fourier_components(basis->p, k, components); i < n; i++)
    square += norms[components[i]] * norms[components[i]];
  return square;
}

struct Contrast spectrum_contrast(const struct FourierBasis *basis, const double *norms,
                                  const bool *keys)
{
  struct Spread of_keys = spread_empty(), of_others = spread_empty();
  double squares_of_keys = 0, squares = 0;
  for (int k = 1; k <= basis->n_frequencies; k++) {
    double square = squared_at(basis, norms, k);
    spread_add(keys[k] ? &of_keys : &of_others, sqrt(square));
    if (keys[k]) squares_of_keys += square;
    squares += square;
  }
  return (struct Contrast){.share = squares_of_keys / squares,
                           .ratio = spread_mean(&of_keys) / spread_mean(&of_others),
                           .separation = of_keys.least / of_others.most};
}

double spectrum_count_above(const struct FourierBasis *basis, const double *norms, const bool *keys)
{
  struct Spread of_keys = spread_empty();
  double count = 0;
  for (int k = 1; k <= basis->n_frequencies; k++)
    if (keys[k]) spread_add(&of_keys, squared_at(basis, norms, k));
  if (of_keys.n == 0) return NAN;
  for (int k = 1; k <= basis->n_frequencies; k++)
    count += squared_at(basis, norms, k) > of_keys.least / 4;
  return count;
}

double spectrum_component(const double *values, size_t stride, int p, int frequency, int row)
{
  int components[2];
  if (row >= fourier_components(p, frequency, components)) return NAN;
  return values[(size_t)components[row] * stride];
}

/* ---- of a subject ---- */

static bool fill(struct Subject *subject, const struct Spectrum *spectrum, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct NeuronLogitMap *map = neuron_logit_map_of(subject, error);
  if (!map || !spectrum_of_embedding(&analysis->basis, &analysis->snapshot.parameters,
                                     spectrum->W_E, error))
    return false;
  fourier_norms(map->components, (size_t)analysis->basis.p, map->d_mlp, spectrum->W_L);
  for (int i = 0; i < analysis->basis.p && analysis_missing(analysis, PART_MAP); i++)
    spectrum->W_L[i] = NAN;
  return true;
}

static void release(void *numbers)
{
  struct Spectrum *spectrum = numbers;
  free(spectrum->W_E); /* both */
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct Spectrum *spectrum = numbers;
  size_t p = (size_t)subject->analysis->basis.p;
  spectrum->W_E = memory_new(2 * p, sizeof(double), "the norms of components", error);
  if (!spectrum->W_E) return false;
  spectrum->W_L = spectrum->W_E + p;
  if (fill(subject, spectrum, error)) return true;
  release(spectrum);
  return false;
}

const struct Spectrum *spectrum_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct Spectrum), find, release};
  return subject_find(subject, &finding, error);
}

struct SpectrumRow {
  int frequency;
  double W_E_cos, W_E_sin, W_L_cos, W_L_sin;
};

static const struct Column columns[] = {
    COLUMN(struct SpectrumRow, frequency, "1",
           "k, w_k = 2 pi k / p; 0 is the constant, which has no sine"),
    COLUMN(struct SpectrumRow, W_E_cos, "1",
           "norm over the residual stream of W_E's component cos(w_k x) (figure 3)"),
    COLUMN(struct SpectrumRow, W_E_sin, "1", "the same for sin(w_k x)"),
    COLUMN(struct SpectrumRow, W_L_cos, "1",
           "norm over the neurons of the component cos(w_k c) of W_L = W_U W_out along its p "
           "number outputs (figure 3)"),
    COLUMN(struct SpectrumRow, W_L_sin, "1", "the same for sin(w_k c)")};

bool spectrum_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct FourierBasis *basis = &subject->analysis->basis;
  const struct Spectrum *spectrum = spectrum_of(subject, error);
  struct TableWriter table;
  if (!spectrum || !subject_create_table(&table, subject, file, "Norms of the Fourier components",
                                         "", columns, N_COLUMNS(columns), error))
    return false;
  for (int k = 0; k <= basis->n_frequencies; k++)
    table_put_row(&table, &(struct SpectrumRow){
                              .frequency = k,
                              .W_E_cos = spectrum_component(spectrum->W_E, 1, basis->p, k, 0),
                              .W_E_sin = spectrum_component(spectrum->W_E, 1, basis->p, k, 1),
                              .W_L_cos = spectrum_component(spectrum->W_L, 1, basis->p, k, 0),
                              .W_L_sin = spectrum_component(spectrum->W_L, 1, basis->p, k, 1)});
  return table_commit(&table, error);
}
