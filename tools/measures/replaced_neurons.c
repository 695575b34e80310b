#include "measures/replaced_neurons.h"

#include "base/memory.h"
#include "engine/factored/matrix.h"
#include "fourier/transform.h"
#include "measures/columns.h"

#include <stdlib.h>
#include <string.h>

enum { NEURON_BLOCK = 64 };

static size_t count_pairs(const struct ReplacementSubject *subject)
{
  return (size_t)subject->basis->p * (size_t)subject->basis->p;
}

/* ---- from neurons to logits ---- */

/* Writes the replaced neurons first .. first + n - 1, [p^2][n]. */
typedef bool FillBlock(const struct ReplacementSubject *subject, const void *context, size_t first,
                       size_t n, float *block, struct Error *error);

static void subtract_hidden(const struct ReplacementSubject *subject, size_t first, size_t n,
                            float *block)
{
  size_t pairs = count_pairs(subject), m = subject->map->d_mlp;
  const float *hidden = subject->snapshot->activations.hidden;
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t i = 0; i < n; i++)
      block[pair * n + i] -= hidden[pair * m + first + i];
}

/* Adds the effect of the replaced neurons to the logits, block by block. `map` is W_L,
   [p][d_mlp]. */
static bool move_logits(const struct ReplacementSubject *subject, FillBlock *fill,
                        const void *context, const float *map, float *block, float *logits,
                        struct Error *error)
{
  size_t p = (size_t)subject->basis->p, m = subject->map->d_mlp;
  for (size_t first = 0; first < m; first += NEURON_BLOCK) {
    size_t n = m - first < NEURON_BLOCK ? m - first : NEURON_BLOCK;
    if (!fill(subject, context, first, n, block, error)) return false;
    subtract_hidden(subject, first, n, block);
    matrix_multiply_shared(p * p, p, n, matrix_plain(block, n), matrix_transposed(map + first, m),
                           MATRIX_ADD, logits, p);
  }
  return true;
}

static bool replace(const struct ReplacementSubject *subject, FillBlock *fill, const void *context,
                    float *logits, struct Error *error)
{
  size_t p = (size_t)subject->basis->p, m = subject->map->d_mlp;
  float *map = memory_new(p * m, sizeof *map, "the neuron-logit map", error);
  float *block =
      map ? memory_new(p * p, NEURON_BLOCK * sizeof *block, "replaced neurons", error) : NULL;
  bool done = block && replacement_logits(subject, REPLACE_NOTHING, logits, error);
  if (done) {
    network_neuron_logit_map(&subject->snapshot->parameters, map);
    done = move_logits(subject, fill, context, map, block, logits, error);
  }
  free(block);
  free(map);
  return done;
}

/* ---- polynomials ---- */

struct PolynomialBlock {
  const struct ReplacementSubject *subject;
  size_t first, n;
  float *block;
};

static bool fill_polynomial(const void *context, size_t column, struct Error *error)
{
  const struct PolynomialBlock *work = context;
  const struct ReplacementSubject *subject = work->subject;
  size_t m = subject->map->d_mlp, pairs = count_pairs(subject);
  const struct NeuronFit *fit = &subject->fits[work->first + column];
  const float *hidden = subject->snapshot->activations.hidden + work->first + column;
  float *out = work->block + column;
  if (!neuron_in_cluster(fit)) {
    for (size_t pair = 0; pair < pairs; pair++)
      out[pair * work->n] = hidden[pair * m];
    return true;
  }
  bool *frequencies = memory_new((size_t)subject->basis->n_frequencies + 1, sizeof *frequencies,
                                 "chosen frequencies", error);
  if (!frequencies) return false;
  frequencies[0] = frequencies[fit->frequency] = true;
  bool done = columns_project(subject->basis, frequencies, hidden, m, out, work->n, error);
  free(frequencies);
  return done;
}

