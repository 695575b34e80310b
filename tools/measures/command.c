#include "measures/command.h"

#include "base/progress.h"
#include "base/threads.h"
#include "measures/directed_logits.h"
#include "measures/plausibility.h"
#include "measures/stack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool check_epochs(const struct AnalysisRequest *request, struct Error *error)
{
  const struct EpochsWanted *epochs = &request->epochs;
  if (!epochs->list && (request->only || epochs->at_most || epochs->history))
    return error_set(error, "--only, --at-most and --history are for --epochs");
  if (!epochs->list) return true;
  if (request->epoch) return error_set(error, "either --epoch or --epochs");
  if (!request->only) return error_set(error, "--epochs needs --only, the tables to write");
  return epochs_check(epochs, error);
}

static bool check_request(const struct AnalysisRequest *request, struct Error *error)
{
  int64_t epoch;
  int layer;
  if (!analysis_parse_epoch(request->epoch, &epoch, error) ||
      !analysis_parse_layer(request->layer, &layer, error) ||
      !threads_set(request->threads, error) || !check_epochs(request, error))
    return false;
  return request->output || error_set(error, "missing -o DIR, the directory for the tables");
}

static void warn(const struct Tool *tool, const struct Plausibility *found)
{
  const struct Losses *losses = &found->losses;
  switch (plausibility_judge(found)) {
  case VERDICT_FITS:
    break;
  case VERDICT_TOO_FEW:
    command_line_warn(
        tool,
        "warning: some test pairs have losses as small as those of training pairs (rank "
        "sum z = %.1f, expected above %g): more pairs were trained on, and "
        "data.train_fraction is too small",
        found->test_order, plausibility_threshold);
    break;
  case VERDICT_TOO_MANY:
    command_line_warn(
        tool,
        "warning: some training pairs have losses as large as those of test pairs (rank "
        "sum z = %.1f, expected above %g): fewer pairs were trained on, and "
        "data.train_fraction is too large",
        found->train_order, plausibility_threshold);
    break;
  case VERDICT_OTHERS:
    command_line_warn(tool,
                      "warning: the losses of the training pairs are not below those of test pairs "
                      "(means %.3g and %.3g, rank sum z = %.1f, expected below %g): other pairs "
                      "were trained on; check data.seed and data.train_fraction, and "
                      "model.attention and model.activation",
                      losses->train.loss, losses->test.loss, found->split, plausibility_threshold);
    break;
  case VERDICT_UNFITTED:
    command_line_warn(
        tool,
        "warning: only %.3g %% of the training pairs and %.3g %% of all pairs are "
        "answered correctly (chance: %.3g %%): the network has not learned yet, or was "
        "trained with another data.operation, model.activation, model.attention or "
        "split, or a matrix is transposed or permuted, which its shape may not show "
        "(W_O: [heads, d_head, d_model])",
        100 * losses->train.accuracy, 100 * losses->all.accuracy, 100 * found->chance);
    break;
  }
}

bool command_examine(const struct Tool *tool, struct Analysis *analysis, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  struct Plausibility found;
  if (trajectory->imported)
    command_line_warn(tool, "%s: %s", trajectory->file.path, trajectory->imported);
  if (!trajectory->unsaid) return true;
  command_line_warn(tool, "%s: not in the file: %s", trajectory->file.path, trajectory->unsaid);
  if (!plausibility_measure_snapshot(trajectory, trajectory->n_snapshots - 1, &found, error))
    return false;
  warn(tool, &found);
  return true;
}

/* Warns if training has not taken all its snapshots yet. */
static void warn_of_unfinished(const struct Tool *tool, const struct Trajectory *trajectory)
{
  if (trajectory->n_snapshots == trajectory->n_planned) return;
  command_line_warn(tool,
                    "%s: the training has not finished: %zu of %zu snapshots, the last at epoch "
                    "%" PRId64,
                    trajectory->file.path, trajectory->n_snapshots, trajectory->n_planned,
                    trajectory->epochs[trajectory->n_snapshots - 1]);
}

