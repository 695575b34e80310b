#include "model/tile.h"

#include "base/memory.h"
#include "model/activation.h"
#include "model/attention.h"
#include "model/product.h"
#include "model/stream.h"
#include "model/vector.h"

#include <stdlib.h>
#include <string.h>

bool scratch_init(struct Scratch *scratch, const struct Tables *tables, size_t pairs,
                  struct Error *error)
{
  *scratch = (struct Scratch){0};
  size_t H = (size_t)tables->shape.H, entries = vector_pad((size_t)tables->shape.p * H);
  float **row = scratch->entries;
  const struct FloatArray arrays[] = {{&scratch->hidden, pairs * tables->mlp_width},
                                      {&scratch->slope, pairs * tables->mlp_width},
                                      {&scratch->streams, pairs * tables->width},
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

void scratch_release(struct Scratch *scratch)
{
  free(scratch->block);
  *scratch = (struct Scratch){0};
}

struct Tile tile_of_rows(const struct Pairs *pairs, int first_row, int end_row)
{
  size_t first = pairs->row_first[first_row];
  return (struct Tile){.first_row = first_row,
                       .end_row = end_row,
                       .first = first,
                       .n = pairs->row_first[end_row] - first};
}

/* [n][3][H] of consecutive pairs into three arrays of (pair, head) entries, and back. */
static void unzip(const float *triples, size_t n, size_t H, float *const arrays[3])
{
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < 3; k++)
      for (size_t h = 0; h < H; h++)
        arrays[k][i * H + h] = triples[(i * 3 + k) * H + h];
}

static void zip(float *const arrays[3], size_t n, size_t H, float *triples)
{
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < 3; k++)
      for (size_t h = 0; h < H; h++)
        triples[(i * 3 + k) * H + h] = arrays[k][i * H + h];
}

static void gather_scores(const struct Tables *t, const struct Pairs *pairs, int a,
                          float *const scores[3])
{
  size_t H = (size_t)t->shape.H, first = pairs->row_first[a], n = pairs->row_first[a + 1] - first;
  for (size_t i = 0; i < n; i++) {
    const float *score1 = t->score1 + (size_t)pairs->column[first + i] * H;
    for (size_t h = 0; h < H; h++) {
      scores[0][i * H + h] = t->score0[(size_t)a * H + h];
      scores[1][i * H + h] = score1[h];
      scores[2][i * H + h] = t->score2[h];
    }
  }
}

static void row_weights(const struct Tables *t, enum Attention attention, const struct Pairs *pairs,
                        struct Scratch *scratch, int a, float *weights)
{
  size_t H = (size_t)t->shape.H, n = pairs->row_first[a + 1] - pairs->row_first[a];
  gather_scores(t, pairs, a, scratch->entries);
  attention_forward(attention, scratch->entries, vector_pad(n * H), scratch->entries + 3);
  zip(scratch->entries + 3, n, H, weights);
}

void tile_streams(const struct Tables *t, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct Scratch *scratch, const struct Tile *tile)
{
  for (int a = tile->first_row; a < tile->end_row; a++) {
    size_t first = pairs->row_first[a], offset = first - tile->first;
    float *weights = tile->weights + offset * 3 * (size_t)t->shape.H;
    row_weights(t, config->attention, pairs, scratch, a, weights);
    const struct RowOfPairs row = {.a = a,
                                   .columns = pairs->column + first,
                                   .n = pairs->row_first[a + 1] - first,
                                   .weights = weights,
                                   .rectified = config->activation == ACTIVATION_RELU,
                                   .hidden = tile->hidden + offset * t->mlp_width,
                                   .streams = tile->streams + offset * t->width};
    stream_forward(t, &row);
  }
}

/* What a GELU writes is still near when the product reads it, block by block; a ReLU is done. */
void tile_mlp(const struct Tables *t, enum Activation activation, struct Scratch *scratch,
              const struct Tile *tile)
{
  size_t m = t->mlp_width, block = activation == ACTIVATION_GELU ? BLOCK_PAIRS : tile->n;
  for (size_t first = 0, n; first < tile->n; first += n) {
    n = tile->n - first < block ? tile->n - first : block;
    float *hidden = tile->hidden + first * m;
    if (activation == ACTIVATION_GELU) gelu_forward(hidden, n * m, scratch->slope + first * m);
    product_packed(n, plain(hidden, m), &t->logits_of_hidden, ADD,
                   tile->streams + first * t->width + m, t->width);
  }
}

void tile_forward(const struct Tables *t, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct Scratch *scratch, const struct Tile *tile)
{
  tile_streams(t, config, pairs, scratch, tile);
  tile_mlp(t, config->activation, scratch, tile);
}

void row_attention_backward(const struct Tables *t, enum Attention attention,
                            const struct Pairs *pairs, struct Scratch *scratch, int a,
                            const float *weights, float *gradients)
{
  size_t H = (size_t)t->shape.H, n = pairs->row_first[a + 1] - pairs->row_first[a];
  gather_scores(t, pairs, a, scratch->entries);
  unzip(weights, n, H, scratch->entries + 3);
  unzip(gradients, n, H, scratch->entries + 6);
  /* what is folded away has no gradient of its own; in the array stands the last epoch's */
  if (t->folded) memset(scratch->entries[8], 0, n * H * sizeof(float));
  attention_backward(attention, scratch->entries, scratch->entries + 3, vector_pad(n * H),
                     scratch->entries + 6);
  zip(scratch->entries + 6, n, H, gradients);
}
