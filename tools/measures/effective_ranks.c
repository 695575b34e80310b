#include "measures/effective_ranks.h"

#include "base/elementary.h"
#include "base/linear.h"
#include "base/memory.h"
#include "fourier/transform.h"
#include "measures/each_snapshot.h"
#include "measures/losses.h"
#include "measures/neuron_logit_map.h"
#include "measures/quantities.h"
#include "measures/singular_values.h"
#include "measures/spectrum.h"

#include <math.h>
#include <stdlib.h>

/* ---- one snapshot ---- */

/* One thread's state. */
struct Worker {
  const struct Analysis *analysis;
  struct Snapshot snapshot;
  double *components; /* [p][the larger of d_model and d_mlp] */
  double *wide;       /* the same: scratch */
  double *values;     /* [p]: singular values, and norms */
  struct LossSums sums;
};

/* How many components the key frequencies have: a cosine each, and a sine but for k = p/2. */
static size_t count_components(const struct Analysis *analysis)
{
  size_t count = 0;
  for (int k = 1; k <= analysis->basis.n_frequencies; k++) {
    int rows[2];
    if (analysis->keys[k]) count += (size_t)fourier_components(analysis->basis.p, k, rows);
  }
  return count;
}

/* Of worker->components[p][width], which are destroyed. */
static bool measure_matrix(struct Worker *worker, size_t width, struct RankMeasures *measures,
                           struct Error *error)
{
  size_t p = (size_t)worker->analysis->basis.p, rows = p - 1, n = rows < width ? rows : width;
  size_t of_keys = count_components(worker->analysis);
  fourier_norms(worker->components, p, width, worker->values);
  measures->gini = spectrum_gini(worker->values, p);
  if (!singular_values_find(rows, width, worker->components + width, worker->values, NULL, NULL,
                            error))
    return false;
  measures->effective_rank = singular_values_effective_rank(n, worker->values);
  measures->key_share = of_keys > 0 ? singular_values_share(n, worker->values, of_keys) : NAN;
  return true;
}

static bool measure_embedding(struct Worker *worker, struct RankMeasures *measures,
                              struct Error *error)
{
  const struct Parameters *parameters = &worker->snapshot.parameters;
  size_t p = (size_t)worker->analysis->basis.p, d = (size_t)parameters->shape.d_model;
  linear_widen(p * d, parameters_at(parameters, W_E), worker->wide);
  fourier_transform(&worker->analysis->basis, worker->wide, d, worker->components);
  return measure_matrix(worker, d, measures, error);
}

static bool measure_map(struct Worker *worker, struct RankMeasures *measures, struct Error *error)
{
  const struct Parameters *parameters = &worker->snapshot.parameters;
  int layer = worker->analysis->layer;
  *measures = (struct RankMeasures){NAN, NAN, NAN};
  if (part_missing(&parameters->shape, layer, PART_MAP)) return true;
  return neuron_logit_map_components(&worker->analysis->basis, parameters, layer,
                                     worker->components, error) &&
         measure_matrix(worker, (size_t)parameters->shape.d_mlp, measures, error);
}

static bool add_losses(void *state, const struct LogitRows *rows, struct Error *error)
{
  (void)error;
  struct Worker *worker = state;
  losses_add_rows(&worker->sums, &worker->analysis->trajectory.dataset, rows);
  return true;
}

static bool measure_snapshot(void *state, size_t index, void *result, struct Error *error)
{
  struct Worker *worker = state;
  struct SnapshotRanks *ranks = result;
  const struct Trajectory *trajectory = &worker->analysis->trajectory;
  worker->sums = (struct LossSums){0};
  if (!snapshot_read(&worker->snapshot, trajectory, index, error) ||
      !snapshot_each_rows(&worker->snapshot, trajectory, add_losses, worker, error))
    return false;
  ranks->test_loss = losses_mean(&worker->sums).test.loss;
  return measure_embedding(worker, &ranks->W_E, error) && measure_map(worker, &ranks->W_L, error);
}

static void worker_release(void *state)
{
  struct Worker *worker = state;
  snapshot_release(&worker->snapshot);
  free(worker->components);
  free(worker->wide);
  free(worker->values);
}

