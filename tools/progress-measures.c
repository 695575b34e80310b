/* progress-measures: the paper's progress measures at every snapshot of a trajectory. */
#include "base/memory.h"
#include "base/progress.h"
#include "measures/phases.h"
#include "measures/progress.h"
#include "measures/quantities.h"
#include "measures/turning_points.h"
#include "results/command.h"
#include "table/table.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char name[] = "progress-measures";

static const char summary[] =
    "Measures every snapshot of a trajectory: loss and accuracy, excluded and restricted\n"
    "loss, Gini coefficients, squared weights and the phase of training. The key\n"
    "frequencies are those of the last snapshot. --tables adds three more tables:\n"
    "  cosine-coefficients.tsv    of cos(w_k(a + b - c)) in the logits, by frequency\n"
    "  excluded-by-frequency.tsv  the excluded loss of each frequency alone\n"
    "  progress-quantities.tsv    scalars: epochs of the turning points";

static const struct Column columns[] = {
    {"epoch", "epochs", "optimizer steps taken before the snapshot"},
    {"train_loss", "nats", "mean cross-entropy over the training pairs, p number logits"},
    {"test_loss", "nats", "mean cross-entropy over the other pairs, p number logits"},
    {"train_accuracy", "1", "share of training pairs whose answer has the largest logit"},
    {"test_accuracy", "1", "share of the other pairs whose answer has the largest logit"},
    {"excluded_loss", "nats",
     "train loss after the projections of the logits on cos and sin of w_k(a + b) (a - b for "
     "subtract) are removed for all key frequencies k (section 5.1)"},
    {"restricted_loss", "nats",
     "loss over all pairs of those projections alone, plus the mean logits (section 5.1)"},
    {"restricted_train_loss", "nats", "the restricted logits' loss over the training pairs"},
    {"restricted_test_loss", "nats", "the restricted logits' loss over the other pairs"},
    {"restricted_accuracy", "1", "the restricted logits' accuracy over all pairs"},
    {"gini_W_E", "1",
     "Gini coefficient of the norms of the p Fourier components of W_E over the number tokens "
     "(section 5.1)"},
    {"gini_W_L", "1",
     "Gini coefficient of the norms of the p Fourier components of W_L = W_U W_out over the number "
     "outputs (section 5.1)"},
    {"squared_weights", "1", "sum of the squares of all parameters (section 5.1)"},
    {"loss_ratio", "1", "test_loss / restricted_loss"},
    {"phase", "0..3",
     "0 memorisation, to the largest test loss; 1 circuit formation, to the first later test "
     "accuracy of one half; 2 cleanup, until squared_weights stays within 5 % of its final value; "
     "3 afterwards (section 5.2, by rule)"},
    {"squared_W_E", "1", "sum of the squares of W_E"},
    {"squared_W_pos", "1", "sum of the squares of W_pos"},
    {"squared_W_Q", "1", "sum of the squares of W_Q, all heads"},
    {"squared_W_K", "1", "sum of the squares of W_K, all heads"},
    {"squared_W_V", "1", "sum of the squares of W_V, all heads"},
    {"squared_W_O", "1", "sum of the squares of W_O, all heads"},
    {"squared_W_in", "1", "sum of the squares of W_in"},
    {"squared_b_in", "1", "sum of the squares of b_in"},
    {"squared_W_out", "1", "sum of the squares of W_out"},
    {"squared_b_out", "1", "sum of the squares of b_out"},
    {"squared_W_U", "1", "sum of the squares of W_U, the output \"=\" included"},
    {"restricted_train_accuracy", "1",
     "the restricted logits' accuracy over the training pairs (figure 13)"},
    {"restricted_test_accuracy", "1",
     "the restricted logits' accuracy over the other pairs (figure 13)"},
};

enum { N_COLUMNS = sizeof columns / sizeof *columns };

/* ---- measuring all snapshots ---- */

