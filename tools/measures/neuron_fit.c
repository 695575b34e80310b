#include "measures/neuron_fit.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "fourier/transform.h"

#include <math.h>
#include <stdlib.h>

const double neuron_fit_threshold = 0.85;

struct Fitting {
  const struct FourierBasis *basis;
  const float *hidden; /* [p^2][d_mlp] */
  size_t d_mlp;
  struct NeuronFit *fits; /* [d_mlp] */
};

/* ---- components ---- */

enum { BLOCK = 16 }; /* neurons at a time, side by side */

/*
 * Of a block of neurons, those components of fourier_transform_grid, with their bits, that are
 * products of the constant and one frequency: component i over a, j over b. The columns of the grid
 * are transformed one after the other, so that only one needs to be kept.
 */
struct Products {
  double (*column)[BLOCK];      /* [p]: neurons at the pairs (a, b) of one b */
  double (*transformed)[BLOCK]; /* [p]: component i over a */
  double (*of_constant)[BLOCK]; /* [p]: i = 0 and any j */
  double (*others)[3][BLOCK];   /* [p]: i, and j = 0 or a component of the frequency of i */
};

static bool products_init(struct Products *products, size_t p, struct Error *error)
{
  products->column = memory_new(6 * p, sizeof *products->column, "fits of the neurons", error);
  if (!products->column) return false;
  products->transformed = products->column + p;
  products->of_constant = products->transformed + p;
  products->others = (double(*)[3][BLOCK])(products->of_constant + p);
  return true;
}

static void add_scaled(double weight, const double from[BLOCK], double sum[BLOCK])
{
  for (size_t i = 0; i < BLOCK; i++)
    sum[i] += weight * from[i];
}

static void load_column(const struct Fitting *fitting, size_t first, size_t n, size_t b,
                        double (*column)[BLOCK])
{
  size_t p = (size_t)fitting->basis->p;
  for (size_t a = 0; a < p; a++)
    for (size_t i = 0; i < n; i++)
      column[a][i] = (double)fitting->hidden[(a * p + b) * fitting->d_mlp + first + i];
}

/* Adds what a column adds to the sums over b. */
static void add_column(const struct FourierBasis *basis, size_t b, const struct Products *products)
{
  size_t p = (size_t)basis->p;
  for (size_t j = 0; j < p; j++)
    add_scaled(basis->rows[j * p + b], products->transformed[0], products->of_constant[j]);
  for (size_t i = 1; i < p; i++) {
    int components[2], n = fourier_components((int)p, fourier_frequency((int)i), components);
    add_scaled(basis->rows[b], products->transformed[i], products->others[i][0]);
    for (int j = 0; j < n; j++)
      add_scaled(basis->rows[(size_t)components[j] * p + b], products->transformed[i],
                 products->others[i][1 + j]);
  }
}

/* The squared norm of neuron `at` of the block in the non-constant products of frequency k. */
static double squared_at_frequency(const struct Products *products, int p, size_t at, int k)
{
  int components[2], n = fourier_components(p, k, components);
  double squares = 0;
  for (int j = 0; j < n; j++) {
    double value = products->of_constant[components[j]][at];
    squares += value * value;
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j <= n; j++) {
      double value = products->others[components[i]][j][at];
      squares += value * value;
    }
  return squares;
}

/* ---- fits ---- */

/* linear_squared_deviation of each neuron of a block of n over all pairs */
static void find_deviations(const struct Fitting *fitting, size_t first, size_t n,
                            double deviations[BLOCK])
{
  size_t p = (size_t)fitting->basis->p, pairs = p * p;
  const float *hidden = fitting->hidden + first;
  double mean[BLOCK] = {0};
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t i = 0; i < n; i++)
      mean[i] += (double)hidden[pair * fitting->d_mlp + i];
  for (size_t i = 0; i < n; i++)
    mean[i] /= (double)pairs;
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t i = 0; i < n; i++) {
      double deviation = (double)hidden[pair * fitting->d_mlp + i] - mean[i];
      deviations[i] += deviation * deviation;
    }
}

static struct NeuronFit fit_neuron(const struct FourierBasis *basis,
                                   const struct Products *products, double total, size_t at)
{
  struct NeuronFit fit = {0};
  double best = 0;
  for (int k = 1; k <= basis->n_frequencies; k++) {
    double squares = squared_at_frequency(products, basis->p, at, k);
    if (squares <= best) continue;
    best = squares;
    fit.frequency = k;
  }
  if (total == 0) return (struct NeuronFit){0}; /* a constant neuron leaves only rounding errors */
  fit.fve = fmin(best / total, 1); /* at most 1, though the two sums may round differently */
  return fit;
}

/* Fits block `index` of the neurons. */
static bool fit_block(const void *context, size_t index, struct Error *error)
{
  const struct Fitting *fitting = context;
  const struct FourierBasis *basis = fitting->basis;
  size_t p = (size_t)basis->p, first = index * BLOCK, left = fitting->d_mlp - first;
  size_t n = left < BLOCK ? left : BLOCK;
  struct Products products;
  if (!products_init(&products, p, error)) return false;
  for (size_t b = 0; b < p; b++) {
    load_column(fitting, first, n, b, products.column);
    fourier_transform(basis, products.column[0], BLOCK, products.transformed[0]);
    add_column(basis, b, &products);
  }
  double deviations[BLOCK] = {0};
  find_deviations(fitting, first, n, deviations);
  for (size_t i = 0; i < n; i++)
    fitting->fits[first + i] = fit_neuron(basis, &products, deviations[i], i);
  free(products.column);
  return true;
}

bool neuron_fit_all(const struct FourierBasis *basis, const float *hidden, size_t d_mlp,
                    struct NeuronFit *fits, struct Error *error)
{
  struct Fitting fitting = {basis, hidden, d_mlp, fits};
  return parallel_each((d_mlp + BLOCK - 1) / BLOCK, fit_block, &fitting, error);
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