static bool worker_init(void *state, const struct Analysis *analysis, struct Error *error)
{
  struct Worker *worker = state;
  const struct Shape *shape = &analysis->snapshot.parameters.shape;
  size_t p = (size_t)shape->p, d = (size_t)shape->d_model, m = (size_t)shape->d_mlp;
  size_t numbers = p * (d > m ? d : m);
  *worker = (struct Worker){.analysis = analysis};
  worker->components = memory_new(numbers, sizeof(double), "components of a matrix", error);
  if (worker->components)
    worker->wide = memory_new(numbers, sizeof(double), "components of a matrix", error);
  if (worker->wide) worker->values = memory_new(p, sizeof(double), "singular values", error);
  if (worker->values &&
      snapshot_init_rows(&worker->snapshot, &analysis->trajectory, SNAPSHOT_BLOCK_BYTES, error))
    return true;
  worker_release(worker);
  return false;
}

/* ---- all snapshots ---- */

static const struct SnapshotMeasure ranks_measure = {sizeof(struct Worker), worker_init,
                                                     worker_release, measure_snapshot,
                                                     sizeof(struct SnapshotRanks)};

struct Run {
  struct SnapshotRanks *ranks; /* [n_snapshots] */
};

static void release(void *numbers)
{
  free(((struct Run *)numbers)->ranks);
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct Run *run = numbers;
  run->ranks = each_snapshot_measure(&ranks_measure, subject->analysis, error);
  return run->ranks;
}

static const struct SnapshotRanks *ranks_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct Run), find, release};
  const struct Run *run = subject_find(subject, &finding, error);
  return run ? run->ranks : NULL;
}

/* ---- turns ---- */

static double of_W_E(const struct SnapshotRanks *ranks)
{
  return ranks->W_E.effective_rank;
}
static double of_W_L(const struct SnapshotRanks *ranks)
{
  return ranks->W_L.effective_rank;
}
static double of_test_loss(const struct SnapshotRanks *ranks)
{
  return ranks->test_loss;
}

typedef double NumberOf(const struct SnapshotRanks *ranks);

static double first_at_most(const struct SnapshotRanks *ranks, const int64_t *epochs, size_t start,
                            size_t n, NumberOf *number, double most)
{
  for (size_t i = start; i < n; i++)
    if (number(&ranks[i]) <= most) return epochs ? (double)epochs[i] : NAN;
  return NAN;
}

static double quarter_of_fall(const struct SnapshotRanks *ranks, const int64_t *epochs, size_t n,
                              NumberOf *number)
{
  double first = number(&ranks[0]), last = number(&ranks[n - 1]);
  if (!(last < first)) return NAN;
  return first_at_most(ranks, epochs, 0, n, number, first - 0.25 * (first - last));
}

struct RankTurns effective_ranks_turns(const struct SnapshotRanks *ranks, const int64_t *epochs,
                                       size_t n, int p)
{
  size_t peak = 0;
  for (size_t i = 1; i < n; i++)
    if (ranks[i].test_loss > ranks[peak].test_loss) peak = i;
  return (struct RankTurns){.W_E_quarter = quarter_of_fall(ranks, epochs, n, of_W_E),
                            .W_L_quarter = quarter_of_fall(ranks, epochs, n, of_W_L),
                            .test_halved = first_at_most(ranks, epochs, peak, n, of_test_loss,
                                                         elementary_log((double)p) / 2)};
}

/* ---- tables ---- */

struct RankRow {
  struct MaybeInteger epoch;
  struct SnapshotRanks ranks;
};

#define ROW(name, member, unit, meaning) COLUMN_AS(name, struct RankRow, member, unit, meaning)

static const struct Column columns[] = {
    COLUMN(struct RankRow, epoch, "epochs", "optimizer steps taken before the snapshot"),
    ROW("test_loss", ranks.test_loss, "nats", "mean cross-entropy over the other pairs"),
    ROW("effective_rank_W_E", ranks.W_E.effective_rank, "1",
        "exponential of the entropy of the singular values over their sum (Roy and Vetterli 2007, "
        "definition 1) of W_E's p number tokens, their mean taken off"),
    ROW("effective_rank_W_L", ranks.W_L.effective_rank, "1",
        "the same of W_L = W_U W_out, its mean over the p number outputs taken off"),
    ROW("key_share_W_E", ranks.W_E.key_share, "1",
        "share of W_E's variance over tokens in its first 2n principal components, n being the "
        "number of key frequencies (one component fewer if p/2 is one)"),
    ROW("key_share_W_L", ranks.W_L.key_share, "1", "the same of W_L over outputs"),
    ROW("gini_W_E", ranks.W_E.gini, "1", "as in progress-measures.tsv (section 5.1)"),
    ROW("gini_W_L", ranks.W_L.gini, "1", "as in progress-measures.tsv (section 5.1)")};

