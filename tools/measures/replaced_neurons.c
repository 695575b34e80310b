#include "measures/replaced_neurons.h"

#include "base/linear.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "engine/factored/matrix.h"
#include "fourier/transform.h"
#include "measures/grid.h"

#include <stdlib.h>
#include <string.h>

enum { NEURON_BLOCK = 64 };

static size_t count_pairs(const struct ReplacedNetwork *network)
{
  return (size_t)network->basis->p * (size_t)network->basis->p;
}

/* ---- from neurons to logits ---- */

bool replaced_neurons_none(const struct ReplacedNetwork *network, float *logits,
                           struct Error *error)
{
  (void)error;
  size_t p = (size_t)network->basis->p, V = (size_t)network->snapshot->parameters.shape.V;
  for (size_t pair = 0; pair < p * p; pair++)
    memcpy(logits + pair * p, network->snapshot->activations.logits + pair * V, p * sizeof *logits);
  return true;
}

bool replaced_neurons_logits(const struct Snapshot *snapshot, float *logits, struct Error *error)
{
  const struct Shape *shape = &snapshot->parameters.shape;
  size_t p = (size_t)shape->p, m = (size_t)shape->d_mlp;
  float *map = memory_new(p * m, sizeof *map, "the neuron-logit map", error);
  if (!map) return false;
  activations_neuron_logit_map(&snapshot->parameters, snapshot->activations.layer, map);
  matrix_multiply_shared(p * p, p, m, matrix_plain(snapshot->activations.hidden, m),
                         matrix_transposed(map, m), MATRIX_REPLACE, logits, p);
  free(map);
  return true;
}

/* Writes the replaced neurons first .. first + n - 1, [p^2][n]. */
typedef bool FillBlock(const struct ReplacedNetwork *network, const void *context, size_t first,
                       size_t n, float *block, struct Error *error);

static void subtract_hidden(const struct ReplacedNetwork *network, size_t first, size_t n,
                            float *block)
{
  size_t pairs = count_pairs(network), m = network->map->d_mlp;
  const float *hidden = network->snapshot->activations.hidden;
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t i = 0; i < n; i++)
      block[pair * n + i] -= hidden[pair * m + first + i];
}

/* Adds the effect of the replaced neurons to the logits, block by block. `map` is W_L,
   [p][d_mlp]. */
static bool move_logits(const struct ReplacedNetwork *network, FillBlock *fill, const void *context,
                        const float *map, float *block, float *logits, struct Error *error)
{
  size_t p = (size_t)network->basis->p, m = network->map->d_mlp;
  for (size_t first = 0; first < m; first += NEURON_BLOCK) {
    size_t n = m - first < NEURON_BLOCK ? m - first : NEURON_BLOCK;
    if (!fill(network, context, first, n, block, error)) return false;
    subtract_hidden(network, first, n, block);
    matrix_multiply_shared(p * p, p, n, matrix_plain(block, n), matrix_transposed(map + first, m),
                           MATRIX_ADD, logits, p);
  }
  return true;
}

static bool replace(const struct ReplacedNetwork *network, FillBlock *fill, const void *context,
                    float *logits, struct Error *error)
{
  size_t p = (size_t)network->basis->p, m = network->map->d_mlp;
  float *map = memory_new(p * m, sizeof *map, "the neuron-logit map", error);
  float *block =
      map ? memory_new(p * p, NEURON_BLOCK * sizeof *block, "replaced neurons", error) : NULL;
  bool done = block && replaced_neurons_none(network, logits, error);
  if (done) {
    activations_neuron_logit_map(&network->snapshot->parameters,
                                 network->snapshot->activations.layer, map);
    done = move_logits(network, fill, context, map, block, logits, error);
  }
  free(block);
  free(map);
  return done;
}

/* ---- polynomials ---- */

struct PolynomialBlock {
  const struct ReplacedNetwork *network;
  size_t first, n;
  float *block;
};

static bool fill_polynomial(const void *context, size_t column, struct Error *error)
{
  const struct PolynomialBlock *work = context;
  const struct ReplacedNetwork *network = work->network;
  size_t m = network->map->d_mlp, pairs = count_pairs(network);
  const struct NeuronFit *fit = &network->fits[work->first + column];
  const float *hidden = network->snapshot->activations.hidden + work->first + column;
  float *out = work->block + column;
  if (!neuron_fit_clustered(fit)) {
    for (size_t pair = 0; pair < pairs; pair++)
      out[pair * work->n] = hidden[pair * m];
    return true;
  }
  bool *frequencies = memory_new((size_t)network->basis->n_frequencies + 1, sizeof *frequencies,
                                 "chosen frequencies", error);
  if (!frequencies) return false;
  frequencies[0] = frequencies[fit->frequency] = true;
  bool done = grid_project(network->basis, frequencies, hidden, m, out, work->n, error);
  free(frequencies);
  return done;
}

