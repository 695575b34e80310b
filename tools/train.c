/*
 * train: trains the network of a configuration and records snapshots in
 * RUN_DIR/trajectory.safetensors, losses and accuracies in RUN_DIR/history.tsv.
 *
 * However a training run ends, the same command resumes from the last saved state (run/state.h),
 * and the two files are byte for byte those of an uninterrupted run. A finished run can be extended
 * with more epochs. Another run's results are replaced only on request.
 */
#include "base/command_line.h"
#include "base/interrupt.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/threads.h"
#include "config/config.h"
#include "engine/engine.h"
#include "network/dataset.h"
#include "run/find_config.h"
#include "run/recorder.h"
#include "run/start.h"
#include "run/state.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct Arguments {
  const char *directory, *engine, *threads, *share, *progress, *quiet, *save_every, *restart;
  const char *dump, *list, *digest;
};

static bool read_config(struct Config *config, char **operands, int n, struct Error *error)
{
  config_init(config);
  for (int i = 0; i < n; i++) /* files first: overrides win in any position */
    if (!strchr(operands[i], '=') && !config_read_file(config, operands[i], error)) return false;
  for (int i = 0; i < n; i++)
    if (strchr(operands[i], '=') && !config_override(config, operands[i], error)) return false;
  return config_check(config, error) && dataset_name_answers(config, error) &&
         start_name_weights(config, error);
}

static bool set_threads(const struct Arguments *arguments, struct Error *error)
{
  if (arguments->threads && arguments->share)
    return error_set(error,
                     "--threads fixes the number of threads, --share varies it: give only one");
  return threads_set(arguments->threads, error);
}

static bool set_clock(struct SaveClock *clock, const char *text, struct Error *error)
{
  double seconds;
  *clock = (struct SaveClock){.interval = 3};
  if (!text) return true;
  if (!number_parse_real(text, &seconds) || !(seconds >= 0 && seconds <= 1e9))
    return error_set(error, "--save-every %s: expected a number of seconds from 0 to 1e9", text);
  *clock = (struct SaveClock){.interval = seconds, .exact = true};
  return true;
}

/* Writes the canonical dump. An identical file is left untouched, so that its time stamp tells a
   build that nothing changed. */
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
  struct stat status; /* a pipe is not read: its only writer may be this process */
  bool is_file = stat(path, &status) == 0 && S_ISREG(status.st_mode);
  FILE *old = written && is_file ? fopen(path, "rb") : NULL;
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

static bool list_settings(struct Error *error)
{
  struct Output output;
  if (!output_open(&output, "-", error)) return false;
  config_write_help(output.stream);
  return output_commit(&output, error);
}

/* Prints the settings with the given digest, and the file that has them on standard error. */
static bool show_settings(const char *digest, char **paths, size_t n, struct Error *error)
{
  struct Config config;
  struct Output output;
  size_t found;
  if (!find_config(digest, paths, n, &config, &found, error) || !output_open(&output, "-", error))
    return false;
  fprintf(stderr, "%s:\n", paths[found]);
  config_write(&config, output.stream);
  return output_commit(&output, error);
}

/* ---- the run ---- */

/* The state of a run in training. */
struct Run {
  const char *directory;
  struct Config config;
  struct Dataset dataset;
  struct Engine *engine;
  struct Parameters list;     /* of the parameters, without values */
  struct TrainingState state; /* as last fetched from the engine */
  struct Lock lock;
  struct Share share;
  int most_threads; /* all cores */
  double next_look; /* when to check the share again, in progress_seconds */
  struct Recorder recorder;
  char *saved; /* path of the saved state */
  struct SaveClock clock;
  FILE *log;                      /* progress log; NULL: standard error */
  int64_t first, last;            /* epochs: start of this process, end of the run */
  struct Performance train, test; /* the latest */
};

static bool run_init(struct Run *run, const char *engine, struct Error *error)
{
  /* the engine comes first: it knows whether there is memory for all */
  return dataset_init(&run->dataset, &run->config.data, error) &&
         engine_open(&run->engine, engine, &run->config, &run->dataset, error) &&
         parameters_describe(&run->list, &run->config, error) &&
         training_state_init(&run->state, &run->config, run->list.total, error);
}

/* The state before the first step. */
static bool initialise(struct Run *run, struct Error *error)
{
  struct Parameters initial;
  if (*run->config.train.from) return start_read(&run->config, &run->list, &run->state, error);
  if (!parameters_init(&initial, &run->config, error)) return false;
  parameters_initialise(&initial, run->config.train.seed);
  training_state_start(&run->state, &initial);
  parameters_release(&initial);
  return true;
}

