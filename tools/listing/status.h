/*
 * What the files in a run's folder tell of the run, of which only heads and tails are read:
 *
 *   config.ini                   its settings, as the build has written them
 *   train.lock                   who trains it (run/holder.h)
 *   history.tsv                  finished, together with trajectory.safetensors (run/recorder.h)
 *   history.tsv.partial          on the way; its last row is the last that was measured
 *   progress.log                 of `train --progress`; ends with "failed: ..." if that has
 *   job                          what a launcher says (run/job.h)
 *
 * The first of these states that holds is the run's:
 *
 *   training     its lock is held. Or: another machine has signed it, does not seem to hold it, but
 *                has written something there in the last five minutes: a file system may not show
 *                the locks of other machines (base/lock.h).
 *   done         finished, with the settings of config.ini if there is one
 *   started      a launcher says that its job runs, but nobody trains here: it begins, or has died
 *   queued       a launcher has given it to a scheduler
 *   failed       a launcher or the end of progress.log says so
 *   interrupted  on the way, or its job was stopped, and nobody trains it: the same command resumes
 *   stale        finished, but with other settings than those of config.ini
 *   waiting      there is nothing, or its settings alone
 *
 * What these files do not tell: that a finished run is older than the program that would train it
 * now (Ninja knows that), and that a training without a progress log, or of several runs together,
 * has failed.
 */
#ifndef LISTING_STATUS_H
#define LISTING_STATUS_H

#include "base/error.h"
#include "table/table.h"

enum RunState {
  RUN_DONE,
  RUN_TRAINING,
  RUN_STARTED,
  RUN_QUEUED,
  RUN_FAILED,
  RUN_INTERRUPTED,
  RUN_STALE,
  RUN_WAITING,
  N_RUN_STATES
};
extern const char *const run_state_names[N_RUN_STATES];

enum { WHERE_SIZE = 208 };

struct RunStatus {
  enum RunState state;
  struct MaybeInteger epoch;    /* of the last row of its history */
  struct MaybeInteger epochs;   /* how many it is to have */
  double train_loss, test_loss; /* of that row; NaN: unknown, as below */
  double rate;                  /* epochs a second since this training began; NaN unless training */
  double left;                  /* seconds to the last epoch at that rate */
  double since;                 /* seconds since any of the files was written */
  char where[WHERE_SIZE];       /* "n1, process 4711", "slurm job 1234, n1"; may be empty */
  char failure[WHERE_SIZE];     /* what the progress log says of it; may be empty */
  struct Error problem;         /* the first file that could not be read, if there is one */
};

/* The status at a time, in seconds since 1970, of a run whose folder need not exist. */
void run_status_read(struct RunStatus *status, const char *folder, double now);

#endif
