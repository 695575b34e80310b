/*
 * The forward pass over a tile, i.e. the pairs of a few consecutive rows (engine/factored/pairs.h).
 */
#ifndef ENGINE_FACTORED_TILE_H
#define ENGINE_FACTORED_TILE_H

#include "engine/factored/factors.h"
#include "engine/factored/pairs.h"

/* Per-thread scratch. P: positions (engine/factored/factors.h). */
struct TileScratch {
  float *hidden;  /* [largest tile, mlp_width] in strips */
  float *slope;   /* the same: f'(pre), for gelu */
  float *streams; /* [largest tile][width] */
  float *weights; /* [largest tile][P][H] */
  /* of the pairs and heads of one row, [P][up to p H, padded], for engine/factored/attention.h */
  float *row_scores, *row_weights, *row_gradients;
  void *block; /* the allocation that holds them all */
};

/* Allocates scratch for tiles of up to `pairs` pairs. Error: no memory. */
bool tile_scratch_init(struct TileScratch *scratch, const struct Factors *factors, size_t pairs,
                       struct Error *error);
void tile_scratch_release(struct TileScratch *scratch);

/* A tile and its result arrays, which start at its first pair. */
struct Tile {
  int first_row, end_row;
  size_t first, n; /* pair numbers first .. first + n - 1 */
  float *weights;  /* [n][P][H] */
  float *streams;  /* [n][width]: the last logit_width columns become the logits */
  float *hidden;   /* [n, mlp_width] in strips: pre-activations, then neuron activations */
};

/* The tile of rows first_row .. end_row - 1; the caller sets its arrays. */
struct Tile tile_of_rows(const struct Pairs *pairs, int first_row, int end_row);

/* Attention weights and streams of the tile's pairs: pre-activations (already rectified for
   ReLU) and the logits without the MLP's contribution. */
void tile_streams(const struct Factors *factors, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct TileScratch *scratch, const struct Tile *tile);

/* Neuron activations and logits, from the streams. */
void tile_mlp(const struct Factors *factors, enum Activation activation,
              struct TileScratch *scratch, const struct Tile *tile);

/* tile_streams, then tile_mlp. */
void tile_forward(const struct Factors *factors, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct TileScratch *scratch, const struct Tile *tile);

/* Converts the attention-weight gradients of row a, [n][P][H] from the row's first pair on, into
   score gradients, in place. `weights`: as computed by tile_forward. */
void tile_attention_backward(const struct Factors *factors, const struct ModelConfig *config,
                             const struct Pairs *pairs, struct TileScratch *scratch, int a,
                             const float *weights, float *gradients);

#endif
