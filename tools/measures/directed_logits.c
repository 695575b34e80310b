#include "measures/directed_logits.h"

#include "base/memory.h"
#include "engine/factored/loss.h"
#include "engine/factored/vector.h"
#include "fourier/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool directed_logits_sign(enum Operation operation, enum DirectionSign *sign, struct Error *error)
{
  if (operation == OPERATION_ADD || operation == OPERATION_SUBTRACT) {
    *sign = operation == OPERATION_ADD ? DIRECTION_SUM : DIRECTION_DIFFERENCE;
    return true;
  }
  static const char *const names[] = {
      [OPERATION_QUADRATIC] = "quadratic", [OPERATION_RANDOM] = "random",
      [OPERATION_MULTIPLY] = "multiply",   [OPERATION_DIVIDE] = "divide",
      [OPERATION_TABLE] = "table",
  };
  return error_set(error,
                   "data.operation is %s: the directions of cos(w_k(a + b - c)) need an "
                   "answer that is a function of a + b or of a - b (add, subtract)",
                   names[operation]);
}

bool directed_logits_init(struct DirectedLogits *directed, const struct FourierBasis *basis,
                          const struct Dataset *dataset, enum DirectionSign sign,
                          struct Error *error)
{
  size_t n = (size_t)basis->p * (size_t)basis->p;
  *directed = (struct DirectedLogits){.basis = basis, .dataset = dataset, .sign = sign};
  directed->folded = memory_new(n, sizeof(double), "logits by residue", error);
  if (directed->folded)
    directed->components = memory_new(n, sizeof(double), "directions of the logits", error);
  if (directed->components) return true;
  directed_logits_release(directed);
  return false;
}

void directed_logits_release(struct DirectedLogits *directed)
{
  free(directed->folded);
  free(directed->components);
  *directed = (struct DirectedLogits){0};
}

struct LogitRows directed_logits_rows(const struct DirectedLogits *directed)
{
  return (struct LogitRows){directed->logits, (size_t)directed->V, 0, directed->basis->p};
}

void directed_logits_begin(struct DirectedLogits *directed)
{
  size_t p = (size_t)directed->basis->p;
  memset(directed->folded, 0, p * p * sizeof *directed->folded);
  directed->logits = NULL;
}

void directed_logits_add(struct DirectedLogits *directed, const struct LogitRows *rows)
{
  int p = directed->basis->p;
  directions_fold_rows(p, directed->sign, rows->first, rows->end, rows->logits, rows->V, (size_t)p,
                       directed->folded);
}

void directed_logits_finish(struct DirectedLogits *directed)
{
  size_t p = (size_t)directed->basis->p;
  directions_fold_finish(directed->basis->p, p, directed->folded);
  fourier_transform(directed->basis, directed->folded, p, directed->components);
}

void directed_logits_set(struct DirectedLogits *directed, const float *logits, int V)
{
  directed_logits_begin(directed);
  directed->logits = logits;
  directed->V = V;
  const struct LogitRows rows = directed_logits_rows(directed);
  directed_logits_add(directed, &rows);
  directed_logits_finish(directed);
}

double *directed_logits_project(const struct DirectedLogits *directed, const bool *frequencies,
                                struct Error *error)
{
  size_t p = (size_t)directed->basis->p;
  double *projection = memory_new(p * p, sizeof *projection, "projected logits", error);
  if (projection)
    fourier_inverse(directed->basis, directed->components, p, frequencies, projection);
  return projection;
}

static void subtract_row(size_t n, const float *logits, const double *projection, float *row)
{
  for (size_t c = 0; c < n; c++)
    row[c] = (float)((double)logits[c] - projection[c]);
}

/* The logits of a pair minus those removed at its s, [p]. */
static void subtract_at(const struct DirectedLogits *directed, const struct LogitRows *rows,
                        const double *removed, int a, int b, float *row)
{
  size_t p = (size_t)directed->dataset->p;
  size_t s = (size_t)direction_residue((int)p, directed->sign, a, b);
  subtract_row(p, logit_rows_at(rows, a, b, (int)p), removed + s * p, row);
}

/* `row` is scratch, [p]. */
static void sum_without(const struct DirectedLogits *directed, const double *removed, float *row,
                        struct LossSums *sums)
{
  const struct Dataset *dataset = directed->dataset;
  const struct LogitRows rows = directed_logits_rows(directed);
  int p = dataset->p;
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      size_t pair = (size_t)a * (size_t)p + (size_t)b;
      subtract_at(directed, &rows, removed, a, b, row);
      bool correct;
      double loss = loss_of_pair(row, p, dataset->answer[pair], &correct);
      losses_add(sums, dataset->train[pair], loss, correct);
    }
}

bool directed_logits_ablated(const struct DirectedLogits *directed, const bool *frequencies,
                             struct Losses *losses, struct Error *error)
{
  struct LossSums sums = {0};
  float *row = memory_new((size_t)directed->basis->p, sizeof *row, "logits of a pair", error);
  double *removed = row ? directed_logits_project(directed, frequencies, error) : NULL;
  if (removed) sum_without(directed, removed, row, &sums);
  *losses = losses_mean(&sums);
  bool done = removed;
  free(removed);
  free(row);
  return done;
}

/* ---- training pairs alone ---- */

/* Pairs whose losses are computed at once, which takes less time than one by one: theirs are the
   losses of all frequencies at all snapshots. */
