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
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/threads.h"
#include "config/config.h"
#include "engine/engine.h"
#include "network/dataset.h"
#include "run/event_file.h"
#include "run/find_config.h"
#include "run/holder.h"
#include "run/listed.h"
#include "run/recorder.h"
#include "run/start.h"
#include "run/state.h"

#include <errno.h>
#include <inttypes.h>
#include <omp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct Arguments {
  const char *directory, *runs, *engine, *device, *devices, *threads, *share, *progress, *quiet,
      *save_every, *restart, *tensorboard;
  const char *dump, *list, *digest;
};

/* Settings and files in the operands, then further settings. */
static bool read_config(struct Config *config, char *const *operands, size_t n,
                        char *const *settings, size_t n_settings, struct Error *error)
{
  config_init(config);
  for (size_t i = 0; i < n; i++) /* files first: overrides win in any position */
    if (!strchr(operands[i], '=') && !config_read_file(config, operands[i], error)) return false;
  for (size_t i = 0; i < n; i++)
    if (strchr(operands[i], '=') && !config_override(config, operands[i], error)) return false;
  for (size_t i = 0; i < n_settings; i++)
    if (!config_override(config, settings[i], error)) return false;
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

static bool list_devices(struct Error *error)
{
  struct Output output;
  if (!output_open(&output, "-", error)) return false;
  if (engine_list_devices(output.stream, error)) return output_commit(&output, error);
  output_discard(&output);
  return false;
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

/* ---- runs ---- */

/* The state of a run in training. */
struct Run {
  const char *directory;
  struct Config config;
  struct Dataset dataset;
  struct Engine *engine;
  struct Parameters list;     /* of the parameters, without values */
  struct TrainingState state; /* as last fetched from the engine */
  struct Lock lock;
  struct Recorder recorder;
  struct EventFile events;        /* of TensorBoard, if wanted */
  char *saved;                    /* path of the saved state */
  int64_t first, last;            /* epochs: start of this process, the present one */
  struct Performance train, test; /* the latest */
  bool ended, failed;
};

/* What this process trains. */
struct Session {
  struct Run *runs; /* [n] */
  size_t n;
  struct ListedRuns listed; /* where they come from, if from a list */
  struct Share share;
  int most_threads; /* all cores */
  double next_look; /* when to check the share again, in progress_seconds */
  struct SaveClock clock;
  FILE *log; /* progress log; NULL: standard error */
};

/* The directory and the configuration of every run. */
static bool name_runs(struct Session *session, const struct Arguments *arguments, char **operands,
                      size_t n, struct Error *error)
{
  const struct ListedRuns *listed = &session->listed;
  const char *directory = arguments->directory ? arguments->directory : ".";
  if (arguments->runs && arguments->directory)
    return error_set(error, "--runs names the directories: --output is not allowed beside it");
  if (arguments->runs && !listed_read(&session->listed, arguments->runs, error)) return false;
  session->n = arguments->runs ? listed->n : 1;
  session->runs = memory_new(session->n, sizeof *session->runs, "the runs", error);
  if (!session->runs) return false;
  for (size_t i = 0; i < session->n; i++)
    session->runs[i].recorder.writer.descriptor = -1;
  for (size_t i = 0; i < session->n; i++) {
    struct Run *run = &session->runs[i];
    struct ListedRun own = {.directory = (char *)(uintptr_t)directory};
    if (arguments->runs) own = listed->runs[i];
    run->directory = own.directory;
    if (!read_config(&run->config, operands, n, own.settings, own.n_settings, error))
      return arguments->runs ? error_prefix(error, "%s:%zu", arguments->runs, own.line) : false;
  }
  return true;
}

/* -1 if none is named. */
static bool parse_device(const char *text, int *device, struct Error *error)
{
  int64_t number = -1;
  if (text && !(number_parse_integer(text, &number) && number >= 0 && number < 1000))
    return error_set(error, "--device %s: expected a number of --devices", text);
  *device = (int)number;
  return true;
}

static bool open_engines(struct Session *session, const struct Arguments *arguments,
                         struct Error *error)
{
  const size_t n = session->n;
  const struct Config **configs = memory_new(n, sizeof *configs, "the runs", error);
  const struct Dataset **datasets = memory_new(n, sizeof *datasets, "the runs", error);
  struct Engine **engines = memory_new(n, sizeof *engines, "the runs", error);
  int device = -1;
  bool opened = configs && datasets && engines && parse_device(arguments->device, &device, error);
  for (size_t i = 0; opened && i < n; i++) {
    configs[i] = &session->runs[i].config;
    datasets[i] = &session->runs[i].dataset;
  }
  opened = opened &&
           engine_open_together(engines, n, arguments->engine, device, configs, datasets, error);
  for (size_t i = 0; opened && i < n; i++)
    session->runs[i].engine = engines[i];
  free(configs);
  free(datasets);
  free(engines);
  return opened;
}

static bool runs_init(struct Session *session, const struct Arguments *arguments,
                      struct Error *error)
{
  for (size_t i = 0; i < session->n; i++)
    if (!dataset_init(&session->runs[i].dataset, &session->runs[i].config.data, error))
      return false;
  /* the engines come first: they know whether there is memory for all */
  if (!open_engines(session, arguments, error)) return false;
  for (size_t i = 0; i < session->n; i++) {
    struct Run *run = &session->runs[i];
    if (!parameters_describe(&run->list, &run->config, error) ||
        !training_state_init(&run->state, &run->config, run->list.total, error))
      return false;
  }
  return true;
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

/* Takes exclusive use of the directory; waits for it if this is the only run. */
static bool lock_directory(struct Run *run, bool waits, struct Error *error)
{
  if (holder_lock(&run->lock, run->directory, false, error)) return true;
  if (*error->message) return false;
  if (!waits) return error_set(error, "%s: another train is running there", run->directory);
  fprintf(stderr, "train: %s: another train is running there; waiting for it to end\n",
          run->directory);
  return holder_lock(&run->lock, run->directory, true, error);
}

/* Where a directory really is. */
struct Place {
  dev_t device;
  ino_t number;
  size_t run;
};

static int compare_places(const void *left, const void *right)
{
  const struct Place *a = left, *b = right;
  if (a->device != b->device) return a->device < b->device ? -1 : 1;
  if (a->number != b->number) return a->number < b->number ? -1 : 1;
  return (a->run > b->run) - (a->run < b->run);
}

/* Are no two of the directories, whatever they are called, one? */
static bool check_directories(const struct Session *session, struct Error *error)
{
  struct Place *places = memory_new(session->n, sizeof *places, "the directories", error);
  if (!places) return false;
  size_t n = 0;
  for (size_t i = 0; i < session->n; i++) {
    struct stat status;
    if (stat(session->runs[i].directory, &status) == 0)
      places[n++] = (struct Place){status.st_dev, status.st_ino, i};
  }
  qsort(places, n, sizeof *places, compare_places);
  bool differ = true;
  for (size_t i = 1; differ && i < n; i++)
    if (places[i - 1].device == places[i].device && places[i - 1].number == places[i].number)
      differ = error_set(error, "%s and %s are the same directory",
                         session->runs[places[i - 1].run].directory,
                         session->runs[places[i].run].directory);
  free(places);
  return differ;
}

/* A run keeps three files open, and many runs more than a program may at first. */
static void allow_open_files(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit); /* otherwise opening one says so */
}

static bool enter_directories(struct Session *session, struct Error *error)
{
  for (size_t i = 0; i < session->n; i++)
    if (!output_make_directory(session->runs[i].directory, error)) return false;
  if (!check_directories(session, error)) return false;
  if (session->n > 1) allow_open_files();
  for (size_t i = 0; i < session->n; i++)
    if (!lock_directory(&session->runs[i], session->n == 1, error)) return false;
  interrupt_catch(); /* nothing to save before this point */
  for (size_t i = 0; i < session->n; i++) {
    struct Run *run = &session->runs[i];
    run->saved = memory_print(error, "%s/resume.safetensors", run->directory);
    if (!run->saved || !recorder_init(&run->recorder, run->directory, &run->config, &run->dataset,
                                      &run->list, engine_bits(run->engine), error))
      return false;
  }
  return true;
}

static void run_release(struct Run *run)
{
  struct Error ignored; /* each row was written */
  event_file_close(&run->events, &ignored);
  recorder_release(&run->recorder);
  free(run->saved);
  engine_close(run->engine);
  training_state_release(&run->state);
  parameters_release(&run->list);
  dataset_release(&run->dataset);
  lock_release(&run->lock);
}

static void session_release(struct Session *session)
{
  for (size_t i = 0; session->runs && i < session->n; i++)
    run_release(&session->runs[i]);
  free(session->runs);
  listed_release(&session->listed);
  if (session->log) fclose(session->log);
  share_leave(&session->share);
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
    run->first = run->last = state.training.step;
    if (state.n_rows > 0) {
      run->train = state.rows[state.n_rows - 1].train;
      run->test = state.rows[state.n_rows - 1].test;
    }
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

/* The event file of a run, with the rows that it has: in a directory of its own, if there are
   several runs. */
static bool open_events(struct Run *run, const char *directory, bool several, struct Error *error)
{
  const char *slash = strrchr(run->directory, '/'), *name = slash ? slash + 1 : run->directory;
  const struct Recorder *recorder = &run->recorder;
  char *own =
      several ? memory_print(error, "%s/%s", directory, name) : memory_copy_text(directory, error);
  bool opened = own && event_file_open(&run->events, own, &run->config, error);
  for (size_t i = 0; opened && i < recorder->n_rows; i++)
    opened = event_file_add(&run->events, (int64_t)i * run->config.train.evaluate_every,
                            &recorder->rows[i], error);
  free(own);
  return opened;
}

/* ---- threads ---- */

/* Joins the trainings that share the cores. */
static bool enter_share(struct Session *session, const char *path, struct Error *error)
{
  session->most_threads = omp_get_max_threads();
  return !path || share_join(&session->share, path, error);
}

/* Checks about once a second how many share the cores, as others start and end. The step is sized
   for most_threads; its bits do not depend on the number of threads. */
static void adjust_threads(struct Session *session, const struct Progress *progress)
{
  double seconds = progress_seconds(progress);
  if (!session->share.joined || seconds < session->next_look) return;
  omp_set_num_threads(share_of(&session->share, session->most_threads));
  session->next_look = seconds + 1;
}

/* ---- epochs ---- */

static bool save(struct Run *run, struct Error *error)
{
  return engine_fetch(run->engine, &run->state, error) &&
         state_save(run->saved, &run->state, &run->recorder, error);
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

static bool record_row(struct Run *run, int64_t epoch, struct Performance train,
                       struct Error *error)
{
  const struct HistoryRow row = {train, run->test};
  return recorder_row(&run->recorder, epoch, train, run->test, error) &&
         (!run->events.stream || event_file_add(&run->events, epoch, &row, error));
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
  const bool row = *last || recorder_wants_row(train, epoch);
  if (*last)
    run->train = measured;
  else if (!engine_step(run->engine, row ? &run->train : NULL, error))
    return false;
  if (step_measures_training(&run->config)) measured = run->train;
  if (!performance_check_loss(epoch, run->train.loss, error)) return false;
  if (row && !record_row(run, epoch, measured, error)) return false;
  return !snapshot || recorder_snapshot(&run->recorder, epoch, run->state.values, error);
}

/* ---- final messages ---- */

/* Prints to standard error and to the log. */
__attribute__((format(printf, 2, 3))) static void say(const struct Session *session,
                                                      const char *format, ...)
{
  FILE *const streams[] = {stderr, session->log};
  for (int i = 0; i < 2 && streams[i]; i++) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(streams[i], format, arguments);
    va_end(arguments);
  }
}

static void report_stop(const struct Session *session, const struct Run *run, int signal)
{
  say(session,
      "train: %s: stopped by SIG%s at epoch %" PRId64
      " of %d; the same command resumes from there\n",
      run->directory, sigabbrev_np(signal), run->last, run->config.train.epochs);
}

static void report_end(const struct Session *session, const struct Run *run, double seconds)
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
  if (session->n > 1) say(session, "%s: ", run->directory);
  say(session, "%s: loss %.3g on the training %s, %.3g on the test %s; accuracy %.4g and %.4g\n",
      work, run->train.loss, what, run->test.loss, what, run->train.accuracy, run->test.accuracy);
  if (run->last < run->config.train.epochs)
    say(session, "the test loss is below train.stop_test_loss: no further epochs\n");
}

/* ---- all runs ---- */

/* Of runs that go on: epochs done, in all or by earlier processes, and to do. */
struct Epochs {
  int64_t first, done, total;
};

static struct Epochs count_epochs(const struct Session *session)
{
  struct Epochs epochs = {0};
  for (size_t i = 0; i < session->n; i++) {
    const struct Run *run = &session->runs[i];
    epochs.first += run->first;
    epochs.done += run->ended ? run->config.train.epochs : run->last;
    epochs.total += run->config.train.epochs;
  }
  return epochs;
}

static void show(struct Progress *progress, const struct Session *session, int64_t done)
{
  const struct Run *run = session->runs;
  char details[96];
  size_t left = 0;
  for (size_t i = 0; i < session->n; i++)
    left += !session->runs[i].ended;
  int length = session->n == 1
                   ? snprintf(details, sizeof details, "train %.3g  test %.3g", run->train.loss,
                              run->test.loss)
                   : snprintf(details, sizeof details, "%zu of %zu runs", left, session->n);
  if (session->share.joined)
    snprintf(details + length, sizeof details - (size_t)length, "  threads %d",
             omp_get_max_threads());
  progress_show(progress, done, details);
}

/* The results of a run that has taken its last step. */
static bool finish(struct Session *session, struct Run *run, const struct Progress *progress,
                   struct Error *error)
{
  run->ended = true;
  if (!save(run, error)) return false;
  progress_clear(progress);
  if (!recorder_commit(&run->recorder, run->last, error)) return false;
  report_end(session, run, progress_seconds(progress));
  engine_close(run->engine); /* others go on without it */
  run->engine = NULL;
  return true;
}

/* Of several runs, one that fails does not keep the others from training. */
static bool give_up(struct Session *session, struct Run *run, const struct Progress *progress,
                    struct Error *error)
{
  if (session->n == 1) return false;
  progress_clear(progress);
  say(session, "%s: %s\n", run->directory, error->message);
  *error = (struct Error){0};
  run_release(run);
  *run = (struct Run){.directory = run->directory,
                      .config = run->config,
                      .recorder.writer.descriptor = -1,
                      .first = run->first,
                      .last = run->last,
                      .ended = true,
                      .failed = true};
  return true;
}

/* The state of every run that goes on. */
static bool save_all(struct Session *session, const struct Progress *progress, struct Error *error)
{
  bool saved = true;
  save_clock_start(&session->clock);
  for (size_t i = 0; saved && i < session->n; i++) {
    struct Run *run = &session->runs[i];
    saved = run->ended || save(run, error) || give_up(session, run, progress, error);
  }
  save_clock_stop(&session->clock);
  return saved;
}

/* An epoch of every run that goes on; *left: how many do so afterwards. */
static bool next_epoch(struct Session *session, const struct Progress *progress, size_t *left,
                       struct Error *error)
{
  *left = 0;
  for (size_t i = 0; i < session->n; i++) {
    struct Run *run = &session->runs[i];
    bool last = false;
    if (run->ended) continue;
    if (!one_epoch(run, run->last, &last, error) ||
        (last && !finish(session, run, progress, error))) {
      if (!give_up(session, run, progress, error)) return false;
    } else if (!last) {
      run->last++;
      ++*left;
    }
  }
  return true;
}

/* Trains until all runs have ended or a signal arrives, then saves their states. */
static bool train_epochs(struct Session *session, struct Progress *progress, int *signal,
                         struct Error *error)
{
  for (size_t left = session->n; left > 0;) {
    *signal = interrupt_signal();
    if ((*signal != 0 || save_clock_due(&session->clock)) && !save_all(session, progress, error))
      return false;
    if (*signal != 0) return true;
    adjust_threads(session, progress);
    const int64_t done = count_epochs(session).done;
    if (!next_epoch(session, progress, &left, error)) return false;
    if (left > 0 && progress_due(progress, done)) show(progress, session, done);
  }
  return true;
}

/* A resumed session appends to the existing log. */
static bool open_log(struct Session *session, const char *path, struct Error *error)
{
  session->log = path ? fopen(path, session->runs[0].first > 0 ? "ae" : "we") : NULL;
  return !path || session->log || error_system(error, "%s: cannot create", path);
}

/* From here on each run's epochs are trained. */
static bool sign_locks(const struct Session *session, struct Error *error)
{
  for (size_t i = 0; i < session->n; i++)
    if (!holder_sign(&session->runs[i].lock, session->runs[i].first, error)) return false;
  return true;
}

static bool train_runs(struct Session *session, bool quiet, int *signal, struct Error *error)
{
  struct Progress progress;
  const struct Epochs epochs = count_epochs(session);
  progress_init(&progress, "epochs", epochs.first, epochs.total, quiet);
  if (session->log) progress_keep(&progress, session->log);
  save_clock_init(&session->clock);
  bool trained = train_epochs(session, &progress, signal, error);
  progress_clear(&progress);
  size_t failed = 0;
  for (size_t i = 0; trained && i < session->n; i++) {
    if (*signal != 0 && !session->runs[i].ended) report_stop(session, &session->runs[i], *signal);
    failed += session->runs[i].failed;
  }
  if (failed > 0 && *signal == 0)
    return error_set(error, "%zu of %zu runs failed", failed, session->n);
  return trained;
}

static bool train(const struct Arguments *arguments, char **operands, size_t n, int *signal,
                  struct Error *error)
{
  struct Session session = {0};
  bool done = name_runs(&session, arguments, operands, n, error) && set_threads(arguments, error) &&
              set_clock(&session.clock, arguments->save_every, error);
  if (done && arguments->dump) {
    done = session.n == 1 ? dump_config(&session.runs[0].config, arguments->dump, error)
                          : error_set(error, "--dump-config is for one run, not for --runs");
  } else {
    done = done && runs_init(&session, arguments, error);
    done = done && enter_directories(&session, error) &&
           enter_share(&session, arguments->share, error);
    for (size_t i = 0; done && i < session.n; i++)
      done = begin(&session.runs[i], arguments->restart, error) &&
             (!arguments->tensorboard ||
              open_events(&session.runs[i], arguments->tensorboard, session.n > 1, error));
    done = done && open_log(&session, arguments->progress, error) && sign_locks(&session, error) &&
           train_runs(&session, arguments->quiet, signal, error);
    if (!done && session.log) fprintf(session.log, "failed: %s\n", error->message);
  }
  session_release(&session);
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
  const char *engine = getenv("TRAIN_ENGINE");
  struct Arguments arguments = {.engine = engine && *engine ? engine : "auto"};
  const struct Option options[] = {
      {'o', "output", "RUN_DIR", "directory of both files, created if missing (default: current)",
       &arguments.directory},
      {0, "runs", "FILE",
       "train several runs together: each line of FILE has a RUN_DIR and settings of its own",
       &arguments.runs},
      {0, "engine", "NAME[,NAME...]",
       "what trains the network: the first of these that knows such networks (default: "
       "TRAIN_ENGINE in the environment, or auto); see below",
       &arguments.engine},
      {0, "device", "N", "the device of an engine that trains on one (default: 0)",
       &arguments.device},
      {0, "devices", NULL, "list the devices that there are and exit", &arguments.devices},
      {0, "threads", "N", "OpenMP threads (default: all cores); results do not depend on it",
       &arguments.threads},
      {0, "share", "FILE", "share the cores with other runs that name the same file",
       &arguments.share},
      {0, "progress", "FILE", "write a progress log: one line per hundredth of the run",
       &arguments.progress},
      {0, "tensorboard", "DIR",
       "also write the history and the configuration as an event file that TensorBoard shows",
       &arguments.tensorboard},
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
      .purpose = "train a small transformer and record its snapshots",
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
  if (arguments.devices)
    return list_devices(&error) ? EXIT_SUCCESS : command_line_fail(&tool, &error);
  if (arguments.list)
    return list_settings(&error) ? EXIT_SUCCESS : command_line_fail(&tool, &error);
  if (arguments.digest)
    return show_settings(arguments.digest, argv + first, (size_t)(argc - first), &error)
               ? EXIT_SUCCESS
               : command_line_fail(&tool, &error);
  if (first == argc && !arguments.dump && !arguments.runs) {
    error_set(&error, "no configuration given: expected CONFIG.ini or section.key=value");
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  int signal = 0;
  if (!train(&arguments, argv + first, (size_t)(argc - first), &signal, &error))
    return command_line_fail(&tool, &error);
  if (signal != 0) interrupt_end(signal);
  return EXIT_SUCCESS;
}
