/* ablate: the loss of a network whose logits are deprived of one frequency after the other. */
#include "base/command_line.h"
#include "base/memory.h"
#include "measures/analysis.h"
#include "measures/arguments.h"
#include "measures/losses.h"
#include "table/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *output_directory = ".", *epoch_text, *threads_text;

static const struct Tool tool = {
    .name = "ablate",
    .operands = "TRAJECTORY [section.key=value...]",
    .summary = "Removes each Fourier frequency from the logits of a snapshot in turn, and says what\n"
               "the loss becomes; beside it the loss with only the key frequencies and with none\n"
               "of them. The key frequencies are those of the last snapshot. Writes ablations.tsv.",
    .options =
        (const struct Option[]){
            {'o', "output", "DIR", "where the table goes (the current directory)",
             &output_directory},
            {0, "epoch", "N", "the snapshot taken at epoch N (the last one)", &epoch_text},
            {0, "threads", "N", "threads to use (all cores); changes no result", &threads_text},
            {0}},
    .min_operands = 1,
    .epilogue = "Overrides complete what a checkpoint does not say, such as\n"
                "data.seed=1 data.train_fraction=0.3 for one that was saved by PyTorch."};

static const struct Column columns[] = {
    {"frequency", "1", "k: its projections on cos and sin of w_k(a + b) (a - b for subtract) are "
                       "removed from the logits (section 4.4, figure 6)"},
    {"key", "0 or 1", "1 for the key frequencies: those that hold a cluster of neurons, FVE > 0.85, "
                      "in the last snapshot"},
    {"loss", "nats", "mean cross-entropy over all pairs without frequency k"},
    {"train_loss", "nats", "the same over the training pairs: the excluded loss of k (section 5.1)"},
    {"test_loss", "nats", "the same over the other pairs"},
    {"unablated_loss", "nats", "mean cross-entropy over all pairs of the logits as they are"},
    {"restricted_loss", "nats",
     "loss over all pairs of the key frequencies and the mean logits alone (section 5.1)"},
    {"excluded_loss", "nats",
     "loss over the training pairs without any key frequency (section 5.1)"},
};

enum { N_COLUMNS = sizeof columns / sizeof *columns };

struct Ablations {
  struct Losses unablated, restricted;
  double excluded_loss;
  struct Losses *without; /* [n_frequencies + 1]: without frequency k; 0 is not used */
};

static bool remove_one(const struct DirectedLogits *directed, int k, struct Losses *losses,
                       struct Error *error)
{
  size_t n = (size_t)directed->basis->n_frequencies + 1;
  bool *chosen = memory_new(n, sizeof *chosen, "chosen frequencies", error);
  if (!chosen) return false;
  chosen[k] = true;
  bool done = ablated_losses(directed, chosen, losses, error);
  free(chosen);
  return done;
}

static bool remove_each(const struct DirectedLogits *directed, struct Losses *without,
                        struct Error *error)
{
  bool failed = false;
#pragma omp parallel for schedule(dynamic)
  for (int k = 1; k <= directed->basis->n_frequencies; k++) {
    struct Error one_error;
    if (remove_one(directed, k, &without[k], &one_error)) continue;
#pragma omp critical(remove_each_error)
    {
      *error = one_error;
      failed = true;
    }
  }
  return !failed;
}

static bool compute(const struct Analysis *analysis, enum DirectionSign sign,
                    struct Ablations *ablations, struct Error *error)
{
  const struct Dataset *dataset = &analysis->trajectory.dataset;
  const float *logits = analysis->snapshot.activations.logits;
  int V = analysis->snapshot.parameters.shape.V;
  struct DirectedLogits directed;
  if (!directed_logits_init(&directed, &analysis->basis, dataset, sign, error)) return false;
  directed_logits_set(&directed, logits, V);
  losses_of_logits(dataset, logits, V, &ablations->unablated);
  bool done = restricted_losses(&directed, analysis->keys, &ablations->restricted, error) &&
              excluded_loss(&directed, analysis->keys, &ablations->excluded_loss, error) &&
              remove_each(&directed, ablations->without, error);
  directed_logits_release(&directed);
  return done;
}

static void write_row(struct TableWriter *table, const struct Ablations *ablations, int k, bool key)
{
  const struct Losses *without = &ablations->without[k];
  table_put_integer(table, k);
  table_put_integer(table, key);
  table_put(table, without->all.loss);
  table_put(table, without->train.loss);
  table_put(table, without->test.loss);
  table_put(table, ablations->unablated.all.loss);
  table_put(table, ablations->restricted.all.loss);
  table_put(table, ablations->excluded_loss);
}

static bool create_table(struct TableWriter *table, const struct Analysis *analysis, int64_t epoch,
                         struct Error *error)
{
  char *task = analysis_describe_task(analysis, error);
  char *title = task ? memory_print(error,
                                    "Losses of a network %s, at epoch %" PRId64
                                    ", with frequencies removed from its logits",
                                    task, epoch)
                     : NULL;
  char *path = title ? memory_print(error, "%s/ablations.tsv", output_directory) : NULL;
  bool created = path && output_make_directory(output_directory, error) &&
                 table_create(table, path, title, columns, N_COLUMNS, error);
  free(path);
  free(title);
  free(task);
  return created;
}

static bool compute_and_write(const struct Analysis *analysis, enum DirectionSign sign,
                              int64_t epoch, struct Ablations *ablations, struct Error *error)
{
  struct TableWriter table;
  if (!compute(analysis, sign, ablations, error) ||
      !create_table(&table, analysis, epoch, error))
    return false;
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    write_row(&table, ablations, k, analysis->keys[k]);
  return table_commit(&table, error);
}

static bool run(struct Analysis *analysis, int64_t epoch, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  size_t snapshot, last = trajectory->n_snapshots - 1;
  enum DirectionSign sign;
  if (!directions_of_operation(trajectory->config.data.operation, &sign, error) ||
      !trajectory_find(trajectory, epoch, &snapshot, error) ||
      !analysis_fit_final(analysis, error) ||
      (snapshot != last && !analysis_load(analysis, snapshot, error)))
    return false;
  if (analysis->n_keys == 0)
    fprintf(stderr,
            "%s: no frequency of the last snapshot (epoch %" PRId64
            ") holds a cluster of neurons, so there are no key frequencies: nothing is excluded, "
            "and the mean logits alone are kept\n",
            tool.name, trajectory->epochs[last]);
  struct Ablations ablations = {0};
  ablations.without = memory_new((size_t)analysis->basis.n_frequencies + 1,
                                 sizeof *ablations.without, "losses by frequency", error);
  bool done = ablations.without && compute_and_write(analysis, sign, trajectory->epochs[snapshot],
                                                     &ablations, error);
  free(ablations.without);
  return done;
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  int64_t epoch;
  if (!argument_epoch(epoch_text, &epoch, &error) || !argument_threads(threads_text, &error)) {
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  struct Analysis analysis;
  if (!analysis_open(&analysis, argv[first], argv + first + 1, argc - first - 1, &error))
    return command_line_fail(&tool, &error);
  bool done = run(&analysis, epoch, &error);
  analysis_close(&analysis);
  return done ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
