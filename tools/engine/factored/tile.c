#include "engine/factored/tile.h"

#include "base/memory.h"
#include "engine/factored/activation.h"
#include "engine/factored/attention.h"
#include "engine/factored/matrix.h"
#include "engine/factored/stream.h"
#include "engine/factored/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool tile_scratch_init(struct TileScratch *scratch, const struct Factors *factors, size_t pairs,
                       struct Error *error)
{
  *scratch = (struct TileScratch){0};
  size_t H = (size_t)factors->shape.H, positions = factors->n_positions;
  size_t row = positions * vector_pad((size_t)factors->shape.p * H);
  const struct FloatArray arrays[] = {
      {&scratch->hidden, matrix_strips_size(pairs, factors->mlp_width)},
      {&scratch->slope, matrix_strips_size(pairs, factors->mlp_width)},
      {&scratch->streams, pairs * factors->width},
      {&scratch->weights, pairs * positions * H},
      {&scratch->row_scores, row},
      {&scratch->row_weights, row},
      {&scratch->row_gradients, row}};
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

/* Of a row: one array of (pair, head) entries for each position. */
static struct AttentionSize row_size(const struct Factors *t, const struct Pairs *pairs, int a)
{
  size_t n = pairs->row_first[a + 1] - pairs->row_first[a];
  return (struct AttentionSize){t->n_positions, vector_pad(n * (size_t)t->shape.H)};
}

/* [n][P][H] of consecutive pairs to [P][n H, padded], and back. */
static void unzip(const float *pairs, size_t n, size_t H, struct AttentionSize size, float *arrays)
{
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < size.positions; k++)
      copy_heads(arrays + k * size.n + i * H, pairs + (i * size.positions + k) * H, H);
}

static void zip(const float *arrays, size_t n, size_t H, struct AttentionSize size, float *pairs)
{
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < size.positions; k++)
      copy_heads(pairs + (i * size.positions + k) * H, arrays + k * size.n + i * H, H);
}

static void gather_scores(const struct Factors *t, const struct Pairs *pairs, int a, float *scores)
{
  size_t H = (size_t)t->shape.H, first = pairs->row_first[a], n = pairs->row_first[a + 1] - first;
  struct AttentionSize size = row_size(t, pairs, a);
  for (size_t i = 0; i < n; i++) {
    size_t b = (size_t)pairs->column[first + i], y = factor_query(t, b), Q = t->n_queries;
    float *at = scores + i * H;
    copy_heads(at, t->score0 + ((size_t)a * Q + y) * H, H);
    copy_heads(at + size.n, t->score1 + b * H, H);
    for (size_t c = 0; c < t->n_constants; c++)
      copy_heads(at + (2 + c) * size.n, t->score_constants + (c * Q + y) * H, H);
  }
}

/* A rate too small to make a difference is none: no product of it is subnormal. */
static float rate_of(const struct ModelConfig *config)
{
  return flush((float)config->attention_rate);
}

static void row_weights(const struct Factors *t, const struct ModelConfig *config,
                        const struct Pairs *pairs, struct TileScratch *scratch, int a,
                        float *weights)
{
  size_t H = (size_t)t->shape.H, n = pairs->row_first[a + 1] - pairs->row_first[a];
  struct AttentionSize size = row_size(t, pairs, a);
  gather_scores(t, pairs, a, scratch->row_scores);
  attention_forward(config->attention, size, scratch->row_scores, scratch->row_weights);
  if (rate_of(config) < 1) attention_mix(rate_of(config), size, scratch->row_weights);
  zip(scratch->row_weights, n, H, size, weights);
}

void tile_streams(const struct Factors *t, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct TileScratch *scratch, const struct Tile *tile)
{
  size_t entries = t->n_positions * (size_t)t->shape.H; /* of a pair */
  for (int a = tile->first_row; a < tile->end_row; a++)
    row_weights(t, config, pairs, scratch, a,
                tile->weights + (pairs->row_first[a] - tile->first) * entries);
  const struct RowsOfPairs rows = {.first_row = tile->first_row,
                                   .end_row = tile->end_row,
                                   .n_blocks = pairs->n_blocks,
                                   .block_first = pairs->block_first,
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
  const struct Matrix hidden = matrix_in_strips(tile->hidden, tile->n);
  float *logits = tile->streams + t->mlp_width;
  if (t->sparse && !t->finite) /* 0 times infinity is not to be left out */
    matrix_multiply(tile->n, (size_t)t->shape.V, (size_t)t->shape.d_mlp, hidden,
                    matrix_plain(t->W_L_transposed, t->logit_width), MATRIX_ADD, logits, t->width);
  else
    matrix_multiply_packed(tile->n, hidden, &t->logits_of_hidden, MATRIX_ADD, logits, t->width);
  for (size_t i = 0; t->sparse && i < tile->n; i++) /* what 0 times an infinite neuron is not */
    for (size_t j = (size_t)t->shape.V; j < t->logit_width; j++)
      logits[i * t->width + j] = -INFINITY;
}

void tile_forward(const struct Factors *t, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct TileScratch *scratch, const struct Tile *tile)
{
  tile_streams(t, config, pairs, scratch, tile);
  tile_mlp(t, config->activation, scratch, tile);
}

void tile_attention_backward(const struct Factors *t, const struct ModelConfig *config,
                             const struct Pairs *pairs, struct TileScratch *scratch, int a,
                             const float *weights, float *gradients)
{
  size_t H = (size_t)t->shape.H, n = pairs->row_first[a + 1] - pairs->row_first[a];
  struct AttentionSize size = row_size(t, pairs, a);
  float *d = scratch->row_gradients;
  gather_scores(t, pairs, a, scratch->row_scores);
  unzip(weights, n, H, size, scratch->row_weights);
  unzip(gradients, n, H, size, d);
  if (rate_of(config) < 1) { /* what was mixed is not known any more */
    attention_forward(config->attention, size, scratch->row_scores, scratch->row_weights);
    attention_mix_backward(rate_of(config), size, d);
  }
  /* folded weights have no gradient; the array still holds the last epoch's */
  if (t->folded) memset(d + 2 * size.n, 0, n * H * sizeof *d);
  attention_backward(config->attention, size, scratch->row_scores, scratch->row_weights, d);
  zip(d, n, H, size, gradients);
}
