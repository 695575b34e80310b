#include "measures/without_each.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "measures/logit_fit.h"

#include <stdlib.h>
#include <string.h>

enum { HALF = REMOVAL_LANES / 2, BLOCK_PAIRS = 16384 };

/* Rows of pairs in a block. */
static int block_rows(int p)
{
  int rows = p < BLOCK_PAIRS ? BLOCK_PAIRS / p : 1;
  return rows < p ? rows : p;
}

bool without_each_init(struct WithoutEach *each, int p, struct Error *error)
{
  static const char what[] = "losses without each frequency";
  size_t n = (size_t)p, pairs = n * (size_t)block_rows(p);
  *each = (struct WithoutEach){0};
  each->cosines = memory_new(n * (1 + 4 * HALF), sizeof *each->cosines, what, error);
  if (each->cosines) each->losses = memory_new(pairs, sizeof *each->losses, what, error);
  if (each->losses) each->logits = memory_new(n, sizeof *each->logits, what, error);
  if (each->logits) each->at = memory_new(n, sizeof *each->at, what, error);
  if (!each->at || !removal_task_init(&each->task, p, error)) {
    without_each_release(each);
    return false;
  }
  for (int d = 0; d < p; d++)
    each->cosines[d] = elementary_cos_turns(d, p);
  for (size_t i = 0; i < 4; i++)
    each->parts[i / 2][i % 2] = each->cosines + n * (1 + i * HALF);
  return true;
}

void without_each_release(struct WithoutEach *each)
{
  removal_task_release(&each->task);
  free(each->cosines);
  free(each->losses);
  free(each->logits);
  free(each->at);
  *each = (struct WithoutEach){0};
}

/* ---- what is removed ---- */

/* The components of the frequency along its directions, of each output. */
static void set_directions(const struct DirectedLogits *directed, int k, size_t lane,
                           double *const parts[2])
{
  size_t p = (size_t)directed->basis->p;
  int components[2];
  for (int i = 0, n = fourier_components((int)p, k, components); i < n; i++)
    for (size_t c = 0; c < p; c++)
      parts[i][c * HALF + lane] = directed->components[(size_t)components[i] * p + c];
}

/* The fitted logits as a function of s - c, as logit_fit_cosines has them. */
static void set_fit(const struct DirectedLogits *directed, const double *cosines, int k,
                    size_t lane, double *fitted)
{
  size_t p = (size_t)directed->basis->p;
  double alpha = logit_fit_coefficient(directed, k);
  for (size_t d = 0, turn = 0; d < p; d++, turn = (turn + (size_t)k) % p)
    fitted[d * HALF + lane] = 0 + alpha * cosines[turn];
}

static void set_half(const struct WithoutEach *each, const struct DirectedLogits *directed,
                     const struct WithoutHalf *half, double *const parts[2])
{
  memset(parts[0], 0, (size_t)directed->basis->p * HALF * sizeof(double));
  memset(parts[1], 0, (size_t)directed->basis->p * HALF * sizeof(double));
  for (int lane = 0; lane < HALF; lane++) {
    int k = half->first + lane;
    if (k > directed->basis->n_frequencies) return;
    if (half->fitted)
      set_fit(directed, each->cosines, k, (size_t)lane, parts[0]);
    else
      set_directions(directed, k, (size_t)lane, parts);
  }
}

/* The directions of each lane at s. */
static void find_waves(const struct FourierBasis *basis, int first, size_t s, double waves[2][HALF])
{
  size_t p = (size_t)basis->p;
  memset(waves, 0, 2 * sizeof *waves);
  for (int lane = 0; lane < HALF && first + lane <= basis->n_frequencies; lane++) {
    int components[2];
    for (int i = 0, n = fourier_components((int)p, first + lane, components); i < n; i++)
      waves[i][lane] = basis->rows[(size_t)components[i] * p + s];
  }
}

