#include "measures/neuron_fit.h"

#include "base/linear.h"
#include "base/parallel.h"
#include "measures/grid.h"

#include <math.h>

const double neuron_fit_threshold = 0.85;

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

struct Fitting {
  const struct FourierBasis *basis;
  const float *hidden; /* [p^2][d_mlp] */
  size_t d_mlp;
  struct NeuronFit *fits; /* [d_mlp] */
};

/* Fits block `index` of the neurons. */
static bool fit_block(const void *context, size_t index, struct Error *error)
{
  const struct Fitting *fitting = context;
  const struct FourierBasis *basis = fitting->basis;
  size_t pairs = (size_t)basis->p * (size_t)basis->p, first = index * GRID_BLOCK;
  struct GridBlock block;
  if (!grid_block_init(&block, basis->p, error)) return false;
  grid_block_transform(&block, basis, fitting->hidden, fitting->d_mlp, first, fitting->d_mlp);
  for (size_t i = 0; i < block.n; i++)
    fitting->fits[first + i] =
        fit_neuron(basis, block.components,
                   linear_squared_deviation(pairs, block.values + i, block.n), block.n, i);
  grid_block_release(&block);
  return true;
}

bool neuron_fit_all(const struct FourierBasis *basis, const float *hidden, size_t d_mlp,
                    struct NeuronFit *fits, struct Error *error)
{
  struct Fitting fitting = {basis, hidden, d_mlp, fits};
  return parallel_each((d_mlp + GRID_BLOCK - 1) / GRID_BLOCK, fit_block, &fitting, error);
}

bool neuron_fit_clustered(const struct NeuronFit *fit)
{
  return fit->fve > neuron_fit_threshold;
}

int neuron_fit_keys(const struct NeuronFit *fits, size_t d_mlp, int n_frequencies, bool *keys)
{
  int count = 0;
  for (int k = 0; k <= n_frequencies; k++)
    keys[k] = false;
  for (size_t i = 0; i < d_mlp; i++) {
    if (!neuron_fit_clustered(&fits[i]) || keys[fits[i].frequency]) continue;
    keys[fits[i].frequency] = true;
    count++;
  }
  return count;
}

size_t neuron_fit_count(const struct NeuronFit *fits, size_t d_mlp, int k, bool clustered)
{
  size_t count = 0;
  for (size_t i = 0; i < d_mlp; i++)
    count += fits[i].frequency == k && (!clustered || neuron_fit_clustered(&fits[i]));
  return count;
}