static bool fill_polynomials(const struct ReplacementSubject *subject, const void *context,
                             size_t first, size_t n, float *block, struct Error *error)
{
  (void)context;
  struct PolynomialBlock work = {subject, first, n, block};
  return columns_each(n, fill_polynomial, &work, error);
}

bool replace_clustered_neurons(const struct ReplacementSubject *subject, float *logits,
                               struct Error *error)
{
  return replace(subject, fill_polynomials, NULL, logits, error);
}

/* ---- directions ---- */

/* The context is the replaced neurons by s, double [p][d_mlp]. */
static bool fill_directions(const struct ReplacementSubject *subject, const void *context,
                            size_t first, size_t n, float *block, struct Error *error)
{
  (void)error;
  const double *by_residue = context;
  int p = subject->basis->p;
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      size_t pair = (size_t)a * (size_t)p + (size_t)b;
      size_t s = (size_t)direction_residue(p, subject->directed->sign, a, b);
      for (size_t i = 0; i < n; i++)
        block[pair * n + i] = (float)by_residue[s * subject->map->d_mlp + first + i];
    }
  return true;
}

bool replace_neurons(const struct ReplacementSubject *subject, float *logits, struct Error *error)
{
  const struct FourierBasis *basis = subject->basis;
  size_t p = (size_t)basis->p, m = subject->map->d_mlp, n = (size_t)basis->n_frequencies + 1;
  bool *chosen = memory_new(n, sizeof *chosen, "chosen frequencies", error);
  double *by_residue =
      chosen ? memory_new(2 * p * m, sizeof *by_residue, "neurons by residue", error) : NULL;
  bool done = by_residue;
  if (by_residue) {
    double *components = by_residue + p * m;
    memcpy(chosen, subject->keys, n * sizeof *chosen);
    chosen[0] = true; /* the mean */
    directions_fold(basis->p, subject->directed->sign, subject->snapshot->activations.hidden, m, m,
                    by_residue);
    fourier_transform(basis, by_residue, m, components);
    fourier_inverse(basis, components, m, chosen, by_residue);
    done = replace(subject, fill_directions, by_residue, logits, error);
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

static void find_coordinates(const struct ReplacementSubject *subject,
                             const struct Projection *projection)
{
  size_t m = subject->map->d_mlp, pairs = count_pairs(subject);
  const float *hidden = subject->snapshot->activations.hidden;
#pragma omp parallel for
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t row = 0; row < projection->n_rows; row++) {
      double sum = 0;
      for (size_t i = 0; i < m; i++)
        sum += projection->span[row * m + i] * (double)hidden[pair * m + i];
      projection->coordinates[pair * projection->n_rows + row] = sum;
    }
}

static bool fill_projection(const struct ReplacementSubject *subject, const void *context,
                            size_t first, size_t n, float *block, struct Error *error)
{
  (void)error;
  const struct Projection *projection = context;
  size_t m = subject->map->d_mlp, pairs = count_pairs(subject), n_rows = projection->n_rows;
  const float *hidden = subject->snapshot->activations.hidden;
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

static size_t count_keys(const struct ReplacementSubject *subject)
{
  size_t count = 0;
  for (int k = 1; k <= subject->basis->n_frequencies; k++)
    count += subject->keys[k];
  return count;
}

bool project_neurons(const struct ReplacementSubject *subject, bool outside, float *logits,
                     struct Error *error)
{
  size_t m = subject->map->d_mlp, most = 2 * count_keys(subject);
  struct Projection projection = {.outside = outside};
  double *span = memory_new(most * m, sizeof *span, "directions of W_L", error);
  if (span)
    projection.coordinates =
        memory_new(count_pairs(subject) * most, sizeof(double), "neurons projected on W_L", error);
  bool done = projection.coordinates;
  if (done) {
    projection.n_rows = neuron_logit_span(subject->map, subject->keys, span);
    projection.span = span;
    find_coordinates(subject, &projection);
    done = replace(subject, fill_projection, &projection, logits, error);
  }
  free(projection.coordinates);
  free(span);
  return done;
}
