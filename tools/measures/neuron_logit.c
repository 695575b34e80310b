#include "measures/neuron_logit.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static double inner_product(size_t n, const double *f, const double *g)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += f[i] * g[i];
  return sum;
}

double neuron_logit_residual(const struct NeuronLogitMap *map, const bool *keys)
{
  double inside = 0, outside = 0;
  for (int i = 0; i < map->basis->p; i++) {
    const double *row = map->components + (size_t)i * map->d_mlp;
    *(keys[fourier_frequency(i)] ? &inside : &outside) += inner_product(map->d_mlp, row, row);
  }
  return outside / (inside + outside);
}

int neuron_logit_vectors(const struct NeuronLogitMap *map, int k, double *vectors)
{
  int p = map->basis->p, rows[2];
  int n = fourier_components(p, k, rows);
  /* the basis row is the wave times norm, the component is the wave's coefficient divided by
     norm */
  double norm = sqrt((n == 2 ? 2.0 : 1.0) / p);
  for (int row = 0; row < n; row++)
    for (size_t i = 0; i < map->d_mlp; i++)
      vectors[(size_t)row * map->d_mlp + i] =
          norm * map->components[(size_t)rows[row] * map->d_mlp + i];
  return n;
}

/* Subtracts the vector's projection on n orthonormal rows. */
static void orthogonalise(size_t m, size_t n, const double *rows, double *vector)
{
  for (size_t row = 0; row < n; row++) {
    double part = inner_product(m, rows + row * m, vector);
    for (size_t i = 0; i < m; i++)
      vector[i] -= part * rows[row * m + i];
  }
}

/* Orthonormalises the vector stored after n orthonormal rows against them, unless it is nearly
   in their span; returns the new number of rows. */
static size_t add_to_span(size_t m, size_t n, double *span)
{
  static const double least = 1e-6;
  double *vector = span + n * m;
  double before = sqrt(inner_product(m, vector, vector));
  for (int pass = 0; pass < 2; pass++) /* the second pass removes rounding errors */
    orthogonalise(m, n, span, vector);
  double norm = sqrt(inner_product(m, vector, vector));
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

/* values[pair] = vector . hidden[pair] */
static void project(const float *hidden, size_t pairs, size_t m, const double *vector,
                    double *values)
{
#pragma omp parallel for
  for (size_t pair = 0; pair < pairs; pair++) {
    double sum = 0;
    for (size_t i = 0; i < m; i++)
      sum += vector[i] * (double)hidden[pair * m + i];
    values[pair] = sum;
  }
}

/* Fits values[p^2] by alpha times a wave, given by its basis row, a multiple of it. The wave is
   orthogonal to the constant, and p pairs share each s. */
static struct WaveFit fit_wave(int p, enum DirectionSign sign, const double *row, double norm,
                               const double *values)
{
  double product = 0, sum = 0, squares = 0;
  size_t pairs = (size_t)p * (size_t)p;
  for (size_t pair = 0; pair < pairs; pair++)
    sum += values[pair];
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      double deviation = values[a * p + b] - sum / (double)pairs;
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
  fits[1] = (struct WaveFit){NAN, NAN, NAN};
  for (int i = 0; i < n; i++) {
    const double *vector = vectors + (size_t)i * m;
    project(hidden, pairs, m, vector, values);
    fits[i] = fit_wave(p, sign, map->basis->rows + (size_t)rows[i] * (size_t)p, norm, values);
    fits[i].norm = sqrt(inner_product(m, vector, vector));
  }
  free(vectors);
  return true;
}
