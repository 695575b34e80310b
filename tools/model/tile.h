/*
 * The forward pass over a tile: the pairs of a few consecutive rows (model/pairs.h).
 */
#ifndef MODEL_TILE_H
#define MODEL_TILE_H

#include "model/pairs.h"
#include "model/tables.h"

/* Scratch of one thread. */
struct Scratch {
  float *hidden;     /* [largest tile, mlp_width] in strips */
  float *slope;      /* the same: f'(pre), for gelu */
  float *streams;    /* [largest tile][width] */
  float *weights;    /* [largest tile][3][H] */
  float *entries[9]; /* scores, weights and gradients of one row, for model/attention.h */
  void *block;       /* where all these stand */
};

/* Enough scratch for tiles of up to `pairs` pairs. */
bool scratch_init(struct Scratch *scratch, const struct Tables *tables, size_t pairs,
                  struct Error *error);
void scratch_release(struct Scratch *scratch);

/* Where a tile's results go; pointers are to its first pair. */
struct Tile {
  int first_row, end_row;
  size_t first, n; /* pair numbers first .. first + n - 1 */
  float *weights;  /* [n][3][H] */
  float *streams;  /* [n][width]: the last logit_width columns become the logits */
  float *hidden;   /* [n, mlp_width] in strips: pre-activations, and then neurons */
};

/* A tile of the rows first_row .. end_row - 1; its arrays are the caller's to set. */
struct Tile tile_of_rows(const struct Pairs *pairs, int first_row, int end_row);

/* Attention weights and streams of the tile's pairs: pre-activations, which are rectified already
   where that is the activation, and what the logits have without the MLP. */
void tile_streams(const struct Tables *tables, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct Scratch *scratch, const struct Tile *tile);

/* Neurons and logits, from the streams. */
void tile_mlp(const struct Tables *tables, enum Activation activation, struct Scratch *scratch,
              const struct Tile *tile);

/* Both. */
void tile_forward(const struct Tables *tables, const struct ModelConfig *config,
                  const struct Pairs *pairs, struct Scratch *scratch, const struct Tile *tile);

/* Turns the gradients of the attention weights of row a, [n][3][H] at the row's first pair, into
   those of the scores, in place. `weights` are what tile_forward gave. */
void row_attention_backward(const struct Tables *tables, enum Attention attention,
                            const struct Pairs *pairs, struct Scratch *scratch, int a,
                            const float *weights, float *gradients);

#endif