/* Takes exclusive use of the directory. */
static bool enter_directory(struct Run *run, struct Error *error)
{
  if (!output_make_directory(run->directory, error)) return false;
  char *path = memory_print(error, "%s/train.lock", run->directory);
  if (!path) return false;
  bool locked = lock_take(&run->lock, path, false, error);
  if (!locked && !*error->message) {
    fprintf(stderr, "train: %s: another train is running there; waiting for it to end\n",
            run->directory);
    locked = lock_take(&run->lock, path, true, error);
  }
  free(path);
  if (!locked) return false;
  interrupt_catch(); /* nothing to save before this point */
  run->saved = memory_print(error, "%s/resume.safetensors", run->directory);
  return run->saved && recorder_init(&run->recorder, run->directory, &run->config, &run->dataset,
                                     &run->list, engine_bits(run->engine), error);
}

static void run_release(struct Run *run)
{
  recorder_release(&run->recorder);
  free(run->saved);
  engine_close(run->engine);
  training_state_release(&run->state);
  parameters_release(&run->list);
  dataset_release(&run->dataset);
  if (run->log) fclose(run->log);
  share_leave(&run->share);
  lock_release(&run->lock);
}

/* Finds a saved state to resume from and returns the file that holds its snapshots. NULL with a
   reason if there is none: empty if nothing was saved, with the system's code if existing files
   cannot be read. */
static const char *recall(struct Run *run, enum StateFound *found, struct Error *reason)
{
  struct State state;
  *found =
      state_read(&state, run->saved, &run->config, engine_bits(run->engine), &run->list, reason);
  if (*found != STATE_USABLE) return NULL;
  const char *snapshots = NULL;
  if (recorder_recall(&run->recorder, state.rows, state.n_rows, state.digests, state.n_snapshots,
                      reason))
    snapshots = recorder_find_snapshots(&run->recorder, reason);
  if (snapshots) {
    training_state_copy(&state.training, &run->state);
    run->first = state.training.step;
    if (state.n_rows > 0) run->test = state.rows[state.n_rows - 1].test;
  } else {
    error_prefix(reason, "%s", run->saved);
  }
  state_release(&state);
  return snapshots;
}

/* Would starting over destroy work: a finished trajectory, or the state of another run? A state
   that is damaged or has lost its snapshots does not count. */
static bool check_nothing_is_lost(const struct Run *run, enum StateFound found,
                                  const struct Error *reason, struct Error *error)
{
  struct Error finished;
  bool has_finished = recorder_has_finished(&run->recorder, &finished);
  if (!has_finished && found != STATE_OTHERS) return true;
  return error_set(error, "%s; --restart starts over and replaces what is there",
                   found == STATE_NONE ? finished.message : reason->message);
}

static bool begin(struct Run *run, bool restart, struct Error *error)
{
  struct Error reason = {0};
  enum StateFound found;
  const char *snapshots = recall(run, &found, &reason);
  if (snapshots) {
    if (run->first < run->config.train.epochs)
      fprintf(stderr, "train: %s: continuing at epoch %" PRId64 " of %d\n", run->directory,
              run->first, run->config.train.epochs);
    return engine_load(run->engine, &run->state, error) &&
           recorder_continue(&run->recorder, snapshots, error);
  }
  if (reason.code != 0 && reason.code != ENOENT) { /* the saved files may still be good */
    *error = reason;
    return false;
  }
  if (!restart && !check_nothing_is_lost(run, found, &reason, error)) return false;
  if (*reason.message) fprintf(stderr, "train: %s; starting over\n", reason.message);
  return initialise(run, error) && engine_load(run->engine, &run->state, error) &&
         recorder_start(&run->recorder, error);
}

/* ---- threads ---- */

/* Joins the training runs that share the cores. */
static bool enter_share(struct Run *run, const char *path, struct Error *error)
{
  run->most_threads = omp_get_max_threads();
  return !path || share_join(&run->share, path, error);
}

/* Checks about once a second how many runs share the cores, as others start and end. The step is
   sized for most_threads; its bits do not depend on the number of threads. */
static void adjust_threads(struct Run *run, const struct Progress *progress)
{
  double seconds = progress_seconds(progress);
  if (!run->share.joined || seconds < run->next_look) return;
  omp_set_num_threads(share_of(&run->share, run->most_threads));
  run->next_look = seconds + 1;
}

/* ---- epochs ---- */

static bool save(struct Run *run, struct Error *error)
{
  save_clock_start(&run->clock);
  bool saved = engine_fetch(run->engine, &run->state, error) &&
               state_save(run->saved, &run->state, &run->recorder, error);
  save_clock_stop(&run->clock);
  return saved;
}