/* The measurements, by snapshot. */
struct Results {
  struct ProgressMeasures *measures; /* [n_snapshots] */
  enum Phase *phases;                /* [n_snapshots] */
  size_t n_frequencies;              /* including the constant */
  double *coefficients;              /* [n_snapshots][n_frequencies]; NULL without --tables */
  double *excluded_losses;           /* [n_snapshots][n_frequencies]; NULL without --tables */
};

static void results_release(struct Results *results)
{
  free(results->measures);
  free(results->phases);
  free(results->coefficients);
  free(results->excluded_losses);
}

static bool results_init(struct Results *results, const struct Analysis *analysis,
                         bool by_frequency, struct Error *error)
{
  size_t n = analysis->trajectory.n_snapshots;
  size_t n_frequencies = (size_t)analysis->basis.n_frequencies + 1;
  *results = (struct Results){.n_frequencies = n_frequencies};
  results->measures = memory_new(n, sizeof *results->measures, "measures", error);
  bool done = results->measures;
  done = done && (results->phases = memory_new(n, sizeof *results->phases, "phases", error));
  if (done && by_frequency) {
    const char *what = "measures by frequency";
    results->coefficients = memory_new(n * n_frequencies, sizeof(double), what, error);
    if (results->coefficients)
      results->excluded_losses = memory_new(n * n_frequencies, sizeof(double), what, error);
    done = results->excluded_losses;
  }
  if (!done) results_release(results);
  return done;
}

struct Campaign {
  const struct Analysis *analysis;
  struct Results *results;
  int64_t n_done;
  struct Progress progress;
  size_t failed_at; /* the earliest snapshot with an error; SIZE_MAX if none */
  struct Error error;
};

static void count_done(struct Campaign *campaign)
{
#pragma omp critical(campaign)
  {
    int64_t done = ++campaign->n_done;
    if (progress_due(&campaign->progress, done)) progress_show(&campaign->progress, done, "");
  }
}

static void note_failure(struct Campaign *campaign, size_t snapshot, const struct Error *error)
{
#pragma omp critical(campaign)
  if (snapshot < campaign->failed_at) {
    campaign->failed_at = snapshot;
    campaign->error = *error;
  }
}

/* Can a snapshot be skipped? Those before a failed one are still measured, so that the reported
   error does not depend on thread timing. */
static bool failed_before(struct Campaign *campaign, size_t snapshot)
{
  bool failed;
#pragma omp critical(campaign)
  failed = campaign->failed_at < snapshot;
  return failed;
}

static void measure_one(struct Campaign *campaign, struct ProgressWorker *worker, size_t snapshot)
{
  struct Results *results = campaign->results;
  size_t first = snapshot * results->n_frequencies;
  struct Error error;
  if (failed_before(campaign, snapshot)) return;
  if (progress_measure(worker, snapshot, &results->measures[snapshot], &error) &&
      (!results->coefficients ||
       progress_measure_frequencies(worker, results->coefficients + first,
                                    results->excluded_losses + first, &error)))
    count_done(campaign);
  else
    note_failure(campaign, snapshot, &error);
}

/* As many as there are cores, but no more than there are snapshots, and no more than fit into three
   quarters of the free memory. */
static int count_threads(const struct Trajectory *trajectory)
{
  size_t threads = (size_t)omp_get_max_threads();
  size_t fitting = memory_available() / 4 * 3 / progress_worker_size(trajectory);
  if (threads > trajectory->n_snapshots) threads = trajectory->n_snapshots;
  if (threads > fitting) threads = fitting;
  return threads > 0 ? (int)threads : 1;
}

static bool measure_all(struct Campaign *campaign, struct Error *error)
{
  const struct Analysis *analysis = campaign->analysis;
  size_t n = analysis->trajectory.n_snapshots;
  progress_init(&campaign->progress, "snapshots", 0, (int64_t)n, true);
#pragma omp parallel num_threads(count_threads(&analysis->trajectory))
  {
    struct ProgressWorker worker;
    struct Error worker_error;
    bool ready = progress_worker_init(&worker, &analysis->trajectory, &analysis->basis,
                                      analysis->keys, &worker_error);
    if (!ready) note_failure(campaign, 0, &worker_error);
#pragma omp for schedule(dynamic)
    for (size_t i = 0; i < n; i++)
      if (ready) measure_one(campaign, &worker, i);
    if (ready) progress_worker_release(&worker);
  }
  progress_clear(&campaign->progress);
  if (campaign->failed_at == SIZE_MAX) return true;
  *error = campaign->error;
  return false;
}

