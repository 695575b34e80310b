#include "measures/neurons.h"

#include "base/memory.h"
#include "measures/grid.h"
#include "measures/order.h"

#include <math.h>
#include <stdlib.h>

const double cluster_threshold = 0.85;

/* The squared norm of neuron i of a block of n, mean removed. */
static double squared_deviation(const double *block, size_t pairs, size_t n, size_t i)
{
  double sum = 0, squares = 0;
  for (size_t pair = 0; pair < pairs; pair++)
    sum += block[pair * n + i];
  double mean = sum / (double)pairs;
  for (size_t pair = 0; pair < pairs; pair++) {
    double deviation = block[pair * n + i] - mean;
    squares += deviation * deviation;
  }
  return squares;
}

/* The squared norm of neuron i of a block of n in the non-constant products of frequency k. */
static double squared_at_frequency(const double *components, int p, size_t n, size_t i, int k)
{
  int rows[3] = {0};
  int count = 1 + fourier_components(p, k, rows + 1);
  double squares = 0;
  for (int a = 0; a < count; a++)
    for (int b = 0; b < count; b++) {
      if (rows[a] == 0 && rows[b] == 0) continue;
      size_t product = (size_t)rows[a] * (size_t)p + (size_t)rows[b];
      double value = components[product * n + i];
      squares += value * value;
    }
  return squares;
}

static struct NeuronFit fit_neuron(const struct FourierBasis *basis, const double *components,
                                   double total, size_t n, size_t i)
{
  struct NeuronFit fit = {0};
  double best = 0;
  for (int k = 1; k <= basis->n_frequencies; k++) {
    double squares = squared_at_frequency(components, basis->p, n, i, k);
    if (squares <= best) continue;
    best = squares;
    fit.frequency = k;
  }
  if (total == 0) return (struct NeuronFit){0}; /* a constant neuron leaves only rounding errors */
  fit.fve = fmin(best / total, 1); /* at most 1, though the two sums may round differently */
  return fit;
}

static bool fit_block(const struct FourierBasis *basis, const float *hidden, size_t d_mlp,
                      size_t first, struct NeuronFit *fits, struct Error *error)
{
  size_t pairs = (size_t)basis->p * (size_t)basis->p;
  struct GridBlock block;
  if (!grid_block_init(&block, basis->p, error)) return false;
  grid_block_transform(&block, basis, hidden, d_mlp, first, d_mlp);
  for (size_t i = 0; i < block.n; i++)
    fits[first + i] = fit_neuron(basis, block.components,
                                 squared_deviation(block.values, pairs, block.n, i), block.n, i);
  grid_block_release(&block);
  return true;
}

bool neurons_fit(const struct FourierBasis *basis, const float *hidden, size_t d_mlp,
                 struct NeuronFit *fits, struct Error *error)
{
  bool failed = false;
#pragma omp parallel for schedule(dynamic)
  for (size_t first = 0; first < d_mlp; first += GRID_BLOCK) {
    struct Error block_error;
    if (fit_block(basis, hidden, d_mlp, first, fits, &block_error)) continue;
#pragma omp critical(neurons_fit_error)
    {
      *error = block_error;
      failed = true;
    }
  }
  return !failed;
}

bool neuron_in_cluster(const struct NeuronFit *fit)
{
  return fit->fve > cluster_threshold;
}

int key_frequencies(const struct NeuronFit *fits, size_t d_mlp, int n_frequencies, bool *keys)
{
  int count = 0;
  for (int k = 0; k <= n_frequencies; k++)
    keys[k] = false;
  for (size_t i = 0; i < d_mlp; i++) {
    if (!neuron_in_cluster(&fits[i]) || keys[fits[i].frequency]) continue;
    keys[fits[i].frequency] = true;
    count++;
  }
  return count;
}

bool cluster_of_frequency(const struct NeuronFit *fits, size_t d_mlp, int k,
                          struct Cluster *cluster, struct Error *error)
{
  double *fve = memory_new(d_mlp, sizeof *fve, "FVEs of a cluster", error);
  if (!fve) return false;
  size_t n = 0;
  double sum = 0;
  for (size_t i = 0; i < d_mlp; i++)
    if (fits[i].frequency == k && neuron_in_cluster(&fits[i])) {
      sum += fits[i].fve;
      fve[n++] = fits[i].fve;
    }
  sort_increasing(fve, n);
  *cluster = (struct Cluster){n, NAN, NAN};
  if (n > 0) {
    cluster->mean_fve = sum / (double)n;
    cluster->median_fve = (fve[(n - 1) / 2] + fve[n / 2]) / 2;
  }
  free(fve);
  return true;
}
