#include "engine/factored/on_pairs.h"

#include "base/memory.h"
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
  on->config = *config;
  if (list_all_pairs(&on->pairs, shape->p, error) &&
      factors_init(&on->factors, shape, config, error) &&
      tile_scratch_init(&on->scratch, &on->factors, on->pairs.largest_tile, error))
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

static void copy_tile(const struct Factors *t, const struct Tile *tile,
                      const struct Activations *activations)
{
  size_t H = (size_t)t->shape.H, m = (size_t)t->shape.d_mlp, V = (size_t)t->shape.V;
  size_t N = (size_t)t->shape.n_positions; /* registers come after them */
  struct Matrix hidden = matrix_in_strips(tile->hidden, tile->n);
  for (size_t i = 0; i < tile->n; i++) {
    size_t pair = tile->first + i;
    for (size_t h = 0; activations->attention && h < H; h++)
      for (size_t k = 0; k < N; k++)
        activations->attention[(pair * H + h) * N + k] =
            tile->weights[(i * t->n_positions + k) * H + h];
    for (size_t j = 0, n; activations->hidden && j < m; j += n) {
      n = m - j < MATRIX_STRIP ? m - j : MATRIX_STRIP;
      memcpy(activations->hidden + pair * m + j, matrix_at(hidden, i, j), n * sizeof(float));
    }
    memcpy(activations->logits + pair * V, tile->streams + i * t->width + t->mlp_width,
           V * sizeof(float));
  }
}

void factored_on_pairs_run(struct FactoredOnPairs *on, const struct Parameters *parameters,
                           struct Activations *activations)
{
  const struct Pairs *pairs = &on->pairs;
  factors_forward(&on->factors, parameters);
  for (size_t g = 0; g < pairs->n_groups; g++)
    for (int row = pairs->group_first[g], next; row < pairs->group_first[g + 1]; row = next) {
      next = pairs_tile_end(pairs, row, pairs->group_first[g + 1]);
      struct Tile tile = tile_of_rows(pairs, row, next);
      tile.weights = on->scratch.weights;
      tile.streams = on->scratch.streams;
      tile.hidden = on->scratch.hidden;
      tile_forward(&on->factors, &on->config, pairs, &on->scratch, &tile);
      copy_tile(&on->factors, &tile, activations);
    }
}

const float *factored_on_pairs_scores(const struct FactoredOnPairs *on)
{
  /* of all tokens, numbers first */
  return on->factors.n_queries == 1 ? on->factors.source_scores : NULL;
}