/* ---- the tables ---- */

static bool find_phases(const struct ProgressMeasures *measures, size_t n, enum Phase *phases,
                        struct Error *error)
{
  struct PhaseEvidence *evidence = memory_new(n, sizeof *evidence, "evidence of phases", error);
  if (!evidence) return false;
  for (size_t i = 0; i < n; i++)
    evidence[i] =
        (struct PhaseEvidence){measures[i].losses.test.loss, measures[i].losses.test.accuracy,
                               measures[i].squared_weights};
  phases_assign(evidence, n, phases);
  free(evidence);
  return true;
}

static void put_epoch(struct TableWriter *table, const struct Trajectory *trajectory, size_t i)
{
  if (trajectory->dated)
    table_put_integer(table, trajectory->epochs[i]);
  else
    table_put(table, NAN);
}

/* `phase` is NaN if the snapshots are not of a run with phases. */
static void write_row(struct TableWriter *table, const struct ProgressMeasures *measures,
                      double phase)
{
  const struct Losses *losses = &measures->losses, *restricted = &measures->restricted;
  table_put(table, losses->train.loss);
  table_put(table, losses->test.loss);
  table_put(table, losses->train.accuracy);
  table_put(table, losses->test.accuracy);
  table_put(table, measures->excluded_loss);
  table_put(table, restricted->all.loss);
  table_put(table, restricted->train.loss);
  table_put(table, restricted->test.loss);
  table_put(table, restricted->all.accuracy);
  table_put(table, measures->gini_W_E);
  table_put(table, measures->gini_W_L);
  table_put(table, measures->squared_weights);
  table_put(table, losses->test.loss / restricted->all.loss);
  table_put(table, phase);
  for (int which = 0; which < N_PARAMETERS; which++)
    table_put(table, measures->squared[which]);
  table_put(table, restricted->train.accuracy);
  table_put(table, restricted->test.accuracy);
}

/* Opens a table about the analysed network; the title is `title`, the network, then `rest`. */
static bool create_table(struct TableWriter *table, const struct Analysis *analysis,
                         const char *path, const char *title, const char *rest,
                         const struct Column *of_columns, size_t n_columns, struct Error *error)
{
  char *run_lines = analysis_describe_run(analysis, error);
  char *task = run_lines ? analysis_describe_task(analysis, error) : NULL;
  char *keys = task ? analysis_describe_keys(analysis, error) : NULL;
  char *text = keys ? memory_print(error,
                                   "%s of a network %s, %s.\n"
                                   "Key frequencies, of the last snapshot:%s\n%s",
                                   title, task, rest, keys, run_lines)
                    : NULL;
  bool created = text && table_create(table, path, text, of_columns, n_columns, error);
  free(text);
  free(keys);
  free(task);
  free(run_lines);
  return created;
}

static bool create_further_table(struct TableWriter *table, const struct Analysis *analysis,
                                 const char *directory, const char *file, const char *title,
                                 const char *rest, const struct Column *of_columns,
                                 size_t n_columns, struct Error *error)
{
  char *path = memory_print(error, "%s/%s", directory, file);
  bool created =
      path && create_table(table, analysis, path, title, rest, of_columns, n_columns, error);
  free(path);
  return created;
}

