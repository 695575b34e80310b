#define REAL_BITS 64
#include "network/textbook.h"

#include "measures/gradient_symmetry.h"

#include "base/linear.h"
#include "base/memory.h"
#include "engine/textbook/products.h"
#include "network/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64 };

struct GradientSymmetry {
  struct Textbook network;
  int *tokens; /* [BATCH][N] */
  double *parameters,
      *scratch; /* [total]: in float64; the weights' gradients, which nobody reads */
};

struct Triple gradient_symmetry_triple(int p, size_t i)
{
  static const char list[] = "gradient symmetricity";
  int numbers[3];
  for (size_t j = 0; j < 3; j++)
    numbers[j] = (int)(random_uniform(0, list, 3 * i + j) * p);
  return (struct Triple){numbers[0], numbers[1], numbers[2]};
}

static bool allocate(struct GradientSymmetry *symmetry, const struct Shape *shape,
                     const struct ModelConfig *config, struct Error *error)
{
  struct ModelConfig without_dropout = *config;
  without_dropout.dropout = 0; /* which is of training */
  if (!textbook_init(&symmetry->network, shape, &without_dropout, BATCH, error)) return false;
  size_t total = symmetry->network.list.total, N = (size_t)shape->n_positions;
  symmetry->tokens = memory_new(BATCH * N, sizeof *symmetry->tokens, "tokens", error);
  if (symmetry->tokens)
    symmetry->parameters = memory_new(2 * total, sizeof(double), "weights in float64", error);
  if (symmetry->parameters) symmetry->scratch = symmetry->parameters + total;
  return symmetry->parameters;
}

struct GradientSymmetry *gradient_symmetry_new(const struct Shape *shape,
                                               const struct ModelConfig *config,
                                               struct Error *error)
{
  struct GradientSymmetry *symmetry = memory_new(1, sizeof *symmetry, "a network", error);
  if (!symmetry) return NULL;
  size_t rows = BATCH * (size_t)(shape->n_registers + shape->n_positions);
  if (products_check(shape, rows, PRECISION_FLOAT64, error) &&
      allocate(symmetry, shape, config, error))
    return symmetry;
  gradient_symmetry_free(symmetry);
  return NULL;
}

void gradient_symmetry_free(struct GradientSymmetry *symmetry)
{
  if (!symmetry) return;
  textbook_release(&symmetry->network);
  free(symmetry->tokens);
  free(symmetry->parameters); /* and the scratch */
  free(symmetry);
}

/* Runs the network on n <= BATCH triples, forward and then backward from their logits. */
static void run(struct GradientSymmetry *symmetry, const struct Triple *triples, size_t n)
{
  struct Textbook *network = &symmetry->network;
  const struct Shape *shape = &network->list.shape;
  size_t N = (size_t)shape->n_positions, V = (size_t)shape->V;
  for (size_t i = 0; i < n; i++) {
    int *tokens = symmetry->tokens + i * N;
    tokens[0] = triples[i].a;
    tokens[1] = triples[i].b;
    if (N == 3) tokens[2] = shape->p;
  }
  textbook_forward(network, symmetry->parameters, symmetry->tokens, n);
  memset(network->d_logits, 0, n * V * sizeof(double));
  for (size_t i = 0; i < n; i++)
    network->d_logits[i * V + (size_t)triples[i].c] = 1;
  memset(symmetry->scratch, 0, network->list.total * sizeof(double));
  textbook_backward(network, symmetry->parameters, symmetry->tokens, n, symmetry->scratch);
}

void gradient_symmetry_cosines(struct GradientSymmetry *symmetry,
                               const struct Parameters *parameters, const struct Triple *triples,
                               size_t n, double *cosines)
{
  const struct Textbook *network = &symmetry->network;
  const struct Shape *shape = &network->list.shape;
  size_t d = (size_t)shape->d_model, R = (size_t)shape->n_registers;
  size_t positions = R + (size_t)shape->n_positions;
  linear_widen(parameters->total, parameters->values, symmetry->parameters);
  for (size_t first = 0; first < n; first += BATCH) {
    size_t here = n - first < BATCH ? n - first : BATCH;
    run(symmetry, triples + first, here);
    for (size_t i = 0; i < here; i++) {
      const double *of_a = network->d.resid_post + (i * positions + R) * d, *of_b = of_a + d;
      cosines[first + i] =
          linear_dot(d, of_a, of_b) / (linear_norm(d, of_a) * linear_norm(d, of_b));
    }
  }
}

struct SymmetryMean gradient_symmetry_mean(const double *cosines, size_t n)
{
  double sum = 0, squares = 0;
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    if (isnan(cosines[i])) continue;
    sum += cosines[i];
    count++;
  }
  double mean = sum / (double)count;
  for (size_t i = 0; i < n; i++)
    if (!isnan(cosines[i])) squares += (cosines[i] - mean) * (cosines[i] - mean);
  return (struct SymmetryMean){mean, sqrt(squares / ((double)count * (double)(count - 1)))};
}
