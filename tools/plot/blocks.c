#include "plot/blocks.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Divides the rows, of these epochs. */
static bool divide(struct Blocks *blocks, const struct Table *table, const double *epochs,
                   struct Error *error)
{
  for (size_t row = 0; row < table->n_rows; row++) {
    struct Block *last = blocks->n > 0 ? &blocks->block[blocks->n - 1] : NULL;
    if (!isfinite(epochs[row]) || (last && epochs[row] < last->epoch))
      return error_set(error, "%s:%zu: epochs have to rise, found %g%s", table->path,
                       (size_t)table->first_line + row, epochs[row],
                       isfinite(epochs[row]) ? " below that of the row before" : "");
    if (last && epochs[row] == last->epoch)
      last->n++;
    else
      blocks->block[blocks->n++] = (struct Block){epochs[row], row, 1};
  }
  return true;
}

bool blocks_find(struct Blocks *blocks, const struct Table *table, const char *column,
                 struct Error *error)
{
  double *epochs = table_numbers(table, column, error);
  *blocks = (struct Blocks){0};
  if (epochs)
    blocks->block = memory_new(table->n_rows, sizeof *blocks->block, "rows by epoch", error);
  bool found = blocks->block && divide(blocks, table, epochs, error);
  if (!found) blocks_release(blocks);
  free(epochs);
  return found;
}

void blocks_release(struct Blocks *blocks)
{
  free(blocks->block);
  *blocks = (struct Blocks){0};
}

const struct Block *blocks_at(const struct Blocks *blocks, double epoch)
{
  for (size_t i = 0; i < blocks->n; i++)
    if (blocks->block[i].epoch == epoch) return &blocks->block[i];
  return NULL;
}

bool blocks_intersect(struct Blocks *common, const struct Blocks *blocks, struct Error *error)
{
  if (!common->block) {
    common->block = memory_new(blocks->n, sizeof *common->block, "rows by epoch", error);
    if (!common->block) return false;
    memcpy(common->block, blocks->block, blocks->n * sizeof *blocks->block);
    common->n = blocks->n;
    return true;
  }
  size_t kept = 0;
  for (size_t i = 0; i < common->n; i++)
    if (blocks_at(blocks, common->block[i].epoch)) common->block[kept++] = common->block[i];
  common->n = kept;
  return true;
}