static bool create_coefficients(struct TableWriter *table, const struct Analysis *analysis,
                                const char *directory, struct Error *error)
{
  static const struct Column of_columns[] = {
      {"epoch", "epochs", "optimizer steps taken before the snapshot"},
      {"frequency", "1", "k"},
      {"key", "0 or 1", "1 for the key frequencies"},
      {"coefficient", "1",
       "of cos(w_k(a + b - c)) in the logits (a - b - c for subtract), by least squares over all "
       "pairs and outputs c (figure 14, where it is that of the normalised wave: p sqrt(p/2) times "
       "as large)"}};
  return create_further_table(table, analysis, directory, "cosine-coefficients.tsv",
                              "Cosines in the logits", "one row per snapshot and frequency",
                              of_columns, sizeof of_columns / sizeof *of_columns, error);
}

static bool create_excluded_losses(struct TableWriter *table, const struct Analysis *analysis,
                                   const char *directory, struct Error *error)
{
  static const struct Column of_columns[] = {
      {"epoch", "epochs", "optimizer steps taken before the snapshot"},
      {"frequency", "1",
       "k: its projections on cos and sin of w_k(a + b) (a - b for subtract) are "
       "removed from the logits"},
      {"key", "0 or 1", "1 for the key frequencies"},
      {"excluded_loss", "nats",
       "mean cross-entropy over the training pairs without frequency k (section 5.1, figure 15)"}};
  return create_further_table(table, analysis, directory, "excluded-by-frequency.tsv",
                              "Excluded loss by frequency", "one row per snapshot and frequency",
                              of_columns, sizeof of_columns / sizeof *of_columns, error);
}

static bool create_quantities(struct TableWriter *table, const struct Analysis *analysis,
                              const char *directory, struct Error *error)
{
  return create_further_table(table, analysis, directory, "progress-quantities.tsv",
                              "Turning points", "as single numbers; nan for what never happens",
                              quantity_columns, N_QUANTITY_COLUMNS, error);
}

struct Outputs {
  bool further; /* the last three tables are written too */
  struct TableWriter measures, coefficients, excluded_losses, quantities;
};

/* Does nothing if the table is not open. */
static void outputs_discard(struct Outputs *outputs)
{
  table_discard(&outputs->measures);
  table_discard(&outputs->coefficients);
  table_discard(&outputs->excluded_losses);
  table_discard(&outputs->quantities);
}

static bool outputs_create(struct Outputs *outputs, const struct Analysis *analysis,
                           const struct Request *request, struct Error *error)
{
  const char *directory = request->tables;
  *outputs = (struct Outputs){.further = directory};
  if (create_table(&outputs->measures, analysis, request->output, "Progress measures",
                   "one row per snapshot", columns, N_COLUMNS, error) &&
      (!directory ||
       (output_make_directory(directory, error) &&
        create_coefficients(&outputs->coefficients, analysis, directory, error) &&
        create_excluded_losses(&outputs->excluded_losses, analysis, directory, error) &&
        create_quantities(&outputs->quantities, analysis, directory, error))))
    return true;
  outputs_discard(outputs);
  return false;
}

static void write_rows(struct Outputs *outputs, const struct Analysis *analysis,
                       const struct Results *results)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  for (size_t i = 0; i < trajectory->n_snapshots; i++) {
    put_epoch(&outputs->measures, trajectory, i);
    write_row(&outputs->measures, &results->measures[i],
              trajectory->dated ? (double)results->phases[i] : NAN);
    for (int k = 1; outputs->further && k <= analysis->basis.n_frequencies; k++) {
      size_t entry = i * results->n_frequencies + (size_t)k;
      put_epoch(&outputs->coefficients, trajectory, i);
      table_put_integer(&outputs->coefficients, k);
      table_put_integer(&outputs->coefficients, analysis->keys[k]);
      table_put(&outputs->coefficients, results->coefficients[entry]);
      put_epoch(&outputs->excluded_losses, trajectory, i);
      table_put_integer(&outputs->excluded_losses, k);
      table_put_integer(&outputs->excluded_losses, analysis->keys[k]);
      table_put(&outputs->excluded_losses, results->excluded_losses[entry]);
    }
  }
}