/* The projection at s, as fourier_inverse sums it. */
static void project_half(const struct FourierBasis *basis, int first, size_t s,
                         double *const parts[2], double *removed)
{
  double waves[2][HALF];
  find_waves(basis, first, s, waves);
  for (size_t c = 0; c < (size_t)basis->p; c++)
    for (size_t lane = 0; lane < HALF; lane++)
      removed[c * REMOVAL_LANES + lane] = 0 + waves[0][lane] * parts[0][c * HALF + lane] +
                                          waves[1][lane] * parts[1][c * HALF + lane];
}

static void fit_half(size_t p, size_t s, const double *fitted, double *removed)
{
  for (size_t c = 0; c < p; c++)
    memcpy(removed + c * REMOVAL_LANES, fitted + (s + p - c) % p * HALF, HALF * sizeof *fitted);
}

static void set_removed(struct WithoutEach *each, const struct FourierBasis *basis,
                        const struct WithoutLanes *lanes, size_t s)
{
  each->task.answer = s;
  for (size_t i = 0; i < 2; i++) {
    double *removed = each->task.removed + i * HALF;
    if (lanes->half[i].fitted)
      fit_half((size_t)basis->p, s, each->parts[i][0], removed);
    else
      project_half(basis, lanes->half[i].first, s, each->parts[i], removed);
  }
}

/* ---- losses ---- */

/* The pairs with this s in rows first .. end - 1; returns their number. */
static size_t list_pairs(struct WithoutEach *each, const struct DirectedLogits *directed,
                         const struct LogitRows *rows, int first, int end, bool train_only, int s)
{
  int p = directed->basis->p, sign = (int)directed->sign;
  size_t n = 0;
  for (int a = first; a < end; a++) {
    int b = ((s - a) * sign + p) % p; /* a + b = s or a - b = s */
    size_t pair = (size_t)a * (size_t)p + (size_t)b;
    if (train_only && !directed->dataset->train[pair]) continue;
    each->logits[n] = logit_rows_at(rows, a, b, p);
    each->at[n++] = &each->losses[pair - (size_t)first * (size_t)p];
  }
  return n;
}

static void add_pair(struct LaneSum *sum, const struct RemovalLosses *losses)
{
  for (size_t lane = 0; lane < REMOVAL_LANES; lane++) {
    sum->loss[lane] += losses->loss[lane];
    sum->correct[lane] -= losses->correct[lane];
  }
  sum->pairs++;
}

static void add_losses(const struct WithoutEach *each, const struct Dataset *dataset, size_t first,
                       size_t end, bool train_only, struct LaneSums *sums)
{
  for (size_t pair = first; pair < end; pair++) {
    const struct RemovalLosses *losses = &each->losses[pair - first];
    if (dataset->train[pair]) {
      add_pair(&sums->train, losses);
    } else if (!train_only) {
      add_pair(&sums->test, losses);
    }
    if (!train_only) add_pair(&sums->all, losses);
  }
}

void without_each_add(struct WithoutEach *each, const struct DirectedLogits *directed,
                      const struct LogitRows *rows, const struct WithoutLanes *lanes,
                      struct LaneSums *sums)
{
  int p = directed->basis->p, step = block_rows(p);
  for (size_t i = 0; i < 2; i++)
    set_half(each, directed, &lanes->half[i], each->parts[i]);
  for (int first = rows->first, end; first < rows->end; first = end) {
    end = rows->end - first < step ? rows->end : first + step;
    for (int s = 0; s < p; s++) {
      size_t n = list_pairs(each, directed, rows, first, end, lanes->train_only, s);
      if (n == 0) continue;
      set_removed(each, directed->basis, lanes, (size_t)s);
      removal_losses(&each->task, each->logits, each->at, n);
    }
    add_losses(each, directed->dataset, (size_t)first * (size_t)p, (size_t)end * (size_t)p,
               lanes->train_only, sums);
  }
}

struct MeanLoss without_each_mean(const struct LaneSum *sum, size_t lane)
{
  return losses_mean_of(&(struct LossSum){sum->loss[lane], (size_t)sum->correct[lane], sum->pairs});
}