static bool fill_polynomials(const struct ReplacedNetwork *network, const void *context,
                             size_t first, size_t n, float *block, struct Error *error)
{
  (void)context;
  struct PolynomialBlock work = {network, first, n, block};
  return parallel_each(n, fill_polynomial, &work, error);
}

bool replaced_neurons_by_polynomials(const struct ReplacedNetwork *network, float *logits,
                                     struct Error *error)
{
  return replace(network, fill_polynomials, NULL, logits, error);
}

/* ---- directions ---- */

/* The context is the replaced neurons by s, double [p][d_mlp]. */
static bool fill_directions(const struct ReplacedNetwork *network, const void *context,
                            size_t first, size_t n, float *block, struct Error *error)
{
  (void)error;
  const double *by_residue = context;
  int p = network->basis->p;
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      size_t pair = (size_t)a * (size_t)p + (size_t)b;
      size_t s = (size_t)direction_residue(p, network->directed->sign, a, b);
      for (size_t i = 0; i < n; i++)
        block[pair * n + i] = (float)by_residue[s * network->map->d_mlp + first + i];
    }
  return true;
}

bool replaced_neurons_by_directions(const struct ReplacedNetwork *network, float *logits,
                                    struct Error *error)
{
  const struct FourierBasis *basis = network->basis;
  size_t p = (size_t)basis->p, m = network->map->d_mlp, n = (size_t)basis->n_frequencies + 1;
  bool *chosen = memory_new(n, sizeof *chosen, "chosen frequencies", error);
  double *by_residue =
      chosen ? memory_new(2 * p * m, sizeof *by_residue, "neurons by residue", error) : NULL;
  bool done = by_residue;
  if (by_residue) {
    double *components = by_residue + p * m;
    memcpy(chosen, network->keys, n * sizeof *chosen);
    chosen[0] = true; /* the mean */
    directions_fold(basis->p, network->directed->sign, network->snapshot->activations.hidden, m, m,
                    by_residue);
    fourier_transform(basis, by_residue, m, components);
    fourier_inverse(basis, components, m, chosen, by_residue);
    done = replace(network, fill_directions, by_residue, logits, error);
  }
  free(by_residue);
  free(chosen);
  return done;
}

/* ---- the span of u_k and v_k ---- */

struct Projection {
  bool outside;
  size_t n_rows;
  const double *span;  /* [n_rows][d_mlp], orthonormal */
  double *coordinates; /* [p^2][n_rows]: coordinates of each pair's neurons in the span */
};

static void find_coordinates(const struct ReplacedNetwork *network,
                             const struct Projection *projection)
{
  size_t m = network->map->d_mlp, pairs = count_pairs(network);
  const float *hidden = network->snapshot->activations.hidden;
#pragma omp parallel for
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t row = 0; row < projection->n_rows; row++)
      projection->coordinates[pair * projection->n_rows + row] =
          linear_dot_floats(m, projection->span + row * m, hidden + pair * m);
}

static bool fill_projection(const struct ReplacedNetwork *network, const void *context,
                            size_t first, size_t n, float *block, struct Error *error)
{
  (void)error;
  const struct Projection *projection = context;
  size_t m = network->map->d_mlp, pairs = count_pairs(network), n_rows = projection->n_rows;
  const float *hidden = network->snapshot->activations.hidden;
#pragma omp parallel for
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t i = 0; i < n; i++) {
      double inside = 0;
      for (size_t row = 0; row < n_rows; row++)
        inside +=
            projection->coordinates[pair * n_rows + row] * projection->span[row * m + first + i];
      double value = (double)hidden[pair * m + first + i];
      block[pair * n + i] = (float)(projection->outside ? value - inside : inside);
    }
  return true;
}

static size_t count_keys(const struct ReplacedNetwork *network)
{
  size_t count = 0;
  for (int k = 1; k <= network->basis->n_frequencies; k++)
    count += network->keys[k];
  return count;
}

static bool project(const struct ReplacedNetwork *network, bool outside, float *logits,
                    struct Error *error)
{
  size_t m = network->map->d_mlp, most = 2 * count_keys(network);
  struct Projection projection = {.outside = outside};
  double *span = memory_new(most * m, sizeof *span, "directions of W_L", error);
  if (span)
    projection.coordinates =
        memory_new(count_pairs(network) * most, sizeof(double), "neurons projected on W_L", error);
  bool done = projection.coordinates;
  if (done) {
    projection.n_rows = neuron_logit_span(network->map, network->keys, span);
    projection.span = span;
    find_coordinates(network, &projection);
    done = replace(network, fill_projection, &projection, logits, error);
  }
  free(projection.coordinates);
  free(span);
  return done;
}

bool replaced_neurons_on_map(const struct ReplacedNetwork *network, float *logits,
                             struct Error *error)
{
  return project(network, false, logits, error);
}

bool replaced_neurons_off_map(const struct ReplacedNetwork *network, float *logits,
                              struct Error *error)
{
  return project(network, true, logits, error);
}