static void write_circuit(struct TableWriter *table, const struct TurningPoints *points)
{
  quantity_put(table, "excluded_least", points->excluded_least, "epochs",
               "snapshot of the least excluded loss");
  quantity_put(table, "excluded_least_loss", points->excluded_least_loss, "nats", "that loss");
  quantity_put(table, "excluded_onset_lead", points->test_peak - points->excluded_least, "epochs",
               "test_peak - excluded_least: how much earlier the excluded loss turns to rise than "
               "the test loss to fall");
  quantity_put(table, "excluded_risen", points->excluded_risen, "epochs",
               "first snapshot after that whose excluded loss is at least (ln p) / 2");
  quantity_put(table, "restricted_halved", points->restricted_halved, "epochs",
               "first snapshot whose restricted loss is at most (ln p) / 2");
  quantity_put(table, "excluded_lead", points->test_halved - points->excluded_risen, "epochs",
               "test_halved - excluded_risen");
  quantity_put(table, "restricted_lead", points->test_halved - points->restricted_halved, "epochs",
               "test_halved - restricted_halved");
}

static void write_gini(struct TableWriter *table, const struct TurningPoints *points)
{
  quantity_put(table, "gini_W_E_quarter", points->gini_W_E_quarter, "epochs",
               "first snapshot at which gini_W_E has made a quarter of its change");
  quantity_put(table, "gini_W_L_quarter", points->gini_W_L_quarter, "epochs",
               "the same of gini_W_L");
  quantity_put(table, "gini_W_E_quarter_lead", points->test_halved - points->gini_W_E_quarter,
               "epochs", "test_halved - gini_W_E_quarter");
  quantity_put(table, "gini_W_L_quarter_lead", points->test_halved - points->gini_W_L_quarter,
               "epochs", "test_halved - gini_W_L_quarter");
  quantity_put(table, "gini_W_E_half", points->gini_W_E_half, "epochs",
               "first snapshot at which gini_W_E has made half of its change");
  quantity_put(table, "gini_W_L_half", points->gini_W_L_half, "epochs", "the same of gini_W_L");
  quantity_put(table, "gini_W_L_lead", points->generalised - points->gini_W_L_half, "epochs",
               "generalised - gini_W_L_half");
}

static void write_turning_points(struct TableWriter *table, const struct TurningPoints *points,
                                 double last_sum)
{
  quantity_put(table, "train_fitted", points->train_fitted, "epochs",
               "first snapshot with a train accuracy of 1");
  quantity_put(table, "test_peak", points->test_peak, "epochs",
               "snapshot of the largest test loss");
  quantity_put(table, "test_peak_loss", points->test_peak_loss, "nats", "that loss");
  quantity_put(table, "test_halved", points->test_halved, "epochs",
               "first snapshot behind the peak whose test loss is at most (ln p) / 2");
  quantity_put(table, "generalised_accuracy", generalised_accuracy, "1",
               "test accuracy of a network that has generalised");
  quantity_put(table, "generalised", points->generalised, "epochs",
               "first snapshot with a test accuracy of at least generalised_accuracy");
  quantity_put(table, "generalisation_delay", points->generalised - points->train_fitted, "epochs",
               "generalised - train_fitted");
  write_circuit(table, points);
  write_gini(table, points);
  quantity_put(table, "weights_peak", points->weights_peak, "epochs",
               "snapshot of the largest sum of squared weights");
  quantity_put(table, "weights_peak_sum", points->weights_peak_sum, "1", "that sum");
  quantity_put(table, "weights_kept", last_sum / points->weights_peak_sum, "1",
               "the last sum over the largest");
}

/* The epoch at which a phase ends; NaN if it does not. */
static double phase_end_epoch(const struct Trajectory *trajectory, const enum Phase *phases,
                              enum Phase phase)
{
  size_t end = phase_end(phases, trajectory->n_snapshots, phase);
  return end < trajectory->n_snapshots ? (double)trajectory->epochs[end] : NAN;
}

