#include "measures/plausibility.h"

#include "base/memory.h"
#include "engine/factored/loss.h"

#include <math.h>
#include <stdlib.h>

const double plausibility_threshold = -4;

/* Share of the training pairs: during a loss spike a network may miss some. */
static const double fitted_accuracy = 0.99;

/* A pair's loss, and whether it belongs to the first of two sets. */
struct Ranked {
  double loss;
  bool first;
};

static int compare_losses(const void *left, const void *right)
{
  const struct Ranked *a = left, *b = right;
  return (a->loss > b->loss) - (a->loss < b->loss);
}

/* The standardised rank sum of the first n_first of n pairs in that order; ties get their mean
   rank. 0 if all losses are equal. */
static double rank_sum(const double *losses, const size_t *pairs, size_t n_first, size_t n,
                       struct Ranked *ranked)
{
  double sum = 0, ties = 0, size = (double)n, n_others = (double)(n - n_first);
  for (size_t i = 0; i < n; i++)
    ranked[i] = (struct Ranked){losses[pairs[i]], i < n_first};
  qsort(ranked, n, sizeof *ranked, compare_losses);
  for (size_t begin = 0, end; begin < n; begin = end) {
    size_t first = 0;
    for (end = begin; end < n && ranked[end].loss == ranked[begin].loss; end++)
      first += ranked[end].first;
    double equal = (double)(end - begin);
    sum += (double)first * ((double)(begin + end + 1) / 2);
    ties += (equal * equal - 1) * equal;
  }
  double variance = (double)n_first * n_others / 12 * (size + 1 - ties / (size * (size - 1)));
  return variance > 0 ? (sum - (double)n_first * (size + 1) / 2) / sqrt(variance) : 0;
}

bool plausibility_add(void *context, const struct LogitRows *rows, struct Error *error)
{
  (void)error;
  struct PairLosses *losses = context;
  const struct Dataset *dataset = losses->dataset;
  for (int a = rows->first; a < rows->end; a++)
    for (int b = 0; b < dataset->p; b++) {
      int pair = a * dataset->p + b;
      bool correct;
      losses->each[pair] = loss_of_pair(logit_rows_at(rows, a, b, dataset->p), dataset->p,
                                        dataset->answer[pair], &correct);
      losses_add(&losses->sums, dataset->train[pair], losses->each[pair], correct);
    }
  return true;
}

static bool compare_splits(const struct Trajectory *trajectory, const double *losses,
                           struct Plausibility *plausibility, struct Error *error)
{
  size_t n_train = trajectory->dataset.n_train, n_test = trajectory->dataset.n_test;
  size_t n = n_train + n_test;
  struct Ranked *ranked = memory_new(n, sizeof *ranked, "ranks of losses", error);
  size_t *order = ranked ? memory_new(n, sizeof *order, "the order of the split", error) : NULL;
  bool done =
      order && dataset_shuffle(order, trajectory->dataset.p, trajectory->config.data.seed, error);
  if (done) {
    plausibility->split = rank_sum(losses, order, n_train, n, ranked);
    plausibility->train_order = rank_sum(losses, order, n_train / 2, n_train, ranked);
    plausibility->test_order = rank_sum(losses, order + n_train, n_test / 2, n_test, ranked);
  }
  free(order);
  free(ranked);
  return done;
}

bool plausibility_measure(const struct Trajectory *trajectory, const struct PairLosses *losses,
                          struct Plausibility *plausibility, struct Error *error)
{
  const struct Dataset *dataset = &trajectory->dataset;
  size_t n = dataset->n_train + dataset->n_test;
  *plausibility = (struct Plausibility){.losses = losses_mean(&losses->sums),
                                        .chance = 1 / (double)dataset->p,
                                        .train_share = (double)dataset->n_train / (double)n,
                                        .split = NAN,
                                        .train_order = NAN,
                                        .test_order = NAN};
  return safetensors_find(&trajectory->file, "train_mask") ||
         compare_splits(trajectory, losses->each, plausibility, error);
}

bool plausibility_measure_snapshot(const struct Trajectory *trajectory, size_t index,
                                   struct Plausibility *plausibility, struct Error *error)
{
  const struct Dataset *dataset = &trajectory->dataset;
  size_t n = dataset->n_train + dataset->n_test;
  struct Snapshot snapshot;
  if (!snapshot_init_rows(&snapshot, trajectory, SNAPSHOT_BLOCK_BYTES, error)) return false;
  struct PairLosses losses = {.dataset = dataset};
  losses.each = memory_new(n, sizeof *losses.each, "losses of all pairs", error);
  bool done = losses.each && snapshot_read(&snapshot, trajectory, index, error) &&
              snapshot_each_rows(&snapshot, trajectory, plausibility_add, &losses, error) &&
              plausibility_measure(trajectory, &losses, plausibility, error);
  free(losses.each);
  snapshot_release(&snapshot);
  return done;
}

enum PlausibilityVerdict plausibility_judge(const struct Plausibility *plausibility)
{
  const struct Losses *losses = &plausibility->losses;
  if (plausibility->test_order < plausibility_threshold) return VERDICT_TOO_FEW;
  if (plausibility->train_order < plausibility_threshold) return VERDICT_TOO_MANY;
  if (plausibility->split >= plausibility_threshold &&
      losses->all.accuracy >= plausibility->train_share)
    return VERDICT_OTHERS;
  return losses->train.accuracy < fitted_accuracy ? VERDICT_UNFITTED : VERDICT_FITS;
}
