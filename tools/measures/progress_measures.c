#include "measures/progress_measures.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "fourier/transform.h"
#include "measures/logit_fit.h"
#include "measures/neuron_logit_map.h"
#include "measures/spectrum.h"
#include "measures/weights.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

/* ---- one snapshot ---- */

bool progress_measures_init(struct ProgressWorker *worker, const struct Trajectory *trajectory,
                            const struct FourierBasis *basis, const bool *keys, int layer,
                            size_t bytes, struct Error *error)
{
  *worker = (struct ProgressWorker){
      .trajectory = trajectory, .basis = basis, .keys = keys, .layer = layer};
  enum DirectionSign sign;
  if (!directed_logits_sign(trajectory->config.data.operation, &sign, error) ||
      !snapshot_init_rows(&worker->snapshot, trajectory, bytes, error))
    return false;
  if (directed_logits_init(&worker->directed, basis, &trajectory->dataset, sign, error) &&
      without_each_init(&worker->without, basis->p, error))
    return true;
  snapshot_release(&worker->snapshot);
  return false;
}

void progress_measures_release(struct ProgressWorker *worker)
{
  without_each_release(&worker->without);
  directed_logits_release(&worker->directed);
  snapshot_release(&worker->snapshot);
}

static bool each_rows(struct ProgressWorker *worker, LogitRowsWork *work, void *context,
                      struct Error *error)
{
  return snapshot_each_rows(&worker->snapshot, worker->trajectory, work, context, error);
}

struct Whole {
  struct ProgressWorker *worker;
  struct LossSums sums;
};

static bool add_whole(void *context, const struct LogitRows *rows, struct Error *error)
{
  (void)error;
  struct Whole *whole = context;
  losses_add_rows(&whole->sums, &whole->worker->trajectory->dataset, rows);
  directed_logits_add(&whole->worker->directed, rows);
  return true;
}

/* The losses of the logits as they are, and their components. */
static bool measure_whole(struct ProgressWorker *worker, struct ProgressMeasures *measures,
                          struct Error *error)
{
  struct Whole whole = {.worker = worker};
  directed_logits_begin(&worker->directed);
  if (!each_rows(worker, add_whole, &whole, error)) return false;
  directed_logits_finish(&worker->directed);
  measures->losses = losses_mean(&whole.sums);
  return directed_logits_restricted(&worker->directed, worker->keys, &measures->restricted, error);
}

/* ---- with something removed ---- */

enum { HALF = REMOVAL_LANES / 2 }; /* frequencies at a time, each removed in two ways */

struct Excluding {
  struct ProgressWorker *worker;
  double *removed, *removed_3d; /* [p][p]: what is removed of all key frequencies */
  struct LossSum excluded, excluded_3d;
  struct LaneSums *by_frequency; /* [(n_frequencies + HALF - 1) / HALF] */
};

static struct WithoutLanes lanes_at(size_t i)
{
  int first = 1 + (int)i * HALF;
  return (struct WithoutLanes){.train_only = true, .half = {{first, false}, {first, true}}};
}

static size_t count_lanes(const struct FourierBasis *basis)
{
  return ((size_t)basis->n_frequencies + HALF - 1) / HALF;
}

static bool add_excluded(void *context, const struct LogitRows *rows, struct Error *error)
{
  struct Excluding *excluding = context;
  struct ProgressWorker *worker = excluding->worker;
  const struct DirectedLogits *directed = &worker->directed;
  for (size_t i = 0; i < count_lanes(worker->basis); i++) {
    const struct WithoutLanes lanes = lanes_at(i);
    without_each_add(&worker->without, directed, rows, &lanes, &excluding->by_frequency[i]);
  }
  return directed_logits_add_train_without(directed, rows, excluding->removed, &excluding->excluded,
                                           error) &&
         directed_logits_add_train_without(directed, rows, excluding->removed_3d,
                                           &excluding->excluded_3d, error);
}

static bool prepare_excluding(struct ProgressWorker *worker, struct Excluding *excluding,
                              struct Error *error)
{
  *excluding = (struct Excluding){.worker = worker};
  excluding->by_frequency = memory_new(count_lanes(worker->basis), sizeof *excluding->by_frequency,
                                       "losses by frequency", error);
  if (excluding->by_frequency)
    excluding->removed = directed_logits_project(&worker->directed, worker->keys, error);
  if (excluding->removed)
    excluding->removed_3d = logit_fit_removed(&worker->directed, worker->keys, error);
  return excluding->removed_3d;
}

