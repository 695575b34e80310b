/*
 * train: trains the network of a configuration and records it, every snapshot in
 * RUN_DIR/trajectory.safetensors, losses and accuracies in RUN_DIR/history.tsv.
 */
#include "base/command_line.h"
#include "base/number.h"
#include "base/output.h"
#include "base/progress.h"
#include "config/config.h"
#include "model/adamw.h"
#include "model/dataset.h"
#include "model/recorder.h"
#include "model/step.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct Arguments {
  const char *directory, *threads, *dump, *list;
};

static bool read_config(struct Config *config, char **operands, int n, struct Error *error)
{
  config_init(config);
  for (int i = 0; i < n; i++) /* files first: an override overrides them wherever it stands */
    if (!strchr(operands[i], '=') && !config_read_file(config, operands[i], error)) return false;
  for (int i = 0; i < n; i++)
    if (strchr(operands[i], '=') && !config_override(config, operands[i], error)) return false;
  return config_check(config, error);
}

static bool set_threads(const char *text, struct Error *error)
{
  int64_t threads;
  if (!text) return true;
  if (!number_parse_integer(text, &threads) || threads < 1 || threads > 1024)
    return error_set(error, "--threads %s: expected a whole number from 1 to 1024", text);
  omp_set_num_threads((int)threads);
  return true;
}

/* Writes the canonical dump, and leaves a file that says the same already untouched: its time stamp
   then tells a build that nothing changed. */
static bool dump_config(const struct Config *config, const char *path, struct Error *error)
{
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (!stream) return error_system(error, "%s", path);
  config_write(config, stream);
  bool written = fclose(stream) == 0;
  if (!written) error_system(error, "%s", path);

  bool same = false;
  FILE *old = written ? fopen(path, "rb") : NULL;
  if (old) {
    size_t position = 0;
    int c;
    while ((c = getc(old)) != EOF && position < size && (char)c == text[position])
      position++;
    same = c == EOF && position == size && !ferror(old);
    fclose(old);
  }
  struct Output output;
  if (written && !same) {
    written = output_open(&output, path, error);
    if (written) {
      fwrite(text, 1, size, output.stream);
      written = output_commit(&output, error);
    }
  }
  free(text);
  return written;
}

/* Everything a run holds while it trains. */
struct Run {
  struct Config config;
  struct Dataset dataset;
  struct Parameters parameters, gradient;
  struct AdamW adamw;
  struct Step step;
  struct Recorder recorder;
  struct Performance train, test; /* the latest */
};

static bool run_init(struct Run *run, const char *directory, struct Error *error)
{
  if (!dataset_init(&run->dataset, &run->config.data, error) ||
      !parameters_init(&run->parameters, &run->config, error) ||
      !parameters_init(&run->gradient, &run->config, error) ||
      !adamw_init(&run->adamw, run->parameters.total, error) ||
      !step_init(&run->step, &run->config, &run->dataset, error))
    return false;
  parameters_initialise(&run->parameters, run->config.train.seed);
  return recorder_open(&run->recorder, directory, &run->config, &run->dataset, &run->parameters,
                       error);
}

static void run_release(struct Run *run)
{
  recorder_discard(&run->recorder);
  step_release(&run->step);
  adamw_release(&run->adamw);
  parameters_release(&run->gradient);
  parameters_release(&run->parameters);
  dataset_release(&run->dataset);
}

static void show(struct Progress *progress, const struct Run *run, int64_t epoch)
{
  char details[96];
  snprintf(details, sizeof details, "train %.3g  test %.3g", run->train.loss, run->test.loss);
  progress_show(progress, epoch, details);
}

/* What is measured of the parameters after `epoch` steps: the training loss with its gradient, or
   alone when no step follows; the test loss when the history wants it. */
static bool measure(struct Run *run, int64_t epoch, struct Error *error)
{
  const struct TrainConfig *train = &run->config.train;
  bool last = epoch == train->epochs;
  if (recorder_wants_snapshot(train, epoch) &&
      !recorder_snapshot(&run->recorder, epoch, &run->parameters, error))
    return false;
  step_prepare(&run->step, &run->parameters);
  run->train = last ? step_evaluate(&run->step, SUBSET_TRAIN)
                    : step_gradient(&run->step, &run->parameters, &run->gradient);
  if (!isfinite(run->train.loss))
    return error_set(error,
                     "epoch %lld: the training loss is %g; a smaller optimizer.learning_rate"
                     " may help",
                     (long long)epoch, run->train.loss);
  if (epoch % train->evaluate_every == 0 || last) {
    run->test = step_evaluate(&run->step, SUBSET_TEST);
    recorder_history(&run->recorder, epoch, run->train, run->test);
  }
  return true;
}

static bool train_epochs(struct Run *run, struct Error *error)
{
  int64_t epochs = run->config.train.epochs;
  struct Progress progress;
  progress_init(&progress, "epochs", 0, epochs);
  for (int64_t epoch = 0; epoch <= epochs; epoch++) {
    if (!measure(run, epoch, error)) {
      progress_clear(&progress);
      return false;
    }
    if (progress_due(&progress, epoch)) show(&progress, run, epoch);
    if (epoch < epochs)
      adamw_step(&run->adamw, &run->config.optimizer, &run->gradient, &run->parameters);
  }
  progress_clear(&progress);
  char time[PROGRESS_TIME_SIZE];
  progress_format_time(progress_seconds(&progress), time);
  fprintf(stderr,
          "trained %lld epochs in %s: loss %.3g on the training pairs, %.3g on the test pairs; "
          "accuracy %.4g and %.4g\n",
          (long long)epochs, time, run->train.loss, run->test.loss, run->train.accuracy,
          run->test.accuracy);
  return true;
}

static bool train(const struct Arguments *arguments, char **operands, int n, struct Error *error)
{
  struct Run run = {.recorder.writer.descriptor = -1};
  if (!read_config(&run.config, operands, n, error) || !set_threads(arguments->threads, error))
    return false;
  if (arguments->dump) return dump_config(&run.config, arguments->dump, error);
  bool done = run_init(&run, arguments->directory, error) && train_epochs(&run, error) &&
              recorder_commit(&run.recorder, error);
  run_release(&run);
  return done;
}

int main(int argc, char **argv)
{
  struct Arguments arguments = {.directory = "."};
  const struct Option options[] = {
      {'o', "output", "RUN_DIR", "where the two files go, made if missing (default: here)",
       &arguments.directory},
      {0, "threads", "N", "OpenMP threads (default: all cores); no result depends on it",
       &arguments.threads},
      {0, "dump-config", "FILE", "write the effective configuration and train nothing",
       &arguments.dump},
      {0, "settings", NULL, "list all settings with their defaults and exit", &arguments.list},
      {0}};
  const struct Tool tool = {
      .name = "train",
      .operands = "CONFIG.ini... [section.key=value...]",
      .summary =
          "Trains a one-layer transformer on modular arithmetic, full batch, with AdamW.\n"
          "Writes RUN_DIR/trajectory.safetensors and RUN_DIR/history.tsv. Files given later\n"
          "override earlier ones; section.key=value overrides files; what none of them says\n"
          "is the paper's mainline.",
      .options = options};
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  if (arguments.list) {
    config_write_help(stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  struct Error error = {0};
  if (!train(&arguments, argv + first, argc - first, &error))
    return command_line_fail(&tool, &error);
  return EXIT_SUCCESS;
}
