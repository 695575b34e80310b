#include "engine/factored/on_pairs.h"

#include "base/memory.h"
#include "engine/factored/activation.h"
#include "engine/factored/attention.h"
#include "engine/factored/matrix.h"
#include "engine/factored/pairs.h"
#include "engine/factored/tile.h"

#include <stdlib.h>
#include <string.h>

struct FactoredOnPairs {
  struct ModelConfig config;
  struct Pairs pairs;
  struct Factors factors;
  struct TileScratch scratch;
};

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

struct FactoredOnPairs *factored_on_pairs_new(const struct Shape *shape,
                                              const struct ModelConfig *config, struct Error *error)
{
  struct FactoredOnPairs *on = memory_new(1, sizeof *on, "a network", error);
  if (!on) return NULL;
  size_t tile = TILE_PAIRS > shape->p ? TILE_PAIRS : (size_t)shape->p; /* of any rows */
  on->config = *config;
  if (list_all_pairs(&on->pairs, shape->p, error) &&
      factors_init(&on->factors, shape, config, error) &&
      tile_scratch_init(&on->scratch, &on->factors, tile, error))
    return on;
  factored_on_pairs_free(on);
  return NULL;
}

void factored_on_pairs_free(struct FactoredOnPairs *on)
{
  if (!on) return;
  pairs_release(&on->pairs);
  factors_release(&on->factors);
  tile_scratch_release(&on->scratch);
  free(on);
}

size_t factored_on_pairs_size(const struct Shape *shape)
{
  const struct Pairs *pairs = NULL;
  size_t of_pair = sizeof *pairs->column + sizeof *pairs->answer + sizeof *pairs->by_row +
                   sizeof *pairs->by_column;
  return (size_t)shape->p * (size_t)shape->p * of_pair;
}

/* The neurons of a pair that the activations hold. */
static void copy_hidden(struct Matrix hidden, size_t i, const struct Activations *activations,
                        float *to)
{
  size_t first = activations->first_neuron, end = first + activations->n_neurons;
  for (size_t j = first, n; j < end; j += n) {
    n = MATRIX_STRIP - j % MATRIX_STRIP;
    if (n > end - j) n = end - j;
    memcpy(to + (j - first), matrix_at(hidden, i, j), n * sizeof(float));
  }
}

static void copy_tile(const struct Factors *t, const struct Tile *tile,
                      const struct Activations *activations)
{
  size_t H = (size_t)t->shape.H, V = (size_t)t->shape.V;
  size_t N = (size_t)t->shape.n_positions; /* registers come after them */
  size_t first = tile->first - (size_t)activations->first_row * (size_t)activations->p;
  struct Matrix hidden = matrix_in_strips(tile->hidden, tile->n);
  for (size_t i = 0; i < tile->n; i++) {
    size_t pair = first + i;
    for (size_t h = 0; activations->attention && h < H; h++)
      for (size_t k = 0; k < N; k++)
        activations->attention[(pair * H + h) * N + k] =
            tile->weights[(i * t->n_positions + k) * H + h];
    if (activations->hidden)
      copy_hidden(hidden, i, activations, activations->hidden + pair * activations->n_neurons);
    if (activations->logits)
      memcpy(activations->logits + pair * V, tile->streams + i * t->width + t->mlp_width,
             V * sizeof(float));
  }
}

void factored_on_pairs_set(struct FactoredOnPairs *on, const struct Parameters *parameters)
{
  factors_forward(&on->factors, parameters);
}

/* Without logits their product, which takes nearly all of the time, is left out. */
static void run_tile(struct FactoredOnPairs *on, const struct Tile *tile, bool logits)
{
  tile_streams(&on->factors, &on->config, &on->pairs, &on->scratch, tile);
  if (logits)
    tile_mlp(&on->factors, on->config.activation, &on->scratch, tile);
  else if (on->config.activation == ACTIVATION_GELU)
    activation_gelu_forward(tile->hidden, matrix_strips_size(tile->n, on->factors.mlp_width),
                            on->scratch.slope);
}

/* No bit depends on which pairs are in a tile. */
void factored_on_pairs_run(struct FactoredOnPairs *on, struct Activations *activations)
{
  const struct Pairs *pairs = &on->pairs;
  int row = activations->first_row, end = row + (int)(activations->n / (size_t)pairs->p);
  for (int next; row < end; row = next) {
    next = pairs_tile_end(pairs, row, end);
    struct Tile tile = tile_of_rows(pairs, row, next);
    tile.weights = on->scratch.weights;
    tile.streams = on->scratch.streams;
    tile.hidden = on->scratch.hidden;
    run_tile(on, &tile, activations->logits);
    copy_tile(&on->factors, &tile, activations);
  }
}

const float *factored_on_pairs_scores(const struct FactoredOnPairs *on)
{
  /* of all tokens, numbers first */
  return on->factors.n_queries == 1 ? on->factors.source_scores : NULL;
}