enum { BATCH = 16 };

struct Batch {
  size_t n, row;
  float *logits; /* [BATCH][row]: p, then -infinity, which adds nothing to a loss */
  int answers[BATCH];
};

/* Rows of whole vectors are read faster. */
static bool batch_init(struct Batch *batch, int p, struct Error *error)
{
  *batch = (struct Batch){.row = vector_pad((size_t)p)};
  batch->logits = memory_new(BATCH * batch->row, sizeof(float), "logits of pairs", error);
  for (size_t i = 0; batch->logits && i < BATCH * batch->row; i++)
    batch->logits[i] = -INFINITY;
  return batch->logits;
}

/* Adds the losses of a batch, and empties it. */
static void sum_batch(struct Batch *batch, struct LossSum *sum)
{
  const struct Logits logits = {.pairs = batch->n,
                                .at = batch->logits,
                                .row = batch->row,
                                .n = (int)batch->row,
                                .answers = batch->answers};
  loss_add(&logits, &sum->loss, &sum->correct);
  sum->pairs += batch->n;
  batch->n = 0;
}

bool directed_logits_add_train_without(const struct DirectedLogits *directed,
                                       const struct LogitRows *rows, const double *removed,
                                       struct LossSum *sum, struct Error *error)
{
  const struct Dataset *dataset = directed->dataset;
  int p = dataset->p;
  struct Batch batch;
  if (!batch_init(&batch, p, error)) return false;
  for (int a = rows->first; a < rows->end; a++)
    for (int b = 0; b < p; b++) {
      size_t pair = (size_t)a * (size_t)p + (size_t)b;
      if (!dataset->train[pair]) continue;
      subtract_at(directed, rows, removed, a, b, batch.logits + batch.n * batch.row);
      batch.answers[batch.n++] = dataset->answer[pair];
      if (batch.n == BATCH) sum_batch(&batch, sum);
    }
  sum_batch(&batch, sum);
  free(batch.logits);
  return true;
}

bool directed_logits_train_without(const struct DirectedLogits *directed, const double *removed,
                                   struct MeanLoss *train, struct Error *error)
{
  const struct LogitRows rows = directed_logits_rows(directed);
  struct LossSum sum = {0};
  bool done = directed_logits_add_train_without(directed, &rows, removed, &sum, error);
  *train = losses_mean_of(&sum);
  return done;
}

bool directed_logits_excluded(const struct DirectedLogits *directed, const bool *frequencies,
                              struct MeanLoss *train, struct Error *error)
{
  double *removed = directed_logits_project(directed, frequencies, error);
  bool done = removed && directed_logits_train_without(directed, removed, train, error);
  free(removed);
  return done;
}

/* ---- kept directions ---- */

/* The kept logits depend on s only, and the answer is s itself: one loss per s. */
static void sum_kept(const struct DirectedLogits *directed, const double *kept, float *row,
                     double *loss, bool *correct, struct LossSums *sums)
{
  const struct Dataset *dataset = directed->dataset;
  int p = dataset->p;
  for (int s = 0; s < p; s++) {
    for (int c = 0; c < p; c++)
      row[c] = (float)kept[(size_t)s * (size_t)p + (size_t)c];
    loss[s] = loss_of_pair(row, p, s, &correct[s]);
  }
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      int s = direction_residue(p, directed->sign, a, b);
      losses_add(sums, dataset->train[(size_t)a * (size_t)p + (size_t)b], loss[s], correct[s]);
    }
}

bool directed_logits_restricted(const struct DirectedLogits *directed, const bool *frequencies,
                                struct Losses *losses, struct Error *error)
{
  size_t p = (size_t)directed->basis->p, n_chosen = (size_t)directed->basis->n_frequencies + 1;
  struct LossSums sums = {0};
  bool *chosen = memory_new(n_chosen, sizeof *chosen, "chosen frequencies", error);
  float *row = chosen ? memory_new(p, sizeof *row, "logits of a residue", error) : NULL;
  double *loss = row ? memory_new(p, sizeof *loss, "losses by residue", error) : NULL;
  bool *correct = loss ? memory_new(p, sizeof *correct, "answers by residue", error) : NULL;
  double *kept = NULL;
  if (correct) {
    memcpy(chosen, frequencies, n_chosen * sizeof *chosen);
    chosen[0] = true; /* the mean logits */
    kept = directed_logits_project(directed, chosen, error);
  }
  if (kept) sum_kept(directed, kept, row, loss, correct, &sums);
  *losses = losses_mean(&sums);
  bool done = kept;
  free(kept);
  free(correct);
  free(loss);
  free(row);
  free(chosen);
  return done;
}

/* ---- of a subject ---- */

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct Snapshot *snapshot = &analysis->snapshot;
  enum DirectionSign sign = DIRECTION_SUM;
  if (!directed_logits_sign(analysis->trajectory.config.data.operation, &sign, error) ||
      !directed_logits_init(numbers, &analysis->basis, &analysis->trajectory.dataset, sign, error))
    return false;
  directed_logits_set(numbers, snapshot->activations.logits, snapshot->parameters.shape.V);
  return true;
}

static void release(void *numbers)
{
  directed_logits_release(numbers);
}

const struct DirectedLogits *directed_logits_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct DirectedLogits), find, release};
  return subject_find(subject, &finding, error);
}
