/*
 * The examples of a step or of an evaluation, and how their work is divided.
 *
 * A finite training set is gone through in passes, each in an order of its own, a function of
 * train.seed and the number of the pass; the last batch of a pass is the rest. With
 * train.batch_size = 0 every batch is the whole set, in its own order. Where every step draws fresh
 * examples, a batch is train.batch_size of those of its step (network/examples.h).
 *
 * A batch is cut into slices, which are computed at once, and the slices into groups of consecutive
 * ones, each of which is one thread's and has its own sums. Both depend on sizes alone, never on
 * the number of threads. Examples are made when their slice is computed: none is kept.
 */
#ifndef ENGINE_TEXTBOOK_BATCHES_H
#define ENGINE_TEXTBOOK_BATCHES_H

#include "network/examples.h"

struct Batches {
  struct Examples examples;
  int64_t seed; /* of the orders */
  size_t size;  /* of a training batch; the last one of a pass may be smaller */
  bool fresh;   /* every step draws its examples */
  size_t slice; /* most sequences of a slice */
  size_t most_groups;
  int64_t pass;    /* whose order this is; -1: of none yet */
  uint32_t *order; /* [n], of a finite set in parts */
};

/* `gradient_size`: bytes of a gradient, of which each group of a training batch needs one.
   `dataset` must outlive the batches. Error: no memory; then there is nothing to release. */
bool batches_init(struct Batches *batches, const struct Config *config,
                  const struct Dataset *dataset, size_t gradient_size, struct Error *error);
void batches_release(struct Batches *batches);

struct Batch {
  const struct Batches *batches;
  enum Subset subset;
  bool fresh;
  int64_t step;          /* that draws them, if fresh */
  const uint32_t *order; /* [n] indices in the subset; NULL: 0 .. n-1 */
  size_t n;
  size_t n_slices, n_groups;
};

/* The batch of a step, counted from 0; it is valid until the next call. */
struct Batch batch_of_step(struct Batches *batches, int64_t step);

/* The whole of SUBSET_TRAIN or SUBSET_TEST; for SUBSET_TRAIN, if every step draws fresh examples,
   those of the step. */
struct Batch batch_of_subset(const struct Batches *batches, enum Subset subset, int64_t step);

/* The most groups that a training batch has. */
size_t batches_groups(const struct Batches *batches);

/* The slices of a group are numbers *begin .. *end - 1. */
void batch_group(const struct Batch *batch, size_t group, size_t *begin, size_t *end);

/* The number of the first sequence of a slice in the batch, and how many it has. */
size_t batch_slice(const struct Batch *batch, size_t slice, size_t *n);

/* The sequences [first, first + n) of the batch: tokens [n][N], answers [n][R]. Thread-safe. */
void batch_get(const struct Batch *batch, size_t first, size_t n, int *tokens, int *answers);

#endif
