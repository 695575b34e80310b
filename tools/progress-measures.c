/* progress-measures: the paper's progress measures at every snapshot of a trajectory. */
#include "base/memory.h"
#include "measures/by_frequency.h"
#include "measures/command.h"
#include "measures/progress_measures.h"
#include "measures/turning_points.h"

#include <stdlib.h>

static const char name[] = "progress-measures";

static const char summary[] =
    "Measures every snapshot of a trajectory: loss and accuracy, excluded and restricted\n"
    "loss, Gini coefficients, squared weights and the phase of training. The key\n"
    "frequencies are those of the last snapshot. A thread needs up to 256 MiB for logits, and\n"
    "there are no more threads than fit into the free memory. Writes the first of these\n"
    "tables; --tables DIR adds the others:";

static const struct ToolFile files[] = {
#define TABLE_OF_progress_measures(file, holds, table) {file, holds},
#include "measures/tables.def"
    {NULL, NULL}};

static const struct RunTable *const tables[] = {
#define TABLE_OF_progress_measures(file, holds, table) &table,
#include "measures/tables.def"
};

enum { N_TABLES = sizeof tables / sizeof *tables };

/* The first table has a path of its own. */
static bool create(struct TableWriter *writer, size_t i, const struct Subject *subject,
                   const struct AnalysisRequest *request, struct Error *error)
{
  if (i == 0)
    return progress_measures_create_table(writer, tables[i], subject, request->output, error);
  char *path = memory_print(error, "%s/%s", request->tables, files[i].name);
  bool created = path && progress_measures_create_table(writer, tables[i], subject, path, error);
  free(path);
  return created;
}

static bool create_all(struct TableWriter writers[N_TABLES], size_t n,
                       const struct Subject *subject, const struct AnalysisRequest *request,
                       struct Error *error)
{
  for (size_t i = 0; i < n; i++) {
    if (i == 1 && !output_make_directory(request->tables, error)) return false;
    if (!create(&writers[i], i, subject, request, error)) return false;
  }
  return true;
}

/* The progress measures are committed last: if they are new, all tables are. */
static bool measure(const struct Analysis *analysis, struct TableWriter writers[N_TABLES], size_t n,
                    struct Error *error)
{
  struct MeasuredRun run;
  if (!progress_measures_run(&run, analysis, error)) return false;
  for (size_t i = 0; i < n; i++)
    tables[i]->put(&writers[i], &run);
  progress_measures_release_run(&run);
  for (size_t i = 1; i < n; i++)
    if (!table_commit(&writers[i], error)) return false;
  return table_commit(&writers[0], error);
}

static bool measure_and_write(const struct Analysis *analysis,
                              const struct AnalysisRequest *request, struct Error *error)
{
  struct Subject subject;
  struct TableWriter writers[N_TABLES] = {0};
  size_t n = request->tables ? N_TABLES : 1;
  if (!subject_init_run(&subject, analysis, request->tables, error)) return false;
  /* before the work, so that an unwritable path fails at once */
  bool done =
      create_all(writers, n, &subject, request, error) && measure(analysis, writers, n, error);
  for (size_t i = 0; i < n; i++)
    if (!done) table_discard(&writers[i]); /* nothing where it is not open */
  subject_release(&subject);
  return done;
}

static bool work(struct Analysis *analysis, const struct AnalysisRequest *request,
                 const void *context, struct Error *error)
{
  (void)context;
  enum DirectionSign sign;
  analysis_in_blocks(analysis, SNAPSHOT_BLOCK_BYTES);
  if (!directed_logits_sign(analysis->trajectory.config.data.operation, &sign, error) ||
      !analysis_fit_final(analysis, error))
    return false;
  command_warn_of_parts(name, analysis, 1 << PART_NEURONS | 1 << PART_MAP);
  command_warn_without_keys(name, analysis);
  return measure_and_write(analysis, request, error);
}

int main(int argc, char **argv)
{
  struct AnalysisRequest request = {.output = "-"};
  const struct Option options[] = {
      {'o', "output", "FILE.tsv", "output table (default: standard output)", &request.output},
      {0, "tables", "DIR", "directory of the other tables, created if missing (default: none)",
       &request.tables},
      {0, "layer", "N", ANALYSIS_LAYER, &request.layer},
      {0, "threads", "N", "threads (default: all cores); results do not depend on it",
       &request.threads},
      {0}};
  const struct Tool tool = {.name = name,
                            .purpose = "measure every snapshot of a training",
                            .operands = ANALYSIS_OPERANDS,
                            .summary = summary,
                            .options = options,
                            .min_operands = 1,
                            .epilogue = ANALYSIS_EPILOGUE,
                            .tables = files};
  return command_main(&tool, &request, work, NULL, argc, argv);
}
