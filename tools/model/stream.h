/*
 * The stream of a pair (model/tables.h) is a weighted sum of table rows; its backward pass is two
 * more passes of the same shape. These three are all the work that is done pair by pair apart from
 * the dense products: 2 H width multiply-adds each.
 *
 * A line is a row or a column of the grid: pairs that share one table entry, [H, width]. Pair
 * number i has its attention weights at weights + 3 H i, as [3][H] (position a, b, "="), and its
 * stream, or the stream's gradient, at streams + width i. What is stored is flushed
 * (model/flush.h), but for `sum`.
 */
#ifndef MODEL_STREAM_H
#define MODEL_STREAM_H

#include "model/tables.h"

/* The n pairs of a few rows, for the forward pass. The streams' first columns, the pre-activations,
   go to an array of their own: their place is for their gradients. */
struct RowsOfPairs {
  int first_row, end_row;
  const size_t *row_first; /* the pairs of row a are row_first[a] .. row_first[a + 1] - 1 */
  const int *column;       /* b of each pair */
  const float *weights; /* [n][3][H], of the first row's first pair and on, as all that follows */
  bool rectified;       /* pre-activations below 0 are stored as 0 */
  float *hidden;        /* [n, mlp_width] in strips (model/product.h) */
  float *streams;       /* [n][width], of which the columns from mlp_width on are written */
};

void stream_forward(const struct Tables *tables, const struct RowsOfPairs *rows);

/* A line for the backward pass. `weights` and `d_weights` are already moved to the line's position:
   the weight of head h of pair i is weights[3 H i + h]. */
struct Line {
  const size_t *pairs; /* [n]: pair numbers */
  size_t n;
  const float *table;    /* [entries][H][width], in strips */
  size_t entries, entry; /* how many; which one the pairs share */
  const float *weights;
  const float *gradients; /* [..][width]: gradients of the streams */
  float *sum;             /* [width]: the line's gradients are added to it; NULL: to nothing */
};

/* In d_table, which is like the line's table: entry[h] = sum over the line's pairs of
   weight_h * gradient (added to what is there when `accumulate`). And
   d_weights[3 H i + h] = gradient_i . entry[h] of the line's table. */
void stream_backward(const struct Tables *tables, const struct Line *line, bool accumulate,
                     float *d_table, float *d_weights);

#endif