static void show(struct Progress *progress, const struct Run *run, int64_t epoch)
{
  char details[96];
  int length =
      snprintf(details, sizeof details, "train %.3g  test %.3g", run->train.loss, run->test.loss);
  if (run->share.joined)
    snprintf(details + length, sizeof details - (size_t)length, "  threads %d",
             omp_get_max_threads());
  progress_show(progress, epoch, details);
}

/* Is what a step measures of its batch what is recorded: no part of a training set, and with all
   of the network? */
static bool step_measures_training(const struct Config *config)
{
  bool fresh = config->data.task != TASK_PAIRS && config->data.examples == 0;
  return config->model.dropout == 0 && (fresh || config->train.batch_size == 0);
}

/* Evaluates the test pairs if a history row is due, which may end the run, and the training pairs
   if the next step does not. */
static bool evaluate(struct Run *run, int64_t epoch, struct Performance *measured, bool *last,
                     struct Error *error)
{
  const struct TrainConfig *train = &run->config.train;
  *last = epoch == train->epochs;
  if (!*last && !recorder_wants_row(train, epoch)) return true;
  if (!engine_evaluate(run->engine, SUBSET_TEST, &run->test, error)) return false;
  *last = *last || run->test.loss < train->stop_test_loss;
  return (!*last && step_measures_training(&run->config)) ||
         engine_evaluate(run->engine, SUBSET_TRAIN, measured, error);
}

/* Measures and records what is due after `epoch` steps, and takes the next one unless these were
   the last. */
static bool one_epoch(struct Run *run, int64_t epoch, bool *last, struct Error *error)
{
  const struct TrainConfig *train = &run->config.train;
  struct Performance measured = {0};
  if (!evaluate(run, epoch, &measured, last, error)) return false;
  bool snapshot = *last || recorder_wants_snapshot(train, epoch);
  if (snapshot && !engine_fetch(run->engine, &run->state, error)) return false;
  if (*last)
    run->train = measured;
  else if (!engine_step(run->engine, &run->train, error))
    return false;
  if (step_measures_training(&run->config)) measured = run->train;
  if (!isfinite(run->train.loss))
    return error_set(error,
                     "epoch %" PRId64 ": the training loss is %g; a smaller"
                     " optimizer.learning_rate may help",
                     epoch, run->train.loss);
  if ((*last || recorder_wants_row(train, epoch)) &&
      !recorder_row(&run->recorder, epoch, measured, run->test, error))
    return false;
  return !snapshot || recorder_snapshot(&run->recorder, epoch, run->state.values, error);
}

/* Trains until the run ends or a signal arrives, then saves the state. */
static bool train_epochs(struct Run *run, struct Progress *progress, int *signal,
                         struct Error *error)
{
  bool last = false;
  for (run->last = run->first;; run->last++) {
    *signal = interrupt_signal();
    if ((*signal != 0 || save_clock_due(&run->clock)) && !save(run, error)) return false;
    if (*signal != 0) return true;
    adjust_threads(run, progress);
    if (!one_epoch(run, run->last, &last, error)) return false;
    if (last) return save(run, error);
    if (progress_due(progress, run->last)) show(progress, run, run->last);
  }
}

/* ---- final messages ---- */

/* Prints to standard error and to the log. */
__attribute__((format(printf, 2, 3))) static void say(const struct Run *run, const char *format,
                                                      ...)
{
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  if (!run->log) return;
  va_start(arguments, format);
  vfprintf(run->log, format, arguments);
  va_end(arguments);
}

static void report_stop(const struct Run *run, int signal)
{
  say(run,
      "train: %s: stopped by SIG%s at epoch %" PRId64
      " of %d; the same command resumes from there\n",
      run->directory, sigabbrev_np(signal), run->last, run->config.train.epochs);
}

static void report_end(const struct Run *run, double seconds)
{
  char time[PROGRESS_TIME_SIZE], work[160];
  progress_format_time(seconds, time);
  if (run->first == run->last)
    snprintf(work, sizeof work, "nothing left to train after %" PRId64 " epochs", run->last);
  else if (run->first > 0)
    snprintf(work, sizeof work, "trained %" PRId64 " epochs, %" PRId64 " in all, in %s",
             run->last - run->first, run->last, time);
  else
    snprintf(work, sizeof work, "trained %" PRId64 " epochs in %s", run->last, time);
  const char *what = run->config.data.task == TASK_PAIRS ? "pairs" : "examples";
  say(run, "%s: loss %.3g on the training %s, %.3g on the test %s; accuracy %.4g and %.4g\n", work,
      run->train.loss, what, run->test.loss, what, run->train.accuracy, run->test.accuracy);
  if (run->last < run->config.train.epochs)
    say(run, "the test loss is below train.stop_test_loss: no further epochs\n");
}