static bool measure_excluded(struct ProgressWorker *worker, struct ProgressMeasures *measures,
                             struct FrequencyMeasures *by_frequency, struct Error *error)
{
  struct Excluding excluding;
  bool done = prepare_excluding(worker, &excluding, error) &&
              each_rows(worker, add_excluded, &excluding, error);
  measures->excluded = losses_mean_of(&excluding.excluded);
  measures->excluded_3d = losses_mean_of(&excluding.excluded_3d);
  for (int k = 1; done && k <= worker->basis->n_frequencies; k++) {
    size_t lane = (size_t)(k - 1) % HALF;
    const struct LaneSum *sum = &excluding.by_frequency[(k - 1) / HALF].train;
    by_frequency[k] =
        (struct FrequencyMeasures){.coefficient = logit_fit_coefficient(&worker->directed, k),
                                   .excluded = without_each_mean(sum, lane),
                                   .excluded_3d = without_each_mean(sum, HALF + lane)};
  }
  free(excluding.removed);
  free(excluding.removed_3d);
  free(excluding.by_frequency);
  return done;
}

/* ---- weights ---- */

static bool measure_sparsity(const struct ProgressWorker *worker, struct ProgressMeasures *measures,
                             struct Error *error)
{
  const struct FourierBasis *basis = worker->basis;
  const struct Parameters *parameters = &worker->snapshot.parameters;
  size_t p = (size_t)basis->p, m = (size_t)parameters->shape.d_mlp;
  double *norms = memory_new(p, sizeof *norms, "norms of components", error);
  double *components = norms ? memory_new(p * m, sizeof *components, "W_L", error) : NULL;
  bool done = components && spectrum_of_embedding(basis, parameters, norms, error);
  if (done) measures->gini_W_E = spectrum_gini(norms, p);
  done = done && neuron_logit_map_components(basis, parameters, worker->layer, components, error);
  if (done) {
    fourier_norms(components, p, m, norms);
    measures->gini_W_L = spectrum_gini(norms, p);
    if (part_missing(&parameters->shape, worker->layer, PART_MAP)) measures->gini_W_L = NAN;
  }
  free(components);
  free(norms);
  return done;
}

static double largest_excluded_loss(const struct FrequencyMeasures *by_frequency, int n)
{
  double largest = 0; /* as no loss is less */
  for (int k = 1; k <= n; k++)
    largest = fmax(largest, by_frequency[k].excluded.loss);
  return largest;
}

bool progress_measures_take(struct ProgressWorker *worker, size_t index,
                            struct ProgressMeasures *measures,
                            struct FrequencyMeasures *by_frequency, struct Error *error)
{
  const struct Parameters *parameters = &worker->snapshot.parameters;
  *measures = (struct ProgressMeasures){0};
  if (!snapshot_read(&worker->snapshot, worker->trajectory, index, error)) return false;
  for (int which = 0; which < N_PARAMETERS; which++)
    measures->squared[which] = weights_squared(parameters, (enum Parameter)which);
  measures->squared_weights = weights_squared_sum(parameters);
  if (!measure_whole(worker, measures, error) ||
      !measure_excluded(worker, measures, by_frequency, error) ||
      !measure_sparsity(worker, measures, error))
    return false;
  measures->excluded_any_loss = largest_excluded_loss(by_frequency, worker->basis->n_frequencies);
  return true;
}

/* ---- all snapshots ---- */

struct Measuring {
  struct ProgressWorker *workers; /* one for each thread */
  struct MeasuredRun *run;
};

static bool measure_one(const void *context, size_t snapshot, struct Error *error)
{
  const struct Measuring *measuring = context;
  struct ProgressWorker *worker = &measuring->workers[omp_get_thread_num()];
  struct MeasuredRun *run = measuring->run;
  return progress_measures_take(worker, snapshot, &run->measures[snapshot],
                                &run->by_frequency[snapshot * run->n_frequencies], error);
}

static bool measure_all(struct ProgressWorker *workers, int threads, struct MeasuredRun *run,
                        struct Error *error)
{
  size_t n = run->analysis->trajectory.n_snapshots;
  struct Measuring measuring = {workers, run};
  struct Progress progress;
  progress_init(&progress, "snapshots", 0, (int64_t)n, true);
  bool done = parallel_each_shown(n, threads, &progress, measure_one, &measuring, error);
  progress_clear(&progress);
  return done;
}

/* Memory of a worker in bytes, counting everything that grows with p^2. */
static size_t size_of_worker(const struct Trajectory *trajectory)
{
  const struct Shape shape = shape_of_config(&trajectory->config);
  size_t p = (size_t)shape.p;
  return activations_size(&shape, &trajectory->config.model,
                          snapshot_block_rows(&shape, SNAPSHOT_BLOCK_BYTES)) +
         p * p * 4 * sizeof(double); /* two directions, two projections */
}

