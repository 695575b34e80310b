#include "engine/textbook/batches.h"

#include "base/memory.h"
#include "network/random.h"

#include <stdlib.h>

/* A slice has so many positions that its products are fast, but no more than stay in a core's
   cache; within these bounds a batch has enough slices for as many cores as small batches can
   use. */
enum { LEAST_POSITIONS = 64, MOST_POSITIONS = 384, WANTED_SLICES = 8 };

/* Adding up the gradients of groups takes time and their memory: beyond LEAST_GROUPS, each has a
   few slices to itself, and all together have no more than GRADIENTS_SIZE bytes, except that there
   are two, where there is work for two. */
enum { LEAST_GROUPS = 8, MOST_GROUPS = 64, SLICES_OF_A_GROUP = 4 };
static const size_t GRADIENTS_SIZE = (size_t)1 << 30;

static size_t clamp(size_t x, size_t least, size_t most)
{
  return x < least ? least : x > most ? most : x;
}

static size_t ceiling(size_t n, size_t unit)
{
  return (n + unit - 1) / unit;
}

static bool is_in_parts(const struct Batches *b)
{
  return !b->fresh && b->size < b->examples.n[SUBSET_TRAIN];
}

/* ---- opening ---- */

static size_t choose_slice(size_t n, size_t positions)
{
  return clamp(ceiling(n, WANTED_SLICES), ceiling(LEAST_POSITIONS, positions),
               clamp(MOST_POSITIONS / positions, 1, MOST_POSITIONS));
}

bool batches_init(struct Batches *b, const struct Config *config, const struct Dataset *dataset,
                  size_t gradient_size, struct Error *error)
{
  const struct Shape shape = shape_of_config(config);
  *b = (struct Batches){.seed = config->train.seed, .pass = -1};
  if (!examples_init(&b->examples, config, dataset, error)) return false;
  size_t n = b->examples.n[SUBSET_TRAIN], size = (size_t)config->train.batch_size;
  b->fresh = n == 0;
  b->size = size > 0 && (b->fresh || size < n) ? size : n;
  b->slice = choose_slice(b->size, (size_t)(shape.n_positions + shape.n_registers));
  b->most_groups = clamp(GRADIENTS_SIZE / gradient_size, 2, MOST_GROUPS);
  if (!is_in_parts(b)) return true;
  b->order = memory_new(n, sizeof *b->order, "the order of the examples", error);
  if (b->order) return true;
  batches_release(b);
  return false;
}

void batches_release(struct Batches *b)
{
  examples_release(&b->examples);
  free(b->order);
  *b = (struct Batches){0};
}

/* ---- the examples of a batch ---- */

/* Fisher and Yates' shuffle. */
static void shuffle(struct Batches *b, int64_t pass)
{
  size_t n = b->examples.n[SUBSET_TRAIN];
  for (size_t i = 0; i < n; i++)
    b->order[i] = (uint32_t)i;
  for (size_t i = n - 1; i > 0; i--) {
    double u = random_uniform(b->seed, "train.order", (uint64_t)pass * n + i);
    size_t j = (size_t)(u * (double)(i + 1));
    uint32_t kept = b->order[i];
    b->order[i] = b->order[j];
    b->order[j] = kept;
  }
  b->pass = pass;
}

/* Divides the work of n sequences. */
static struct Batch cut(const struct Batches *b, size_t n)
{
  size_t n_slices = ceiling(n, b->slice);
  size_t n_groups = clamp(n_slices / SLICES_OF_A_GROUP, LEAST_GROUPS, b->most_groups);
  return (struct Batch){.batches = b,
                        .n = n,
                        .n_slices = n_slices,
                        .n_groups = clamp(n_groups, 1, clamp(n_slices, 1, b->most_groups))};
}

struct Batch batch_of_step(struct Batches *b, int64_t step)
{
  if (!is_in_parts(b)) return batch_of_subset(b, SUBSET_TRAIN, step);
  size_t n = b->examples.n[SUBSET_TRAIN];
  int64_t of_a_pass = (int64_t)ceiling(n, b->size);
  if (b->pass != step / of_a_pass) shuffle(b, step / of_a_pass);
  size_t first = (size_t)(step % of_a_pass) * b->size;
  struct Batch batch = cut(b, n - first < b->size ? n - first : b->size);
  batch.subset = SUBSET_TRAIN;
  batch.order = b->order + first;
  return batch;
}

struct Batch batch_of_subset(const struct Batches *b, enum Subset subset, int64_t step)
{
  bool fresh = b->fresh && subset == SUBSET_TRAIN;
  struct Batch batch = cut(b, fresh ? b->size : b->examples.n[subset]);
  batch.subset = subset;
  batch.fresh = fresh;
  batch.step = step;
  return batch;
}

void batch_get(const struct Batch *batch, size_t first, size_t n, int *tokens, int *answers)
{
  const struct Examples *examples = &batch->batches->examples;
  for (size_t i = first; i < first + n; i++) {
    if (batch->fresh)
      examples_draw(examples, batch->step, i, tokens, answers);
    else
      examples_get(examples, batch->subset, batch->order ? batch->order[i] : i, tokens, answers);
    tokens += examples->N;
    answers += examples->R;
  }
}

/* ---- the division ---- */

size_t batches_groups(const struct Batches *b)
{
  return cut(b, b->size).n_groups;
}

void batch_group(const struct Batch *batch, size_t group, size_t *begin, size_t *end)
{
  *begin = batch->n_slices * group / batch->n_groups;
  *end = batch->n_slices * (group + 1) / batch->n_groups;
}

size_t batch_slice(const struct Batch *batch, size_t slice, size_t *n)
{
  size_t first = slice * batch->batches->slice, rest = batch->n - first;
  *n = rest < batch->batches->slice ? rest : batch->batches->slice;
  return first;
}
