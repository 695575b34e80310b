#include "engine/factored/tile.h"

#include "base/memory.h"
#include "engine/factored/activation.h"
#include "engine/factored/attention.h"
#include "engine/factored/matrix.h"
#include "engine/factored/stream.h"
#include "engine/factored/vector.h"

#include <stdlib.h>
#include <string.h>

bool tile_scratch_init(struct TileScratch *scratch, const struct Factors *factors, size_t pairs,
                       struct Error *error)
{
  *scratch = (struct TileScratch){0};
  size_t H = (size_t)factors->shape.H, entries = vector_pad((size_t)factors->shape.p * H);
  float **row = scratch->entries;
  const struct FloatArray arrays[] = {
      {&scratch->hidden, matrix_strips_size(pairs, factors->mlp_width)},
      {&scratch->slope, matrix_strips_size(pairs, factors->mlp_width)},
      {&scratch->streams, pairs * factors->width},
      {&scratch->weights, pairs * 3 * H},
      {row, entries},
      {row + 1, entries},
      {row + 2, entries},
      {row + 3, entries},
      {row + 4, entries},
      {row + 5, entries},
      {row + 6, entries},
      {row + 7, entries},
      {row + 8, entries}};
  scratch->block =
      memory_new_arrays(arrays, sizeof arrays / sizeof *arrays, "the scratch of a tile", error);
  return scratch->block;
}

void tile_scratch_release(struct TileScratch *scratch)
{
  free(scratch->block);
  *scratch = (struct TileScratch){0};
}

struct Tile tile_of_rows(const struct Pairs *pairs, int first_row, int end_row)
{
  size_t first = pairs->row_first[first_row];
  return (struct Tile){.first_row = first_row,
                       .end_row = end_row,
                       .first = first,
                       .n = pairs->row_first[end_row] - first};
}

/* Copies the heads of one position of a pair; one instruction for the usual four heads. */
static inline void copy_heads(float *to, const float *from, size_t H)
{
  if (H == 4)
    memcpy(to, from, 4 * sizeof *to);
  else
    memcpy(to, from, H * sizeof *to);
}

/* [n][3][H] of consecutive pairs to three arrays of (pair, head) entries, and back. */
static void unzip(const float *triples, size_t n, size_t H, float *const arrays[3])
{
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < 3; k++)
      copy_heads(arrays[k] + i * H, triples + (i * 3 + k) * H, H);
}

static void zip(float *const arrays[3], size_t n, size_t H, float *triples)
{
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < 3; k++)
      copy_heads(triples + (i * 3 + k) * H, arrays[k] + i * H, H);
}

static void gather_scores(const struct Factors *t, const struct Pairs *pairs, int a,
                          float *const scores[3])
{
  size_t H = (size_t)t->shape.H, first = pairs->row_first[a], n = pairs->row_first[a + 1] - first;
  for (size_t i = 0; i < n; i++) {
    copy_heads(scores[0] + i * H, t->score0 + (size_t)a * H, H);
    copy_heads(scores[1] + i * H, t->score1 + (size_t)pairs->column[first + i] * H, H);
    copy_heads(scores[2] + i * H, t->score2, H);
  }
}

static void row_weights(const struct Factors *t, enum Attention attention,
                        const struct Pairs *pairs, struct TileScratch *scratch, int a,
                        float *weights)
{
  size_t H = (size_t)t->shape.H, n = pairs->row_first[a + 1] - pairs->row_first[a];
  gather_scores(t, pairs, a, scratch->entries);
  attention_forward(attention, scratch->entries, vector_pad(n * H), scratch->entries + 3);
  zip(scratch->entries + 3, n, H, weights);
}

void tile_streams(const struct Factors *t, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct TileScratch *scratch, const struct Tile *tile)
{
  for (int a = tile->first_row; a < tile->end_row; a++)
    row_weights(t, config->attention, pairs, scratch, a,
                tile->weights + (pairs->row_first[a] - tile->first) * 3 * (size_t)t->shape.H);
  const struct RowsOfPairs rows = {.first_row = tile->first_row,
                                   .end_row = tile->end_row,
                                   .row_first = pairs->row_first,
                                   .column = pairs->column,
                                   .weights = tile->weights,
                                   .rectified = config->activation == ACTIVATION_RELU,
                                   .hidden = tile->hidden,
                                   .streams = tile->streams};
  stream_forward(t, &rows);
}

void tile_mlp(const struct Factors *t, enum Activation activation, struct TileScratch *scratch,
              const struct Tile *tile)
{
  if (activation == ACTIVATION_GELU)
    activation_gelu_forward(tile->hidden, matrix_strips_size(tile->n, t->mlp_width),
                            scratch->slope);
  matrix_multiply_packed(tile->n, matrix_in_strips(tile->hidden, tile->n), &t->logits_of_hidden,
                         MATRIX_ADD, tile->streams + t->mlp_width, t->width);
}

void tile_forward(const struct Factors *t, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct TileScratch *scratch, const struct Tile *tile)
{
  tile_streams(t, config, pairs, scratch, tile);
  tile_mlp(t, config->activation, scratch, tile);
}

void tile_attention_backward(const struct Factors *t, enum Attention attention,
                             const struct Pairs *pairs, struct TileScratch *scratch, int a,
                             const float *weights, float *gradients)
{
  size_t H = (size_t)t->shape.H, n = pairs->row_first[a + 1] - pairs->row_first[a];
  gather_scores(t, pairs, a, scratch->entries);
  unzip(weights, n, H, scratch->entries + 3);
  unzip(gradients, n, H, scratch->entries + 6);
  /* folded weights have no gradient; the array still holds the last epoch's */
  if (t->folded) memset(scratch->entries[8], 0, n * H * sizeof(float));
  attention_backward(attention, scratch->entries, scratch->entries + 3, vector_pad(n * H),
                     scratch->entries + 6);
  zip(scratch->entries + 6, n, H, gradients);
}
