#include "measures/of_checkpoint.h"

#include "base/memory.h"
#include "measures/ablation_quantities.h"
#include "measures/neuron_logit.h"
#include "measures/progress_measures.h"
#include "measures/spectrum_quantities.h"
#include "measures/subject.h"
#include "measures/turning_points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *file;
  SubjectWriter *write;
} of_snapshot[] = {{"spectrum-quantities.tsv", spectrum_quantities_write},
                   {"neuron-logit-directions.tsv", neuron_logit_write},
                   {"ablation-quantities.tsv", ablation_quantities_write}};

static const struct {
  const char *file;
  const struct RunTable *table;
} of_run[] = {{"progress-measures.tsv", &progress_measures_table},
              {"progress-quantities.tsv", &turning_points_table}};

enum {
  N_OF_SNAPSHOT = sizeof of_snapshot / sizeof *of_snapshot,
  N_OF_RUN = sizeof of_run / sizeof *of_run,
};

bool of_checkpoint_check_kind(const struct Analysis *analysis, struct Error *error)
{
  static const char *const settings[][2] = {
      {"data.operation", "add"},     {"data.equals", "true"},
      {"model.n_layers", "1"},       {"model.attention", "softmax"},
      {"model.activation", "relu"},  {"model.layer_norm", "none"},
      {"model.attention_rate", "1"}, {"model.tied_embeddings", "false"},
      {"model.registers", "0"},      {"model.positions", "learned"}};
  const struct Config *config = &analysis->trajectory.config;
  const char *path = analysis->trajectory.file.path;
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    char value[CONFIG_VALUE_SIZE];
    config_setting_value(config, config_find_setting(settings[i][0]), value);
    if (strcmp(value, settings[i][1]) != 0)
      return error_set(error,
                       "%s: not a network of the mainline's kind, of which the claims are: %s=%s",
                       path, settings[i][0], value);
  }
  if (config->model.n_heads > 0 && config->model.d_mlp > 0) return true;
  return error_set(error,
                   "%s: not a network of the mainline's kind, of which the claims are: it has "
                   "no heads, or no neurons",
                   path);
}

/* The names of the tables, behind the pointers to them. */
static char **name_paths(const char *directory, size_t n, struct Error *error)
{
  const size_t length = strlen(directory) + 40;
  char **paths = memory_new(n, sizeof *paths + length, "the paths of tables", error);
  for (size_t i = 0; paths && i < n; i++) {
    paths[i] = (char *)(paths + n) + i * length;
    snprintf(paths[i], length, "%s/%s", directory,
             i < N_OF_SNAPSHOT ? of_snapshot[i].file : of_run[i - N_OF_SNAPSHOT].file);
  }
  return paths;
}

static bool write_of_snapshot(struct Analysis *analysis, const char *directory, struct Error *error)
{
  struct Subject subject;
  if (!subject_init(&subject, analysis, NULL, directory, error)) return false;
  bool written = true;
  for (size_t i = 0; written && i < N_OF_SNAPSHOT; i++)
    written = of_snapshot[i].write(&subject, of_snapshot[i].file, error);
  subject_release(&subject);
  return written;
}

static bool write_table(const struct RunTable *table, const char *path,
                        const struct Subject *subject, const struct MeasuredRun *run,
                        struct Error *error)
{
  struct TableWriter writer = {0};
  if (!progress_measures_create_table(&writer, table, subject, path, error)) return false;
  table->put(&writer, run);
  return table_commit(&writer, error);
}

static bool write_of_run(struct Analysis *analysis, const char *directory, char **paths, size_t n,
                         struct Error *error)
{
  struct Subject subject;
  struct MeasuredRun run;
  if (!subject_init_run(&subject, analysis, directory, error)) return false;
  analysis_drop_activations(analysis); /* each thread has its own */
  bool written = progress_measures_run(&run, analysis, error);
  if (written) {
    for (size_t i = 0; written && i < n; i++)
      written = write_table(of_run[i].table, paths[i], &subject, &run, error);
    progress_measures_release_run(&run);
  }
  subject_release(&subject);
  return written;
}

bool of_checkpoint_write(struct Analysis *analysis, const char *directory, char ***paths, size_t *n,
                         struct Error *error)
{
  const size_t n_of_run =
      analysis->trajectory.n_snapshots > 1 ? N_OF_RUN : 1; /* no turning points */
  *n = N_OF_SNAPSHOT + n_of_run;
  *paths = name_paths(directory, *n, error);
  if (!*paths) {
    *n = 0;
    return false;
  }
  return write_of_snapshot(analysis, directory, error) &&
         write_of_run(analysis, directory, *paths + N_OF_SNAPSHOT, n_of_run, error);
}