bool effective_ranks_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct Trajectory *trajectory = &subject->analysis->trajectory;
  const struct SnapshotRanks *ranks = ranks_of(subject, error);
  struct TableWriter table;
  if (!ranks ||
      !each_snapshot_create_table(&table, subject, file, "Effective ranks", "one row per snapshot",
                                  columns, N_COLUMNS(columns), error))
    return false;
  for (size_t i = 0; i < trajectory->n_snapshots; i++)
    table_put_row(&table, &(struct RankRow){each_snapshot_epoch(subject->analysis, i), ranks[i]});
  return table_commit(&table, error);
}

/* ---- rank-quantities.tsv ---- */

struct RankQuantities {
  double components;
  struct SnapshotRanks last;
  struct RankTurns turns;
  double W_E_lead, W_L_lead, W_E_ratio, W_L_ratio;
};

#define QUANTITY(name, member, unit, meaning)                                                      \
  COLUMN_AS(name, struct RankQuantities, member, unit, meaning)

static const struct Column quantities[] = {
    QUANTITY("key_components", components, "1",
             "Fourier components of the key frequencies, two for each but p/2"),
    QUANTITY("effective_rank_W_E", last.W_E.effective_rank, "1",
             "effective rank of W_E at the last snapshot"),
    QUANTITY("effective_rank_W_L", last.W_L.effective_rank, "1",
             "effective rank of W_L at the last snapshot"),
    QUANTITY("effective_rank_W_E_ratio", W_E_ratio, "1", "effective_rank_W_E / key_components"),
    QUANTITY("effective_rank_W_L_ratio", W_L_ratio, "1",
             "effective_rank_W_L / key_components; section 4.2 finds W_L of rank 10 for five keys"),
    QUANTITY("key_share_W_E", last.W_E.key_share, "1",
             "share of W_E's variance in its first key_components principal components"),
    QUANTITY("key_share_W_L", last.W_L.key_share, "1", "the same of W_L"),
    QUANTITY("effective_rank_W_E_quarter", turns.W_E_quarter, "epochs",
             "first snapshot at which the effective rank of W_E has made a quarter of its fall"),
    QUANTITY("effective_rank_W_L_quarter", turns.W_L_quarter, "epochs", "the same of W_L"),
    QUANTITY("effective_rank_W_E_lead", W_E_lead, "epochs",
             "how much earlier that is than the first snapshot behind its peak at which the test "
             "loss is at most (ln p) / 2"),
    QUANTITY("effective_rank_W_L_lead", W_L_lead, "epochs", "the same of W_L")};

bool effective_ranks_write_quantities(struct Subject *subject, const char *file,
                                      struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct Trajectory *trajectory = &analysis->trajectory;
  const struct SnapshotRanks *ranks = ranks_of(subject, error);
  struct TableWriter table;
  if (!ranks || !each_snapshot_create_table(&table, subject, file, "Effective ranks",
                                            "as single numbers; nan for what never happens",
                                            quantities_columns, N_QUANTITY_COLUMNS, error))
    return false;
  size_t n = trajectory->n_snapshots;
  struct RankTurns turns = effective_ranks_turns(
      ranks, trajectory->dated ? trajectory->epochs : NULL, n, analysis->basis.p);
  const struct SnapshotRanks *last = &ranks[n - 1];
  double components = (double)count_components(analysis);
  bool keys = components > 0;
  struct RankQuantities values = {.components = components,
                                  .last = *last,
                                  .W_E_ratio = keys ? last->W_E.effective_rank / components : NAN,
                                  .W_L_ratio = keys ? last->W_L.effective_rank / components : NAN,
                                  .turns = turns,
                                  .W_E_lead = turns.test_halved - turns.W_E_quarter,
                                  .W_L_lead = turns.test_halved - turns.W_L_quarter};
  quantities_put_members(&table, quantities, N_COLUMNS(quantities), &values);
  return table_commit(&table, error);
}