/* As many as there are cores, but no more than there are snapshots, and no more than fit into three
   quarters of the free memory. */
static int count_threads(const struct Trajectory *trajectory)
{
  size_t threads = (size_t)omp_get_max_threads();
  size_t fitting = memory_available() / 4 * 3 / size_of_worker(trajectory);
  if (threads > trajectory->n_snapshots) threads = trajectory->n_snapshots;
  if (threads > fitting) threads = fitting;
  return threads > 0 ? (int)threads : 1;
}

static bool measure_on_threads(struct MeasuredRun *run, struct Error *error)
{
  const struct Analysis *analysis = run->analysis;
  int threads = count_threads(&analysis->trajectory), ready = 0;
  struct ProgressWorker *workers =
      memory_new((size_t)threads, sizeof *workers, "measuring threads", error);
  bool done = workers;
  for (; done && ready < threads; ready += done)
    done = progress_measures_init(&workers[ready], &analysis->trajectory, &analysis->basis,
                                  analysis->keys, analysis->layer, SNAPSHOT_BLOCK_BYTES, error);
  done = done && measure_all(workers, threads, run, error);
  while (ready > 0)
    progress_measures_release(&workers[--ready]);
  free(workers);
  return done;
}

static bool find_phases(struct MeasuredRun *run, struct Error *error)
{
  const struct Trajectory *trajectory = &run->analysis->trajectory;
  size_t n = trajectory->n_snapshots;
  const struct ProgressMeasures *measures = run->measures;
  struct PhaseEvidence *evidence = memory_new(n, sizeof *evidence, "evidence of phases", error);
  if (!evidence) return false;
  for (size_t i = 0; i < n; i++)
    evidence[i] = (struct PhaseEvidence){.epoch = trajectory->dated ? (double)trajectory->epochs[i]
                                                                    : (double)i,
                                         .test_loss = measures[i].losses.test.loss,
                                         .test_accuracy = measures[i].losses.test.accuracy,
                                         .squared_weights = measures[i].squared_weights};
  bool done = phases_find(evidence, n, &run->phases, error);
  free(evidence);
  return done;
}

void progress_measures_release_run(struct MeasuredRun *run)
{
  free(run->measures);
  free(run->by_frequency);
}

static bool allocate(struct MeasuredRun *run, struct Error *error)
{
  size_t n = run->analysis->trajectory.n_snapshots;
  run->measures = memory_new(n, sizeof *run->measures, "measures", error);
  if (run->measures)
    run->by_frequency = memory_new(n * run->n_frequencies, sizeof *run->by_frequency,
                                   "measures by frequency", error);
  return run->by_frequency;
}

bool progress_measures_run(struct MeasuredRun *run, const struct Analysis *analysis,
                           struct Error *error)
{
  *run = (struct MeasuredRun){.analysis = analysis,
                              .n_frequencies = (size_t)analysis->basis.n_frequencies + 1};
  if (allocate(run, error) && measure_on_threads(run, error) && find_phases(run, error))
    return true;
  progress_measures_release_run(run);
  return false;
}

struct MaybeInteger progress_measures_epoch(const struct MeasuredRun *run, size_t snapshot)
{
  const struct Trajectory *trajectory = &run->analysis->trajectory;
  if (!trajectory->dated) return (struct MaybeInteger){0};
  return (struct MaybeInteger){true, trajectory->epochs[snapshot]};
}

/* ---- tables ---- */

bool progress_measures_create_table(struct TableWriter *table, const struct RunTable *of,
                                    const struct Subject *subject, const char *path,
                                    struct Error *error)
{
  char *keys = analysis_describe_keys(subject->analysis, error);
  char *rest =
      keys ? memory_print(error, ", %s.\nKey frequencies, of the last snapshot:%s", of->rest, keys)
           : NULL;
  bool created = rest && subject_create_table_at(table, subject, path, of->title, rest, of->columns,
                                                 of->n_columns, error);
  free(rest);
  free(keys);
  return created;
}

struct ProgressRow {
  struct MaybeInteger epoch;
  struct ProgressMeasures measures;
  double loss_ratio, phase; /* NaN if the snapshots are not of a run with phases */
};

#define ROW(name, member, unit, meaning) COLUMN_AS(name, struct ProgressRow, member, unit, meaning)
#define SQUARED(name, which, meaning)                                                              \
  COLUMN_AS(name, struct ProgressRow, measures.squared[which], "1",                                \
            "sum of the squares of " meaning)