/* A resumed run appends to the existing log. */
static bool open_log(struct Run *run, const char *path, struct Error *error)
{
  run->log = path ? fopen(path, run->first > 0 ? "ae" : "we") : NULL;
  return !path || run->log || error_system(error, "%s: cannot create", path);
}

static bool run_train(struct Run *run, bool quiet, int *signal, struct Error *error)
{
  struct Progress progress;
  progress_init(&progress, "epochs", run->first, run->config.train.epochs, quiet);
  if (run->log) progress_keep(&progress, run->log);
  save_clock_init(&run->clock);
  bool trained = train_epochs(run, &progress, signal, error);
  progress_clear(&progress);
  if (!trained) return false;
  if (*signal != 0) {
    report_stop(run, *signal);
    return true;
  }
  if (!recorder_commit(&run->recorder, run->last, error)) return false;
  report_end(run, progress_seconds(&progress));
  return true;
}

static bool train(const struct Arguments *arguments, char **operands, int n, int *signal,
                  struct Error *error)
{
  struct Run run = {.directory = arguments->directory, .recorder.writer.descriptor = -1};
  if (!read_config(&run.config, operands, n, error) || !set_threads(arguments, error) ||
      !set_clock(&run.clock, arguments->save_every, error))
    return false;
  if (arguments->dump) return dump_config(&run.config, arguments->dump, error);
  bool done = run_init(&run, arguments->engine, error) && enter_directory(&run, error) &&
              enter_share(&run, arguments->share, error) &&
              begin(&run, arguments->restart, error) &&
              open_log(&run, arguments->progress, error) &&
              run_train(&run, arguments->quiet, signal, error);
  run_release(&run);
  return done;
}

/* The engines, for --help; the caller frees it. NULL if out of memory. */
static char *describe_engines(void)
{
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  if (!stream) return NULL;
  fprintf(stream, "Engines:\n");
  engine_list(stream);
  fclose(stream);
  if (text && size > 0) text[size - 1] = '\0'; /* --help ends the line */
  return text;
}

int main(int argc, char **argv)
{
  struct Arguments arguments = {.directory = ".", .engine = "auto"};
  const struct Option options[] = {
      {'o', "output", "RUN_DIR", "directory of both files, created if missing (default: current)",
       &arguments.directory},
      {0, "engine", "NAME", "what trains the network (default: auto); see below",
       &arguments.engine},
      {0, "threads", "N", "OpenMP threads (default: all cores); results do not depend on it",
       &arguments.threads},
      {0, "share", "FILE", "share the cores with other runs that name the same file",
       &arguments.share},
      {0, "progress", "FILE", "write a progress log: one line per hundredth of the run",
       &arguments.progress},
      {'q', "quiet", NULL, "no progress on standard error, unless it is a terminal",
       &arguments.quiet},
      {0, "save-every", "SECONDS",
       "interval between saves of the state (default: 3, longer if saving is slow)",
       &arguments.save_every},
      {0, "restart", NULL, "replace a run in RUN_DIR that this one cannot continue",
       &arguments.restart},
      {0, "dump-config", "FILE", "write the effective configuration and exit", &arguments.dump},
      {0, "settings", NULL, "list all settings with their defaults and exit", &arguments.list},
      {0, "settings-of", "DIGEST",
       "print the settings with that digest, searching the operands: configurations, or "
       "trajectories",
       &arguments.digest},
      {0}};
  char *engines = describe_engines();
  const struct Tool tool = {
      .name = "train",
      .operands = "CONFIG.ini... [section.key=value...]",
      .summary =
          "Trains a small transformer, by default the paper's on modular addition.\n"
          "Writes RUN_DIR/trajectory.safetensors and RUN_DIR/history.tsv. Files given later\n"
          "override earlier ones; section.key=value overrides files; the defaults are the\n"
          "paper's mainline. After an interruption, or with more train.epochs, the same command\n"
          "resumes from RUN_DIR/resume.safetensors. A run with other settings is not replaced\n"
          "without --restart. During training both files are readable under names that end with\n"
          ".partial.",
      .options = options,
      .epilogue = engines};
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  free(engines);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error = {0};
  if (arguments.list)
    return list_settings(&error) ? EXIT_SUCCESS : command_line_fail(&tool, &error);
  if (arguments.digest)
    return show_settings(arguments.digest, argv + first, (size_t)(argc - first), &error)
               ? EXIT_SUCCESS
               : command_line_fail(&tool, &error);
  if (first == argc && !arguments.dump) {
    error_set(&error, "no configuration given: expected CONFIG.ini or section.key=value");
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  int signal = 0;
  if (!train(&arguments, argv + first, argc - first, &signal, &error))
    return command_line_fail(&tool, &error);
  if (signal != 0) interrupt_end(signal);
  return EXIT_SUCCESS;
}
