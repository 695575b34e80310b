/* progress-measures: the paper's progress measures, snapshot by snapshot of a trajectory. */
#include "base/command_line.h"
#include "base/memory.h"
#include "measures/analysis.h"
#include "measures/arguments.h"
#include "measures/phases.h"
#include "measures/progress.h"
#include "table/table.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *output_path = "-", *threads_text;

static const struct Tool tool = {
    .name = "progress-measures",
    .operands = "TRAJECTORY [section.key=value...]",
    .summary = "Measures every snapshot of a trajectory: loss and accuracy, excluded and restricted\n"
               "loss, Gini coefficients, squared weights and the phase of training. The key\n"
               "frequencies are those of the last snapshot.",
    .options =
        (const struct Option[]){
            {'o', "output", "FILE.tsv", "the table (standard output)", &output_path},
            {0, "threads", "N", "threads to use (all cores); changes no result", &threads_text},
            {0}},
    .min_operands = 1,
    .epilogue = "Overrides complete what a checkpoint does not say, such as\n"
                "data.seed=1 data.train_fraction=0.3 for one that was saved by PyTorch."};

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
     "accuracy of one half; 2 cleanup, until squared_weights stays within 5 % of its final value; 3 "
     "afterwards (section 5.2, by rule)"},
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
};

enum { N_COLUMNS = sizeof columns / sizeof *columns };

/* ---- measuring all snapshots ---- */

struct Campaign {
  const struct Analysis *analysis;
  struct ProgressMeasures *measures; /* [n_snapshots] */
  size_t n_done;
  double start, last_shown; /* seconds */
  size_t failed_at;         /* the earliest snapshot with an error; SIZE_MAX while there is none */
  struct Error error;
};

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* One line that is written over; for a person at a terminal, not for a log. */
static void show_progress(struct Campaign *campaign)
{
  static const double interval = 0.1;
  size_t n = campaign->analysis->trajectory.n_snapshots;
  double time = now();
  bool last = campaign->n_done == n;
  if (!isatty(STDERR_FILENO) || (!last && time - campaign->last_shown < interval)) return;
  double rate = (double)campaign->n_done / (time - campaign->start);
  fprintf(stderr, "\r%s: %zu of %zu snapshots, %.1f/s, %.0f s left \033[K%s", tool.name,
          campaign->n_done, n, rate, (double)(n - campaign->n_done) / rate, last ? "\n" : "");
  campaign->last_shown = time;
}

static void count_done(struct Campaign *campaign)
{
#pragma omp critical(campaign)
  {
    campaign->n_done++;
    show_progress(campaign);
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

/* Is the work on a snapshot in vain? Earlier ones go on, so that the error which is reported does
   not depend on which thread was first. */
static bool failed_before(struct Campaign *campaign, size_t snapshot)
{
  bool failed;
#pragma omp critical(campaign)
  failed = campaign->failed_at < snapshot;
  return failed;
}

static void measure_one(struct Campaign *campaign, struct ProgressWorker *worker, size_t snapshot)
{
  struct Error error;
  if (failed_before(campaign, snapshot)) return;
  if (progress_measure(worker, snapshot, &campaign->measures[snapshot], &error))
    count_done(campaign);
  else
    note_failure(campaign, snapshot, &error);
}

static bool measure_all(struct Campaign *campaign, struct Error *error)
{
  const struct Analysis *analysis = campaign->analysis;
  size_t n = analysis->trajectory.n_snapshots;
  campaign->start = now();
#pragma omp parallel
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
  if (campaign->failed_at == SIZE_MAX) return true;
  *error = campaign->error;
  return false;
}

/* ---- the table ---- */

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

static void write_row(struct TableWriter *table, int64_t epoch,
                      const struct ProgressMeasures *measures, enum Phase phase)
{
  const struct Losses *losses = &measures->losses, *restricted = &measures->restricted;
  table_put_integer(table, epoch);
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
  table_put_integer(table, phase);
  for (int which = 0; which < N_PARAMETERS; which++)
    table_put(table, measures->squared[which]);
}

static bool create_table(struct TableWriter *table, const struct Analysis *analysis,
                         struct Error *error)
{
  char *task = analysis_describe_task(analysis, error);
  char *keys = task ? analysis_describe_keys(analysis, error) : NULL;
  char *title = keys ? memory_print(error,
                                    "Progress measures of a network %s, one row per snapshot.\n"
                                    "Key frequencies, of the last snapshot:%s",
                                    task, keys)
                     : NULL;
  bool created = title && table_create(table, output_path, title, columns, N_COLUMNS, error);
  free(title);
  free(keys);
  free(task);
  return created;
}

static bool measure_and_write(const struct Analysis *analysis, struct ProgressMeasures *measures,
                              enum Phase *phases, struct Error *error)
{
  struct Campaign campaign = {
      .analysis = analysis, .measures = measures, .failed_at = SIZE_MAX};
  struct TableWriter table;
  size_t n = analysis->trajectory.n_snapshots;
  /* before the work, so that a place that cannot be written to is found at once */
  if (!create_table(&table, analysis, error)) return false;
  if (!measure_all(&campaign, error) || !find_phases(measures, n, phases, error)) {
    table_discard(&table);
    return false;
  }
  for (size_t i = 0; i < n; i++)
    write_row(&table, analysis->trajectory.epochs[i], &measures[i], phases[i]);
  return table_commit(&table, error);
}

static bool run(struct Analysis *analysis, struct Error *error)
{
  size_t n = analysis->trajectory.n_snapshots;
  enum DirectionSign sign;
  if (!directions_of_operation(analysis->trajectory.config.data.operation, &sign, error) ||
      !analysis_fit_final(analysis, error))
    return false;
  if (analysis->n_keys == 0)
    fprintf(stderr,
            "%s: no frequency of the last snapshot (epoch %" PRId64
            ") holds a cluster of neurons, so there are no key frequencies: nothing is excluded, "
            "and the mean logits alone are kept\n",
            tool.name, analysis->trajectory.epochs[n - 1]);
  struct ProgressMeasures *measures = memory_new(n, sizeof *measures, "measures", error);
  enum Phase *phases = measures ? memory_new(n, sizeof *phases, "phases", error) : NULL;
  bool done = phases && measure_and_write(analysis, measures, phases, error);
  free(phases);
  free(measures);
  return done;
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  if (!argument_threads(threads_text, &error)) {
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  struct Analysis analysis;
  if (!analysis_open(&analysis, argv[first], argv + first + 1, argc - first - 1, &error))
    return command_line_fail(&tool, &error);
  bool done = run(&analysis, &error);
  analysis_close(&analysis);
  return done ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
