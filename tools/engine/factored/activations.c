#include "engine/factored/activations.h"

#include "base/memory.h"
#include "engine/factored/attention.h"
#include "engine/factored/matrix.h"

#include <stdlib.h>
#include <string.h>

/* All pairs of the grid; a forward pass does not use their answers. */
static bool list_all_pairs(struct Pairs *pairs, int p, struct Error *error)
{
  struct Dataset grid = {.p = p};
  grid.answer = memory_new((size_t)p * (size_t)p, sizeof *grid.answer, "the pairs", error);
  if (!grid.answer) return false;
  bool listed = pairs_init(pairs, &grid, SUBSET_ALL, error);
  free(grid.answer);
  return listed;
}

static const char all_pairs[] = "the activations of all pairs";

bool activations_init_logits(struct Activations *activations, const struct Parameters *parameters,
                             struct Error *error)
{
  const struct Shape *shape = &parameters->shape;
  size_t n = (size_t)shape->p * (size_t)shape->p;
  *activations = (struct Activations){.n = n};
  activations->logits = memory_new(n, (size_t)shape->V * sizeof(float), all_pairs, error);
  bool ready = activations->logits && list_all_pairs(&activations->pairs, shape->p, error) &&
               factors_init(&activations->factors, shape, ATTENTION_SOFTMAX, error) &&
               tile_scratch_init(&activations->scratch, &activations->factors,
                                 activations->pairs.largest_tile, error);
  if (!ready) activations_release(activations);
  return ready;
}

bool activations_init(struct Activations *activations, const struct Parameters *parameters,
                      struct Error *error)
{
  const struct Shape *shape = &parameters->shape;
  if (!activations_init_logits(activations, parameters, error)) return false;
  size_t n = activations->n;
  activations->attention = memory_new(n, (size_t)shape->H * 3 * sizeof(float), all_pairs, error);
  if (activations->attention)
    activations->hidden = memory_new(n, (size_t)shape->d_mlp * sizeof(float), all_pairs, error);
  if (activations->hidden) return true;
  activations_release(activations);
  return false;
}

void activations_release(struct Activations *activations)
{
  free(activations->attention);
  free(activations->hidden);
  free(activations->logits);
  pairs_release(&activations->pairs);
  factors_release(&activations->factors);
  tile_scratch_release(&activations->scratch);
  *activations = (struct Activations){0};
}

static void copy_tile(struct Activations *activations, const struct Tile *tile)
{
  const struct Factors *t = &activations->factors;
  size_t H = (size_t)t->shape.H, m = (size_t)t->shape.d_mlp, V = (size_t)t->shape.V;
  struct Matrix hidden = matrix_in_strips(tile->hidden, tile->n);
  for (size_t i = 0; i < tile->n; i++) {
    size_t pair = tile->first + i;
    for (size_t h = 0; activations->attention && h < H; h++)
      for (size_t k = 0; k < 3; k++)
        activations->attention[(pair * H + h) * 3 + k] = tile->weights[(i * 3 + k) * H + h];
    for (size_t j = 0, n; activations->hidden && j < m; j += n) {
      n = m - j < MATRIX_STRIP ? m - j : MATRIX_STRIP;
      memcpy(activations->hidden + pair * m + j, matrix_at(hidden, i, j), n * sizeof(float));
    }
    memcpy(activations->logits + pair * V, tile->streams + i * t->width + t->mlp_width,
           V * sizeof(float));
  }
}

bool activations_forward(const struct Parameters *parameters, const struct ModelConfig *config,
                         struct Activations *activations, struct Error *error)
{
  const struct Pairs *pairs = &activations->pairs;
  struct TileScratch *scratch = &activations->scratch;
  if (parameters->shape.p != pairs->p)
    return error_set(error, "activations were made for modulus %d, the parameters have %d",
                     pairs->p, parameters->shape.p);
  activations->factors.folded = attention_sums_to_one(config->attention);
  factors_forward(&activations->factors, parameters);
  for (size_t g = 0; g < pairs->n_groups; g++)
    for (int row = pairs->group_first[g], next; row < pairs->group_first[g + 1]; row = next) {
      next = pairs_tile_end(pairs, row, pairs->group_first[g + 1]);
      struct Tile tile = tile_of_rows(pairs, row, next);
      tile.weights = scratch->weights;
      tile.streams = scratch->streams;
      tile.hidden = scratch->hidden;
      tile_forward(&activations->factors, config, pairs, scratch, &tile);
      copy_tile(activations, &tile);
    }
  return true;
}

void activations_neuron_logit_map(const struct Parameters *parameters, float *out)
{
  const struct Shape *shape = &parameters->shape;
  matrix_multiply((size_t)shape->p, (size_t)shape->d_mlp, (size_t)shape->d_model,
                  matrix_transposed(parameters_at(parameters, W_U), (size_t)shape->V),
                  matrix_transposed(parameters_at(parameters, W_OUT), (size_t)shape->d_model),
                  MATRIX_REPLACE, out, (size_t)shape->d_mlp);
}
