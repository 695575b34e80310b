#include "listing/status.h"

#include "base/number.h"
#include "config/config.h"
#include "run/holder.h"
#include "run/job.h"
#include "run/metadata.h"
#include "tensor/safetensors.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const run_state_names[N_RUN_STATES] = {"done",   "training",    "started", "queued",
                                                   "failed", "interrupted", "stale",   "waiting"};

enum { QUIET_FOR = 300 }; /* seconds, after which another machine's lock counts as left behind */

/* The files whose times are signs of life. */
enum File { HISTORY, PARTIAL_HISTORY, TRAJECTORY, PARTIAL_TRAJECTORY, SAVED, LOG, JOB, N_FILES };
static const char *const file_names[N_FILES] = {"history.tsv",
                                                "history.tsv.partial",
                                                "trajectory.safetensors",
                                                "trajectory.safetensors.partial",
                                                "resume.safetensors",
                                                "progress.log",
                                                "job"};

/* What is found in a folder. */
struct Findings {
  const char *folder;
  double written[N_FILES]; /* when, in seconds since 1970; 0: not there */
  struct Holder holder;
  struct Job job;
  struct Config config;
  bool has_config;
  struct Provenance run; /* of the history */
  bool is_current;       /* with the settings of config.ini, as far as they are known */
  struct Error *problem; /* the first one */
  char path[PATH_MAX];   /* of the file that is looked at */
};

static const char *path_of(struct Findings *found, const char *name)
{
  snprintf(found->path, sizeof found->path, "%s/%s", found->folder, name);
  return found->path;
}

/* The first problem is told, others may come of it. */
static void note(struct Findings *found, const struct Error *error)
{
  if (!*found->problem->message) *found->problem = *error;
}

static void find_files(struct Findings *found)
{
  for (int i = 0; i < N_FILES; i++) {
    struct stat status;
    if (stat(path_of(found, file_names[i]), &status) != 0) continue;
    found->written[i] = (double)status.st_mtim.tv_sec + 1e-9 * (double)status.st_mtim.tv_nsec;
  }
}

static bool is_finished(const struct Findings *found)
{
  return found->written[HISTORY] > 0 && found->written[TRAJECTORY] > 0;
}

static bool is_on_the_way(const struct Findings *found)
{
  return found->written[PARTIAL_HISTORY] > 0 || found->written[PARTIAL_TRAJECTORY] > 0;
}

/* When something was written last; 0: never. */
static double last_written(const struct Findings *found)
{
  double last = found->holder.signed_at;
  for (int i = 0; i < N_FILES; i++)
    if (found->written[i] > last) last = found->written[i];
  return last;
}

/* ---- files ---- */

static void read_config(struct Findings *found)
{
  struct Error error;
  struct stat status;
  if (stat(path_of(found, "config.ini"), &status) != 0) return;
  config_init(&found->config);
  found->has_config = config_read_file(&found->config, found->path, &error);
  if (!found->has_config) note(found, &error);
}

static double number_in(const struct Table *table, const char *column, struct Error *error)
{
  double value = NAN;
  int at = table_column(table, column, error);
  if (at >= 0 && !number_parse_real(table_cell(table, 0, (size_t)at), &value))
    error_set(error, "%s: column \"%s\": found \"%s\", expected a number", table->path, column,
              table_cell(table, 0, (size_t)at));
  return value;
}

/* The last row of what the run has measured, or once had. */
static void read_history(struct RunStatus *status, struct Findings *found)
{
  struct Table table;
  struct Error error = {0};
  const bool partial = found->written[PARTIAL_HISTORY] > 0;
  if (!partial && (!is_finished(found) || found->holder.is_held)) return;
  path_of(found, file_names[partial ? PARTIAL_HISTORY : HISTORY]);
  if (!table_read_last(&table, found->path, &error)) {
    if (error.code != ENOENT) note(found, &error); /* it may have got its final name */
    return;
  }
  found->run = table.run;
  if (table.n_rows > 0) {
    double epoch = number_in(&table, "epoch", &error);
    status->train_loss = number_in(&table, "train_loss", &error);
    status->test_loss = number_in(&table, "test_loss", &error);
    if (epoch >= 0 && epoch <= INT_MAX) status->epoch = (struct MaybeInteger){true, (int64_t)epoch};
  }
  if (*error.message) note(found, &error);
  table_release(&table);
}

/* The end of the progress log, if it says that a training has failed. */
static void read_log(struct RunStatus *status, struct Findings *found)
{
  static const char word[] = "failed: ";
  char text[1024];
  if (found->written[LOG] == 0) return;
  FILE *log = fopen(path_of(found, file_names[LOG]), "re");
  if (!log) return;
  if (fseeko(log, -(off_t)(sizeof text - 1), SEEK_END) != 0) rewind(log);
  size_t length = fread(text, 1, sizeof text - 1, log);
  fclose(log);
  while (length > 0 && text[length - 1] == '\n')
    length--;
  text[length] = '\0';
  const char *before = strrchr(text, '\n'), *line = before ? before + 1 : text;
  if (strncmp(line, word, strlen(word)) == 0)
    snprintf(status->failure, sizeof status->failure, "%s", line + strlen(word));
}

