#include "measures/spectrum.h"

#include "base/memory.h"
#include "engine/factored/activations.h"
#include "fourier/transform.h"
#include "measures/grid.h"
#include "measures/order.h"

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
  for (size_t i = 0; i < p * d; i++)
    numbers[i] = (double)weights[i];
  fourier_transform(basis, numbers, d, components);
  fourier_norms(components, p, d, norms);
  free(scratch);
  return true;
}

bool spectrum_of_neuron_logit_map(const struct FourierBasis *basis,
                                  const struct Parameters *parameters, double *components,
                                  struct Error *error)
{
  size_t p = (size_t)basis->p, m = (size_t)parameters->shape.d_mlp;
  float *map = memory_new(p * m, sizeof *map, "the neuron-logit map", error);
  double *wide = map ? memory_new(p * m, sizeof *wide, "the neuron-logit map", error) : NULL;
  if (wide) {
    network_neuron_logit_map(parameters, map);
    for (size_t i = 0; i < p * m; i++)
      wide[i] = (double)map[i];
    fourier_transform(basis, wide, m, components);
  }
  bool done = wide;
  free(wide);
  free(map);
  return done;
}

/* squares[i] += the squared norm of row i of components[rows][n] */
static void add_squares(const double *components, size_t rows, size_t n, double *squares)
{
  for (size_t i = 0; i < rows; i++)
    for (size_t c = 0; c < n; c++)
      squares[i] += components[i * n + c] * components[i * n + c];
}

bool spectrum_of_logits(const struct FourierBasis *basis, const float *logits, size_t V,
                        double *norms, struct Error *error)
{
  size_t p = (size_t)basis->p, pairs = p * p;
  struct GridBlock block;
  if (!grid_block_init(&block, basis->p, error)) return false;
  memset(norms, 0, pairs * sizeof *norms);
  for (size_t first = 0; first < p; first += GRID_BLOCK) {
    grid_block_transform(&block, basis, logits, V, first, p); /* without the column of "=" */
    add_squares(block.components, pairs, block.n, norms);
  }
  for (size_t i = 0; i < pairs; i++)
    norms[i] = sqrt(norms[i]);
  grid_block_release(&block);
  return true;
}

double gini_coefficient(double *values, size_t n)
{
  sort_increasing(values, n);
  double sum = 0, weighted = 0;
  for (size_t i = 0; i < n; i++) {
    sum += values[i];
    weighted += values[i] * ((double)(n - i) - 0.5);
  }
  return sum == 0 ? 0 : 1 - 2 * weighted / (sum * (double)n);
}

double squared_weights(const struct Parameters *parameters, enum Parameter which)
{
  const float *values = parameters_at(parameters, which);
  double sum = 0;
  for (size_t i = 0; i < parameters->info[which].count; i++)
    sum += (double)values[i] * (double)values[i];
  return sum;
}
