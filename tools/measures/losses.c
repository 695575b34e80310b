#include "measures/losses.h"

#include "base/memory.h"
#include "engine/factored/loss.h"
#include "fourier/transform.h"

#include <stdlib.h>
#include <string.h>

struct Sum {
  double loss;
  size_t correct, pairs;
};

static void sum_add(struct Sum *sum, double loss, bool correct)
{
  sum->loss += loss;
  sum->correct += correct;
  sum->pairs++;
}

static struct MeanLoss sum_mean(const struct Sum *sum)
{
  double n = (double)sum->pairs;
  return (struct MeanLoss){sum->loss / n, (double)sum->correct / n}; /* 0/0 is NaN */
}

/* The three means of one pass over the pairs. */
struct Sums {
  struct Sum all, train, test;
};

static void sums_add(struct Sums *sums, bool train, double loss, bool correct)
{
  sum_add(&sums->all, loss, correct);
  sum_add(train ? &sums->train : &sums->test, loss, correct);
}

static void sums_mean(const struct Sums *sums, struct Losses *losses)
{
  *losses = (struct Losses){sum_mean(&sums->all), sum_mean(&sums->train), sum_mean(&sums->test)};
}

void losses_of_logits(const struct Dataset *dataset, const float *logits, int V,
                      struct Losses *losses)
{
  size_t n = dataset->n_train + dataset->n_test;
  struct Sums sums = {0};
  for (size_t pair = 0; pair < n; pair++) {
    bool correct;
    double loss =
        loss_of_pair(logits + pair * (size_t)V, dataset->p, dataset->answer[pair], &correct);
    sums_add(&sums, dataset->train[pair], loss, correct);
  }
  sums_mean(&sums, losses);
}

bool directions_of_operation(enum Operation operation, enum DirectionSign *sign,
                             struct Error *error)
{
  if (operation == OPERATION_ADD || operation == OPERATION_SUBTRACT) {
    *sign = operation == OPERATION_ADD ? DIRECTION_SUM : DIRECTION_DIFFERENCE;
    return true;
  }
  return error_set(error,
                   "data.operation is %s: the directions of cos(w_k(a + b - c)) need an "
                   "answer that is a function of a + b or of a - b (add, subtract)",
                   operation == OPERATION_QUADRATIC ? "quadratic" : "random");
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

void directed_logits_set(struct DirectedLogits *directed, const float *logits, int V)
{
  int p = directed->basis->p;
  directed->logits = logits;
  directed->V = V;
  directions_fold(p, directed->sign, logits, (size_t)V, (size_t)p, directed->folded);
  fourier_transform(directed->basis, directed->folded, (size_t)p, directed->components);
}

/* The projection on the directions of the chosen frequencies, [p][p]: s, output; the caller frees
   it. It is a function of s alone. */
static double *project(const struct DirectedLogits *directed, const bool *frequencies,
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

/* Sums over the logits minus `projection`, optionally for training pairs only. `row` is scratch,
   [p]. */
static void sum_without(const struct DirectedLogits *directed, const double *projection,
                        bool train_only, float *row, struct Sums *sums)
{
  const struct Dataset *dataset = directed->dataset;
  int p = dataset->p;
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      size_t pair = (size_t)a * (size_t)p + (size_t)b;
      if (train_only && !dataset->train[pair]) continue;
      size_t s = (size_t)direction_residue(p, directed->sign, a, b);
      subtract_row((size_t)p, directed->logits + pair * (size_t)directed->V,
                   projection + s * (size_t)p, row);
      bool correct;
      double loss = loss_of_pair(row, p, dataset->answer[pair], &correct);
      sums_add(sums, dataset->train[pair], loss, correct);
    }
}

static bool losses_without(const struct DirectedLogits *directed, const bool *frequencies,
                           bool train_only, struct Losses *losses, struct Error *error)
{
  struct Sums sums = {0};
  float *row = memory_new((size_t)directed->basis->p, sizeof *row, "logits of a pair", error);
  double *projection = row ? project(directed, frequencies, error) : NULL;
  if (projection) sum_without(directed, projection, train_only, row, &sums);
  sums_mean(&sums, losses);
  bool done = projection;
  free(projection);
  free(row);
  return done;
}

bool excluded_loss(const struct DirectedLogits *directed, const bool *frequencies, double *loss,
                   struct Error *error)
{
  struct Losses losses;
  if (!losses_without(directed, frequencies, true, &losses, error)) return false;
  *loss = losses.train.loss;
  return true;
}

bool ablated_losses(const struct DirectedLogits *directed, const bool *frequencies,
                    struct Losses *losses, struct Error *error)
{
  return losses_without(directed, frequencies, false, losses, error);
}

/* The kept logits depend on s only, and the answer is s itself: one loss per s. */
static void sum_kept(const struct DirectedLogits *directed, const double *kept, float *row,
                     double *loss, bool *correct, struct Sums *sums)
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
      sums_add(sums, dataset->train[(size_t)a * (size_t)p + (size_t)b], loss[s], correct[s]);
    }
}

bool restricted_losses(const struct DirectedLogits *directed, const bool *frequencies,
                       struct Losses *losses, struct Error *error)
{
  size_t p = (size_t)directed->basis->p, n_chosen = (size_t)directed->basis->n_frequencies + 1;
  struct Sums sums = {0};
  bool *chosen = memory_new(n_chosen, sizeof *chosen, "chosen frequencies", error);
  float *row = chosen ? memory_new(p, sizeof *row, "logits of a residue", error) : NULL;
  double *loss = row ? memory_new(p, sizeof *loss, "losses by residue", error) : NULL;
  bool *correct = loss ? memory_new(p, sizeof *correct, "answers by residue", error) : NULL;
  double *kept = NULL;
  if (correct) {
    memcpy(chosen, frequencies, n_chosen * sizeof *chosen);
    chosen[0] = true; /* the mean logits */
    kept = project(directed, chosen, error);
  }
  if (kept) sum_kept(directed, kept, row, loss, correct, &sums);
  sums_mean(&sums, losses);
  bool done = kept;
  free(kept);
  free(correct);
  free(loss);
  free(row);
  free(chosen);
  return done;
}
