/*
 * The rows of a table epoch by epoch, for films: each epoch has a block of successive rows.
 */
#ifndef PLOT_BLOCKS_H
#define PLOT_BLOCKS_H

#include "base/error.h"
#include "table/table.h"

#include <stddef.h>

struct Block {
  double epoch;
  size_t first, n; /* rows */
};

struct Blocks {
  struct Block *block; /* [n], by epoch; NULL: not found yet */
  size_t n;
};

/* The blocks of a table by its column of that name. Errors: no such column; a cell that is not a
   finite number; an epoch that is below that of the row before. */
bool blocks_find(struct Blocks *blocks, const struct Table *table, const char *column,
                 struct Error *error);
void blocks_release(struct Blocks *blocks);

/* The block of an epoch; NULL if there is none. */
const struct Block *blocks_at(const struct Blocks *blocks, double epoch);

/* Removes from `common` what is not in `blocks`; makes it a copy of them if nothing was found yet.
 */
bool blocks_intersect(struct Blocks *common, const struct Blocks *blocks, struct Error *error);

#endif
