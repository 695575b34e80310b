/*
 * The forward pass over a tile, i.e. the pairs of a few consecutive rows (model/pairs.h).
 */
#ifndef MODEL_TILE_H
#define MODEL_TILE_H

#include "model/pairs.h"
#include "model/tables.h"

/* Per-thread scratch. */
struct Scratch {
  float *hidden;     /* [largest tile, mlp_width] in strips */
  float *slope;      /* the same: f'(pre), for gelu */
  float *streams;    /* [largest tile][width] */
  float *weights;    /* [largest tile][3][H] */
  float *entries[9]; /* scores, weights and gradients of one row, for model/attention.h */
  void *block;       /* the allocation that holds them all */
};

/* Allocates scratch for tiles of up to `pairs` pairs. Error: no memory. */
bool scratch_init(struct Scratch *scratch, const struct Tables *tables, size_t pairs,
                  struct Error *error);
void scratch_release(struct Scratch *scratch);

/* A tile and its result arrays, which start at its first pair. */
struct Tile {
  int first_row, end_row;
  size_t first, n; /* pair numbers first .. first + n - 1 */
  float *weights;  /* [n][3][H] */
  float *streams;  /* [n][width]: the last logit_width columns become the logits */
  float *hidden;   /* [n, mlp_width] in strips: pre-activations, then neuron activations */
};

/* The tile of rows first_row .. end_row - 1; the caller sets its arrays. */
struct Tile tile_of_rows(const struct Pairs *pairs, int first_row, int end_row);

/* Attention weights and streams of the tile's pairs: pre-activations (already rectified for
   ReLU) and the logits without the MLP's contribution. */
void tile_streams(const struct Tables *tables, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct Scratch *scratch, const struct Tile *tile);

/* Neuron activations and logits, from the streams. */
void tile_mlp(const struct Tables *tables, enum Activation activation, struct Scratch *scratch,
              const struct Tile *tile);

/* tile_streams, then tile_mlp. */
void tile_forward(const struct Tables *tables, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct Scratch *scratch, const struct Tile *tile);

/* Converts the attention-weight gradients of row a, [n][3][H] from the row's first pair on, into
   score gradients, in place. `weights`: as computed by tile_forward. */
void row_attention_backward(const struct Tables *tables, enum Attention attention,
                            const struct Pairs *pairs, struct Scratch *scratch, int a,
                            const float *weights, float *gradients);

#endif
