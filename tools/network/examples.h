/*
 * The examples of a task, as sequences of N tokens with the answers at their last R positions (N
 * and R are n_positions and n_read of network/parameters.h). An answer of -1 is not counted in the
 * loss.
 *
 *   pairs        a b "=", or a b: tokens 0..p-1 and p for "="; the answer at the last position
 *                (network/dataset.h)
 *
 * Every example is a function of data.seed, of its subset and of its index, or, where each step
 * draws fresh ones, of data.seed, step and index; of nothing else.
 */
#ifndef NETWORK_EXAMPLES_H
#define NETWORK_EXAMPLES_H

#include "network/dataset.h"
#include "network/parameters.h"

struct Examples {
  struct DataConfig data;
  size_t N, R;
  size_t n[2]; /* by SUBSET_TRAIN (0 if every step draws fresh ones) and SUBSET_TEST */
  const struct Dataset *dataset; /* of pairs; borrowed */
  size_t *pairs[2];              /* of pairs: their numbers p a + b, row by row */
};

/* `dataset` is that of the configuration if its task is pairs, and must outlive the examples.
   Error: no memory; then there is nothing to release. */
bool examples_init(struct Examples *examples, const struct Config *config,
                   const struct Dataset *dataset, struct Error *error);
void examples_release(struct Examples *examples);

/* Example number `index` of a subset: tokens [N], answers [R]. */
void examples_get(const struct Examples *examples, enum Subset subset, size_t index, int *tokens,
                  int *answers);

/* Example number `index` of those that are drawn for a step, for tasks other than pairs. */
void examples_draw(const struct Examples *examples, int64_t step, size_t index, int *tokens,
                   int *answers);

#endif
