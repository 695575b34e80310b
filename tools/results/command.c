#include "results/command.h"

#include "measures/arguments.h"
#include "model/threads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool check_request(const struct Request *request, struct Error *error)
{
  int64_t epoch;
  if (!argument_epoch(request->epoch, &epoch, error) || !threads_set(request->threads, error))
    return false;
  return request->output || error_set(error, "missing -o DIR: where do the tables go?");
}

int analysis_main(const struct Tool *tool, struct Request *request, AnalysisWork *work, int argc,
                  char **argv)
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
  if (!analysis_open(&analysis, argv[first], argv + first + 1, argc - first - 1, &error))
    return command_line_fail(tool, &error);
  bool done = work(&analysis, request, &error);
  analysis_close(&analysis);
  return done ? EXIT_SUCCESS : command_line_fail(tool, &error);
}

int snapshot_main(const char *name, const char *summary, AnalysisWork *work, int argc, char **argv)
{
  struct Request request = {.output = NULL};
  const struct Option options[] = {
      {'o', "output", "DIR", "where the tables go, made if missing (required)", &request.output},
      {0, "epoch", "N", "the snapshot taken at epoch N (default: the last one)", &request.epoch},
      {0, "threads", "N", "threads to use (default: all cores); changes no result",
       &request.threads},
      {0}};
  const struct Tool tool = {.name = name,
                            .operands = "-o DIR " ANALYSIS_OPERANDS,
                            .summary = summary,
                            .options = options,
                            .min_operands = 1,
                            .epilogue = ANALYSIS_EPILOGUE};
  return analysis_main(&tool, &request, work, argc, argv);
}

void warn_without_keys(const char *tool, const struct Analysis *analysis)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  if (analysis->n_keys > 0) return;
  fprintf(stderr,
          "%s: no frequency of the last snapshot (epoch %" PRId64
          ") holds a cluster of neurons, so there are no key frequencies: nothing is excluded, "
          "and the mean logits alone are kept\n",
          tool, trajectory->epochs[trajectory->n_snapshots - 1]);
}
