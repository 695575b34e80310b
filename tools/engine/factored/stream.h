/*
 * The stream of a pair (engine/factored/factors.h) is a weighted sum of factor rows; its backward
 * pass is two more passes of the same shape. These three are all the per-pair work besides the
 * dense products: 2 H width multiply-adds each.
 *
 * A line is a row or column of the grid: pairs that share one factor entry, [H, width]. Pair i has
 * its attention weights at weights + P H i, as [P][H], P being the number of positions, and its
 * stream, or the stream's gradient, at streams + width i. All outputs except `sum` are flushed
 * (network/flush.h).
 */
#ifndef ENGINE_FACTORED_STREAM_H
#define ENGINE_FACTORED_STREAM_H

#include "engine/factored/factors.h"

/* The n pairs of a few rows, for the forward pass. The first mlp_width columns of a stream, the
   pre-activations, go to a separate array; their place in `streams` is for their gradients. */
struct RowsOfPairs {
  int first_row, end_row;
  size_t n_blocks;           /* of a row, in which columns are processed */
  const size_t *block_first; /* the pairs of block k of row a are block_first[a n_blocks + k] to
                                block_first[a n_blocks + k + 1] - 1 */
  const int *column;         /* b of each pair */
  const float *weights; /* [n][P][H]; this and the following start at the first row's first pair */
  bool rectified;       /* store pre-activations below 0 as 0 */
  float *hidden;        /* [n, mlp_width] in strips (engine/factored/matrix.h) */
  float *streams;       /* [n][width]; only columns from mlp_width on are written */
};

void stream_forward(const struct Factors *factors, const struct RowsOfPairs *rows);

/* A line for the backward pass. `weights` and `d_weights` are already offset to the line's
   position: the weight of head h of pair i is weights[P H i + h]. */
struct StreamLine {
  const size_t *pairs; /* [n]: pair numbers */
  size_t n;
  bool goes_on;          /* these are not its last pairs: sums are not flushed yet */
  const float *factor;   /* [entries][H][width], in strips */
  size_t entries, entry; /* number of entries; the one that the pairs share */
  const float *weights;
  const float *gradients; /* [..][width]: gradients of the streams of pair `first` and on */
  size_t first;
  float *sum; /* [width]: the line's gradients are added to it; may be NULL */
};

/* In d_factor, which is laid out as the line's factor or is that factor: entry[h] = (or +=, if
   `accumulate`) sum over the line's pairs of weight_h * gradient. And d_weights[P H i + h] =
   gradient_i . entry[h] of the line's factor. */
void stream_backward(const struct Factors *factors, const struct StreamLine *line, bool accumulate,
                     float *d_factor, float *d_weights);

#endif