/* The epochs that the settings in a trajectory say; unknown if it cannot be read (yet). */
static struct MaybeInteger epochs_of_trajectory(struct Findings *found)
{
  struct Safetensors file;
  struct Config config;
  struct Error ignored;
  const bool partial = found->written[PARTIAL_TRAJECTORY] > 0;
  path_of(found, file_names[partial ? PARTIAL_TRAJECTORY : TRAJECTORY]);
  if (!safetensors_open(&file, found->path, &ignored)) return (struct MaybeInteger){false, 0};
  bool read =
      metadata_read_config(&config, &file, &ignored) && config_given(&config, "train.epochs");
  safetensors_close(&file);
  return (struct MaybeInteger){read, read ? config.train.epochs : 0};
}

/* ---- what they tell ---- */

static bool is_trained(const struct Findings *found, double now)
{
  char here[HOLDER_MACHINE_SIZE];
  if (found->holder.is_held || !found->holder.has_signed) return found->holder.is_held;
  holder_name_machine(here);
  return strcmp(here, found->holder.machine) != 0 && fabs(now - last_written(found)) < QUIET_FOR;
}

static enum RunState state_of(const struct RunStatus *status, const struct Findings *found,
                              double now)
{
  if (is_trained(found, now)) return RUN_TRAINING;
  const bool finished = is_finished(found), on_the_way = is_on_the_way(found);
  if (finished && !on_the_way && found->is_current) return RUN_DONE;
  if (found->job.state == JOB_RUNNING) return RUN_STARTED;
  if (found->job.state == JOB_QUEUED) return RUN_QUEUED;
  if (found->job.state == JOB_FAILED || *status->failure) return RUN_FAILED;
  if (on_the_way || found->job.state == JOB_STOPPED) return RUN_INTERRUPTED;
  return finished ? RUN_STALE : RUN_WAITING;
}

static void say_where(struct RunStatus *status, const struct Findings *found)
{
  const struct Job *job = &found->job;
  const struct Holder *holder = &found->holder;
  if (status->state == RUN_DONE) return;
  if (job->state != JOB_NONE)
    snprintf(status->where, sizeof status->where, "%s%s%s%s%s", job->scheduler,
             *job->number ? " job " : "", job->number, *job->machine ? ", " : "", job->machine);
  else if (status->state == RUN_TRAINING && holder->has_signed)
    snprintf(status->where, sizeof status->where, "%s, process %lld", holder->machine,
             (long long)holder->process);
}

/* The rate since the training began, and what it comes to. */
static void say_when(struct RunStatus *status, const struct Findings *found, double now)
{
  const struct Holder *holder = &found->holder;
  const double last = last_written(found);
  if (last > 0) status->since = now > last ? now - last : 0;
  if (status->state != RUN_TRAINING || !holder->has_signed || !status->epoch.known) return;
  const double seconds = found->written[PARTIAL_HISTORY] - holder->signed_at;
  const double done = (double)(status->epoch.value - holder->epoch);
  if (!(seconds > 0 && done > 0)) return;
  status->rate = done / seconds;
  if (status->epochs.known)
    status->left = (double)(status->epochs.value - status->epoch.value) / status->rate;
}

static void say_epochs(struct RunStatus *status, struct Findings *found)
{
  const bool begun = is_finished(found) || is_on_the_way(found);
  if (found->has_config && (found->is_current || !begun))
    status->epochs = (struct MaybeInteger){true, found->config.train.epochs};
  else if (begun)
    status->epochs = epochs_of_trajectory(found);
}

static void read_files(struct RunStatus *status, struct Findings *found)
{
  struct Error error = {0};
  /* first of all: whoever ends after this leaves finished files */
  if (!holder_look(&found->holder, found->folder, &error)) note(found, &error);
  find_files(found);
  if (!job_read(&found->job, path_of(found, file_names[JOB]), &error)) note(found, &error);
  read_config(found);
  read_history(status, found);
  read_log(status, found);
  found->is_current = !found->has_config || !found->run.has_configuration ||
                      digest_equal(config_digest(&found->config), found->run.configuration);
}

void run_status_read(struct RunStatus *status, const char *folder, double now)
{
  struct Findings found = {.folder = folder, .problem = &status->problem};
  struct Error ignored;
  *status = (struct RunStatus){
      .train_loss = NAN, .test_loss = NAN, .rate = NAN, .left = NAN, .since = NAN};
  read_files(status, &found);
  status->state = state_of(status, &found, now);
  if (status->state == RUN_INTERRUPTED && holder_look(&found.holder, folder, &ignored) &&
      found.holder.is_held)
    status->state = RUN_TRAINING; /* it began between the looks */
  if (status->state != RUN_FAILED) *status->failure = '\0';
  say_epochs(status, &found);
  say_where(status, &found);
  say_when(status, &found, now);
}