int command_main(const struct Tool *tool, struct AnalysisRequest *request, AnalysisWork *work,
                 const void *context, int argc, char **argv)
{
  int first;
  int status = command_line_parse(tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  if (!check_request(request, &error)) {
    command_line_fail(tool, &error);
    return EXIT_WRONG_USAGE;
  }
  struct Analysis analysis;
  int layer;
  if (!analysis_parse_layer(request->layer, &layer, &error) ||
      !analysis_open(&analysis, argv[first], argv + first + 1, argc - first - 1, layer, &error))
    return command_line_fail(tool, &error);
  warn_of_unfinished(tool, &analysis.trajectory);
  bool done = command_examine(tool, &analysis, &error) && work(&analysis, request, context, &error);
  analysis_close(&analysis);
  return done ? EXIT_SUCCESS : command_line_fail(tool, &error);
}

static bool write_tables(struct Subject *subject, const struct SnapshotTool *tool,
                         struct Error *error)
{
  for (size_t i = 0; tool->tables[i].name; i++)
    if (!tool->writers[i](subject, tool->tables[i].name, error)) return false;
  return true;
}

/* Adds the tables of each of these snapshots to the stacks. */
static bool stack_snapshots(struct Analysis *analysis, const size_t *snapshots, size_t n,
                            struct Stacks *stacks, struct Error *error)
{
  char when[64];
  snprintf(when, sizeof when, ", at each of %zu epochs", n);
  struct Progress progress;
  progress_init(&progress, "snapshots", 0, (int64_t)n, true);
  bool added = true;
  for (size_t i = 0; added && i < n; i++) {
    struct Subject subject;
    bool last = snapshots[i] + 1 == analysis->trajectory.n_snapshots;
    added = (!last || analysis_load(analysis, snapshots[i], error)) &&
            subject_init_snapshot(&subject, analysis, snapshots[i], when, stacks->folder, error);
    if (!added) break;
    added = stacks_add(stacks, &subject, error);
    subject_release(&subject);
    progress_show(&progress, (int64_t)i + 1, "");
  }
  progress_clear(&progress);
  return added;
}

static bool analyse_several(struct Analysis *analysis, const struct AnalysisRequest *request,
                            const struct SnapshotTool *tool, struct Error *error)
{
  size_t n, *snapshots = NULL;
  struct Stacks stacks;
  bool done = stacks_parse(&stacks, request->only, tool->tables, tool->writers, error) &&
              (snapshots = epochs_choose(&request->epochs, &analysis->trajectory, &n, error)) &&
              analysis_fit_final(analysis, error) && stacks_open(&stacks, request->output, error);
  if (done) {
    command_warn_of_parts(tool->name, analysis, tool->parts);
    tool->warn(analysis);
    done = stack_snapshots(analysis, snapshots, n, &stacks, error) && stacks_commit(&stacks, error);
  }
  stacks_release(&stacks);
  free(snapshots);
  return done;
}

static bool analyse_snapshot(struct Analysis *analysis, const struct AnalysisRequest *request,
                             const void *context, struct Error *error)
{
  const struct SnapshotTool *tool = context;
  enum Operation operation = analysis->trajectory.config.data.operation;
  enum DirectionSign sign;
  struct Subject subject;
  if (tool->in_blocks) analysis_in_blocks(analysis, SNAPSHOT_BLOCK_BYTES);
  if (tool->needs_directions && !directed_logits_sign(operation, &sign, error)) return false;
  if (request->epochs.list) return analyse_several(analysis, request, tool, error);
  if (!subject_init(&subject, analysis, request->epoch, request->output, error)) return false;
  command_warn_of_parts(tool->name, analysis, tool->parts);
  tool->warn(analysis);
  bool done = write_tables(&subject, tool, error);
  subject_release(&subject);
  return done;
}

int command_main_of_snapshot(const struct SnapshotTool *snapshot_tool, int argc, char **argv)
{
  struct AnalysisRequest request = {.output = NULL};
  const struct Option options[] = {
      {'o', "output", "DIR", "output directory, created if missing (required)", &request.output},
      {0, "epoch", "N", "use the snapshot taken at epoch N (default: the last one)",
       &request.epoch},
      {0, "epochs", "LIST", "several epochs, 0,100,2000 or all: their rows one below the other",
       &request.epochs.list},
      {0, "only", "TABLES", "the tables of --epochs: 'spectrum activations:a,b,neuron_0' (columns)",
       &request.only},
      {0, "at-most", "N", "keep at most N of the --epochs, spaced evenly in time",
       &request.epochs.at_most},
      {0, "history", "FILE.tsv", "space half of them so, half as the losses of this history change",
       &request.epochs.history},
      {0, "layer", "N", ANALYSIS_LAYER, &request.layer},
      {0, "threads", "N", "threads (default: all cores); results do not depend on it",
       &request.threads},
      {0}};
  const struct Tool tool = {.name = snapshot_tool->name,
                            .purpose = snapshot_tool->purpose,
                            .operands = "-o DIR " ANALYSIS_OPERANDS,
                            .summary = snapshot_tool->summary,
                            .options = options,
                            .min_operands = 1,
                            .epilogue = ANALYSIS_EPILOGUE,
                            .tables = snapshot_tool->tables};
  return command_main(&tool, &request, analyse_snapshot, snapshot_tool, argc, argv);
}

void command_warn_of_parts(const char *tool, const struct Analysis *analysis, unsigned parts)
{
  for (int part = 0; part < N_PARTS; part++) {
    const char *reason = analysis_missing(analysis, (enum Part)part);
    bool told = !reason || !(parts >> part & 1);
    for (int earlier = 0; !told && earlier < part; earlier++)
      told = parts >> earlier & 1 && analysis_missing(analysis, (enum Part)earlier) == reason;
    if (!told) fprintf(stderr, "%s: %s\n", tool, reason);
  }
}

void command_warn_without_keys(const char *tool, const struct Analysis *analysis)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  char epoch[EPOCH_TEXT_SIZE];
  if (analysis->n_keys > 0) return;
  trajectory_format_epoch(trajectory, trajectory->n_snapshots - 1, epoch);
  fprintf(stderr,
          "%s: no frequency of the last snapshot (%s) has a cluster of neurons, so there are no "
          "key frequencies: nothing is excluded, and only the mean logits are kept\n",
          tool, epoch);
}
