/*
 * How far long work has come, for a person: on a terminal one line on standard error that is
 * rewritten a few times a second; in a log a line at every tenth of the way, so that it stays
 * readable.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct Progress {
  const char *unit; /* plural: "epochs" */
  int64_t first, total;
  FILE *stream;        /* standard error, unless progress_keep named another one */
  int64_t step;        /* in a log: from one line to the next */
  bool terminal;       /* rather than a log */
  double start, shown; /* seconds */
  int64_t next;        /* in a log: the count that is worth a line */
};

/* Work from `first` (what an earlier run has done already) to `total`. */
void progress_init(struct Progress *progress, const char *unit, int64_t first, int64_t total);

/* From here on keeps a log in that file, with a line at every hundredth of the way. */
void progress_keep(struct Progress *progress, FILE *file);

/* Is it time to say something? Cheap enough to be asked at every step. */
bool progress_due(struct Progress *progress, int64_t done);

/* Says it: count, rate, time left, and `details`, whatever the caller measures. */
void progress_show(struct Progress *progress, int64_t done, const char *details);

/* Takes the line off the terminal; in a log it does nothing. */
void progress_clear(const struct Progress *progress);

/* Seconds since the start. */
double progress_seconds(const struct Progress *progress);

/* 3 min 20 s, for instance. */
enum { PROGRESS_TIME_SIZE = 32 };
void progress_format_time(double seconds, char text[PROGRESS_TIME_SIZE]);

#endif
