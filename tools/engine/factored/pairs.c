#include "engine/factored/pairs.h"

#include "base/memory.h"

#include <stdlib.h>

static bool in_subset(const struct Dataset *dataset, size_t pair, enum Subset subset)
{
  return subset == SUBSET_ALL || (dataset->train[pair] != 0) == (subset == SUBSET_TRAIN);
}

static void list_rows(struct Pairs *pairs, const struct Dataset *dataset, enum Subset subset)
{
  size_t p = (size_t)pairs->p, i = 0, *block_first = pairs->block_first;
  for (size_t a = 0; a < p; a++) {
    pairs->row_first[a] = i;
    for (size_t b = 0; b < p; b++) {
      if (b % BLOCK_COLUMNS == 0) *block_first++ = i;
      if (!in_subset(dataset, a * p + b, subset)) continue;
      pairs->column[i] = (int)b;
      pairs->answer[i] = dataset->answer[a * p + b];
      pairs->by_row[i] = i;
      i++;
    }
  }
  pairs->row_first[p] = *block_first = i;
}

static void list_columns(struct Pairs *pairs)
{
  size_t p = (size_t)pairs->p;
  for (size_t i = 0; i < pairs->n; i++)
    pairs->column_first[pairs->column[i] + 1]++;
  for (size_t b = 0; b < p; b++)
    pairs->column_first[b + 1] += pairs->column_first[b];
  for (size_t i = 0; i < pairs->n; i++)
    pairs->by_column[pairs->column_first[pairs->column[i]]++] = i;
  for (size_t b = p; b > 0; b--)
    pairs->column_first[b] = pairs->column_first[b - 1];
  pairs->column_first[0] = 0;
}

/* Consecutive rows, as evenly as whole rows allow. */
static void form_groups(struct Pairs *pairs)
{
  size_t p = (size_t)pairs->p;
  pairs->n_groups = p < MAX_GROUPS ? p : MAX_GROUPS;
  size_t a = 0;
  for (size_t g = 0; g < pairs->n_groups; g++) {
    pairs->group_first[g] = (int)a;
    while (a < p && pairs->row_first[a] * pairs->n_groups < (g + 1) * pairs->n)
      a++;
  }
  pairs->group_first[pairs->n_groups] = (int)p;
}

bool pairs_init(struct Pairs *pairs, const struct Dataset *dataset, enum Subset subset,
                struct Error *error)
{
  size_t p = (size_t)dataset->p;
  *pairs = (struct Pairs){.p = dataset->p, .n_blocks = (p + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS};
  for (size_t i = 0; i < p * p; i++)
    pairs->n += in_subset(dataset, i, subset);
  pairs->column = memory_new(pairs->n, sizeof *pairs->column, "the pairs", error);
  pairs->answer = memory_new(pairs->n, sizeof *pairs->answer, "the pairs", error);
  pairs->row_first = memory_new(p + 1, sizeof *pairs->row_first, "the pairs", error);
  pairs->block_first =
      memory_new(p * pairs->n_blocks + 1, sizeof *pairs->block_first, "the pairs", error);
  pairs->by_row = memory_new(pairs->n, sizeof *pairs->by_row, "the pairs", error);
  pairs->by_column = memory_new(pairs->n, sizeof *pairs->by_column, "the pairs", error);
  pairs->column_first = memory_new(p + 1, sizeof *pairs->column_first, "the pairs", error);
  if (!pairs->column || !pairs->answer || !pairs->row_first || !pairs->block_first ||
      !pairs->by_row || !pairs->by_column || !pairs->column_first) {
    pairs_release(pairs);
    return false;
  }
  list_rows(pairs, dataset, subset);
  list_columns(pairs);
  form_groups(pairs);
  for (size_t g = 0; g < pairs->n_groups; g++)
    for (int first = pairs->group_first[g]; first < pairs->group_first[g + 1];) {
      int end = pairs_tile_end(pairs, first, pairs->group_first[g + 1]);
      size_t size = pairs->row_first[end] - pairs->row_first[first];
      if (size > pairs->largest_tile) pairs->largest_tile = size;
      first = end;
    }
  return true;
}

void pairs_release(struct Pairs *pairs)
{
  free(pairs->column);
  free(pairs->answer);
  free(pairs->row_first);
  free(pairs->block_first);
  free(pairs->by_row);
  free(pairs->by_column);
  free(pairs->column_first);
  *pairs = (struct Pairs){0};
}

int pairs_tile_end(const struct Pairs *pairs, int first, int end)
{
  const size_t *begin = pairs->row_first;
  size_t left = begin[end] - begin[first], tiles = (left + TILE_PAIRS - 1) / TILE_PAIRS;
  int row = first + 1;
  while (row < end && begin[row + 1] - begin[first] <= TILE_PAIRS &&
         (begin[row] - begin[first]) * tiles < left)
    row++;
  return row;
}
