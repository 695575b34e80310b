#include "measures/rotation.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* ---- tokens ---- */

static double inner_product(size_t n, const double *f, const double *g)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += f[i] * g[i];
  return sum;
}

/* wave[d] = the coefficient vector of a basis row's wave in W_E[p][d]; the row is the wave times
   sqrt(2/p). */
static void find_wave(int p, const double *row, size_t d, const float *W_E_rows, double *wave)
{
  for (int x = 0; x < p; x++)
    for (size_t i = 0; i < d; i++)
      wave[i] += sqrt(2.0 / p) * row[x] * (double)W_E_rows[(size_t)x * d + i];
}

bool rotation_of_tokens(const struct FourierBasis *basis, const struct Parameters *parameters,
                        int k, struct PlanePoint *points, struct Error *error)
{
  size_t p = (size_t)basis->p, d = (size_t)parameters->shape.d_model;
  const float *weights = parameters_at(parameters, W_E); /* [p + 1][d]; the row of "=" is last */
  double *e = memory_new(3 * d, sizeof *e, "the plane of a frequency in W_E", error);
  if (!e) return false;
  double *f = e + d, *token = f + d;
  int rows[2];
  fourier_components(basis->p, k, rows);
  find_wave(basis->p, basis->rows + (size_t)rows[0] * p, d, weights, e);
  find_wave(basis->p, basis->rows + (size_t)rows[1] * p, d, weights, f);
  double ee = inner_product(d, e, e), ef = inner_product(d, e, f), ff = inner_product(d, f, f);
  double determinant = ee * ff - ef * ef;
  for (size_t x = 0; x < p; x++) {
    for (size_t i = 0; i < d; i++)
      token[i] = (double)weights[x * d + i];
    double along_e = inner_product(d, token, e), along_f = inner_product(d, token, f);
    points[x] = (struct PlanePoint){(ff * along_e - ef * along_f) / determinant,
                                    (ee * along_f - ef * along_e) / determinant};
  }
  free(e);
  return true;
}

/* ---- pairs ---- */

/* mean[m] of hidden[pairs][m] over the pairs */
static void find_mean(const float *hidden, size_t pairs, size_t m, double *mean)
{
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t i = 0; i < m; i++)
      mean[i] += (double)hidden[pair * m + i];
  for (size_t i = 0; i < m; i++)
    mean[i] /= (double)pairs;
}

bool rotation_of_pairs(const struct NeuronLogitMap *map, enum DirectionSign sign,
                       const float *hidden, int k, int a, struct PlanePoint *points,
                       struct Error *error)
{
  size_t p = (size_t)map->basis->p, m = map->d_mlp;
  struct WaveFit fits[2];
  double *u = memory_new(4 * m, sizeof *u, "neurons projected on W_L", error);
  if (!u) return false;
  double *v = u + m, *mean = v + m, *neurons = mean + m;
  bool fitted = neuron_logit_fit(map, sign, hidden, k, fits, error);
  neuron_logit_vectors(map, k, u);
  find_mean(hidden, p * p, m, mean);
  for (size_t b = 0; fitted && b < p; b++) {
    const float *pair = hidden + ((size_t)a * p + b) * m;
    for (size_t i = 0; i < m; i++)
      neurons[i] = (double)pair[i] - mean[i];
    points[b] = (struct PlanePoint){inner_product(m, u, neurons) / fits[0].alpha,
                                    inner_product(m, v, neurons) / fits[1].alpha};
  }
  free(u);
  return fitted;
}