static void write_phases(struct TableWriter *table, const struct Trajectory *trajectory,
                         const enum Phase *phases)
{
  quantity_put(table, "memorisation_end", phase_end_epoch(trajectory, phases, PHASE_MEMORISATION),
               "epochs", "snapshot of the largest test loss, where the phase ends (section 5.2)");
  quantity_put(table, "formation_accuracy", phase_formation_accuracy, "1",
               "test accuracy at which circuit formation ends");
  quantity_put(table, "circuit_formation_end",
               phase_end_epoch(trajectory, phases, PHASE_CIRCUIT_FORMATION), "epochs",
               "first later snapshot with a test accuracy of at least formation_accuracy");
  quantity_put(
      table, "phase_tolerance", phase_tolerance, "1",
      "share of the last sum of squared weights by which it differs at most after cleanup");
  quantity_put(table, "cleanup_end", phase_end_epoch(trajectory, phases, PHASE_CLEANUP), "epochs",
               "first later snapshot from which on the sum of squared weights stays that close to "
               "its last value");
}

static void write_quantities(struct TableWriter *table, const struct Analysis *analysis,
                             const struct Results *results)
{
  const struct ProgressMeasures *measures = results->measures;
  const struct Trajectory *trajectory = &analysis->trajectory;
  size_t n = trajectory->n_snapshots;
  struct TurningPoints points;
  turning_points_find(measures, trajectory->dated ? trajectory->epochs : NULL, n,
                      trajectory->config.data.modulus, &points);
  write_turning_points(table, &points, measures[n - 1].squared_weights);
  write_phases(table, trajectory, results->phases);
}

/* The progress measures are committed last: if they are new, all tables are. */
static bool outputs_commit(struct Outputs *outputs, struct Error *error)
{
  bool done = !outputs->further || (table_commit(&outputs->coefficients, error) &&
                                    table_commit(&outputs->excluded_losses, error) &&
                                    table_commit(&outputs->quantities, error));
  if (done) return table_commit(&outputs->measures, error);
  outputs_discard(outputs);
  return false;
}

static bool measure_and_write(const struct Analysis *analysis, const struct Request *request,
                              struct Results *results, struct Error *error)
{
  struct Campaign campaign = {.analysis = analysis, .results = results, .failed_at = SIZE_MAX};
  struct Outputs outputs;
  /* before the work, so that an unwritable path fails at once */
  if (!outputs_create(&outputs, analysis, request, error)) return false;
  if (!measure_all(&campaign, error) ||
      !find_phases(results->measures, analysis->trajectory.n_snapshots, results->phases, error)) {
    outputs_discard(&outputs);
    return false;
  }
  write_rows(&outputs, analysis, results);
  if (outputs.further) write_quantities(&outputs.quantities, analysis, results);
  return outputs_commit(&outputs, error);
}

static bool run(struct Analysis *analysis, const struct Request *request, struct Error *error)
{
  enum DirectionSign sign;
  if (!directions_of_operation(analysis->trajectory.config.data.operation, &sign, error) ||
      !analysis_fit_final(analysis, error))
    return false;
  warn_without_keys(name, analysis);
  analysis_drop_activations(analysis); /* each thread has its own */
  struct Results results;
  if (!results_init(&results, analysis, request->tables, error)) return false;
  bool done = measure_and_write(analysis, request, &results, error);
  results_release(&results);
  return done;
}

int main(int argc, char **argv)
{
  struct Request request = {.output = "-"};
  const struct Option options[] = {
      {'o', "output", "FILE.tsv", "output table (default: standard output)", &request.output},
      {0, "tables", "DIR", "directory of the other tables, created if missing (default: none)",
       &request.tables},
      {0, "threads", "N", "threads (default: all cores); results do not depend on it",
       &request.threads},
      {0}};
  const struct Tool tool = {.name = name,
                            .operands = ANALYSIS_OPERANDS,
                            .summary = summary,
                            .options = options,
                            .min_operands = 1,
                            .epilogue = ANALYSIS_EPILOGUE};
  return analysis_main(&tool, &request, run, argc, argv);
}
