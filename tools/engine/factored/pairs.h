/*
 * A set of pairs (a, b) of the grid in the order in which they are processed: row by row, by
 * increasing b within a row. "Pair i" below is the i-th in this order.
 *
 * Work is partitioned by the pairs alone, never by the number of threads: rows form groups, and
 * each sum over a group (its share of dW_L, for example) has a fixed order. Groups are then summed
 * in order. A group is processed in tiles of whole rows, whose arrays take up a few L2 caches at
 * most.
 */
#ifndef ENGINE_FACTORED_PAIRS_H
#define ENGINE_FACTORED_PAIRS_H

#include "network/dataset.h"

enum { MAX_GROUPS = 16, TILE_PAIRS = 320, BLOCK_COLUMNS = 32 };

/* Block k of a row is its pairs of the columns k BLOCK_COLUMNS .. (k + 1) BLOCK_COLUMNS - 1. */

struct Pairs {
  int p;
  size_t n;
  int *column;          /* [n]: b of each pair */
  int *answer;          /* [n] */
  size_t *row_first;    /* [p + 1]: the pairs of row a are row_first[a] .. row_first[a + 1] - 1 */
  size_t n_blocks;      /* of a row */
  size_t *block_first;  /* [p n_blocks + 1]: the same of blocks, row by row */
  size_t *by_row;       /* [n]: 0, 1, 2, ...; counterpart of by_column */
  size_t *by_column;    /* [n]: pair numbers column by column, by increasing a within a column */
  size_t *column_first; /* [p + 1]: where each column begins in by_column */
  size_t n_groups;
  int group_first[MAX_GROUPS +
                  1];  /* group g is the rows group_first[g] .. group_first[g + 1] - 1 */
  size_t largest_tile; /* pairs */
};

bool pairs_init(struct Pairs *pairs, const struct Dataset *dataset, enum Subset subset,
                struct Error *error);
void pairs_release(struct Pairs *pairs);

/* One past the last row of the tile that starts at row `first`, in a group ending at row `end`.
   Tiles of a group are about equal and hold up to TILE_PAIRS pairs, but at least one row. */
int pairs_tile_end(const struct Pairs *pairs, int first, int end);

#endif