static const struct Column columns[] = {
    ROW("epoch", epoch, "epochs", "optimizer steps taken before the snapshot"),
    ROW("train_loss", measures.losses.train.loss, "nats",
        "mean cross-entropy over the training pairs, p number logits"),
    ROW("test_loss", measures.losses.test.loss, "nats",
        "mean cross-entropy over the other pairs, p number logits"),
    ROW("train_accuracy", measures.losses.train.accuracy, "1",
        "share of training pairs whose answer has the largest logit"),
    ROW("test_accuracy", measures.losses.test.accuracy, "1",
        "share of the other pairs whose answer has the largest logit"),
    ROW("excluded_loss", measures.excluded.loss, "nats",
        "train loss after the projections of the logits on cos and sin of w_k(a + b) (a - b for "
        "subtract) are removed for all key frequencies k (section 5.1)"),
    ROW("restricted_loss", measures.restricted.all.loss, "nats",
        "loss over all pairs of those projections alone, plus the mean logits (section 5.1)"),
    ROW("restricted_train_loss", measures.restricted.train.loss, "nats",
        "the restricted logits' loss over the training pairs"),
    ROW("restricted_test_loss", measures.restricted.test.loss, "nats",
        "the restricted logits' loss over the other pairs"),
    ROW("restricted_accuracy", measures.restricted.all.accuracy, "1",
        "the restricted logits' accuracy over all pairs"),
    ROW("gini_W_E", measures.gini_W_E, "1",
        "Gini coefficient of the norms of the p Fourier components of W_E over the number tokens "
        "(section 5.1)"),
    ROW("gini_W_L", measures.gini_W_L, "1",
        "Gini coefficient of the norms of the p Fourier components of W_L = W_U W_out over the "
        "number outputs (section 5.1)"),
    ROW("squared_weights", measures.squared_weights, "1",
        "sum of the squares of all parameters (section 5.1)"),
    ROW("loss_ratio", loss_ratio, "1", "test_loss / restricted_loss"),
    ROW("phase", phase, "0..3",
        "0 memorisation, to the steepest fall of squared_weights between the largest test loss and "
        "their slowest fall; 1 circuit formation, until the fall has steepened half way to its "
        "steepest; 2 cleanup, until it has slowed to 5 % of that; 3 afterwards (section 5.2, by "
        "rule)"),
    SQUARED("squared_W_E", W_E, "W_E"),
    SQUARED("squared_W_pos", W_POS, "W_pos"),
    SQUARED("squared_W_Q", W_Q, "W_Q, all heads"),
    SQUARED("squared_W_K", W_K, "W_K, all heads"),
    SQUARED("squared_W_V", W_V, "W_V, all heads"),
    SQUARED("squared_W_O", W_O, "W_O, all heads"),
    SQUARED("squared_W_in", W_IN, "W_in"),
    SQUARED("squared_b_in", B_IN, "b_in"),
    SQUARED("squared_W_out", W_OUT, "W_out"),
    SQUARED("squared_b_out", B_OUT, "b_out"),
    SQUARED("squared_W_U", W_U, "W_U, the output \"=\" included"),
    ROW("restricted_train_accuracy", measures.restricted.train.accuracy, "1",
        "the restricted logits' accuracy over the training pairs (figure 13)"),
    ROW("restricted_test_accuracy", measures.restricted.test.accuracy, "1",
        "the restricted logits' accuracy over the other pairs (figure 13)"),
    ROW("excluded_accuracy", measures.excluded.accuracy, "1",
        "train accuracy of the logits of excluded_loss"),
    ROW("excluded_3d_loss", measures.excluded_3d.loss, "nats",
        "train loss after the projections of the logits, as functions of a, b and c, on cos of "
        "w_k(a + b - c) (a - b - c for subtract) are removed for all key frequencies k (the "
        "authors' excluded loss in 3D)"),
    ROW("excluded_3d_accuracy", measures.excluded_3d.accuracy, "1",
        "train accuracy of the logits of excluded_3d_loss"),
    ROW("excluded_any_loss", measures.excluded_any_loss, "nats",
        "the largest excluded loss of a single frequency of all p/2, which needs no key "
        "frequencies (section 5.1, footnote 3)"),
};

static void put_rows(struct TableWriter *table, const struct MeasuredRun *run)
{
  const struct Trajectory *trajectory = &run->analysis->trajectory;
  for (size_t i = 0; i < trajectory->n_snapshots; i++) {
    const struct ProgressMeasures *measures = &run->measures[i];
    table_put_row(table,
                  &(struct ProgressRow){
                      .epoch = progress_measures_epoch(run, i),
                      .measures = *measures,
                      .loss_ratio = measures->losses.test.loss / measures->restricted.all.loss,
                      .phase = trajectory->dated ? (double)phases_of(&run->phases, i) : NAN});
  }
}

const struct RunTable progress_measures_table = {"Progress measures", "one row per snapshot",
                                                 columns, N_COLUMNS(columns), put_rows};
