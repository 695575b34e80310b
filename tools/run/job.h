/*
 * What a launcher says of a run that it has given to a scheduler: RUN_DIR/job, one line of four
 * words, while the run's job is queued or running, or after it was stopped by a signal, as at a
 * time limit, or has failed,
 *
 *   STATE SCHEDULER JOB MACHINE
 *   queued slurm - -
 *   running slurm 1234 n1
 *   stopped slurm 1234 n1
 *   failed slurm 1234 n1
 *
 * where - is what is not known yet. Launchers write the file, and take it away; nothing here does.
 * (For a moment it may be empty, or say "done": no news.)
 */
#ifndef RUN_JOB_H
#define RUN_JOB_H

#include "base/error.h"

enum JobState { JOB_NONE, JOB_QUEUED, JOB_RUNNING, JOB_STOPPED, JOB_FAILED };

enum { JOB_WORD_SIZE = 65 };

struct Job {
  enum JobState state;
  char scheduler[JOB_WORD_SIZE], number[JOB_WORD_SIZE], machine[JOB_WORD_SIZE]; /* "": unknown */
};

/* Reads such a file; JOB_NONE if there is none. Errors: it cannot be read; it is not such a line.
 */
bool job_read(struct Job *job, const char *path, struct Error *error);

#endif
