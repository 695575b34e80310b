/*
 * How far long work has come, for a person. On a terminal: one line on standard error, cut to the
 * terminal's width and rewritten a few times a second. Where the cursor cannot move (TERM=dumb, or
 * no TERM at all) and in a log: plain lines, one for every tenth of the way. A file can get lines
 * of its own besides.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Plain lines, at fixed parts of the way. */
struct ProgressLines {
  FILE *stream; /* NULL: none */
  int64_t step; /* from one line to the next */
  int64_t next; /* the count that is worth a line */
};

struct Progress {
  const char *unit; /* plural: "epochs" */
  int64_t first, total;
  bool rewritten;              /* standard error is a terminal on which one line is rewritten */
  struct ProgressLines screen; /* standard error where it is not */
  struct ProgressLines log;
  double start, shown; /* seconds */
};

/* Work from `first` (what an earlier run has done already) to `total`. `quiet`: standard error gets
   nothing unless it is a terminal. */
void progress_init(struct Progress *progress, const char *unit, int64_t first, int64_t total,
                   bool quiet);

/* From here on that file too gets a line, at every hundredth of the way. */
void progress_keep(struct Progress *progress, FILE *file);

/* Is it time to say something? Cheap enough to be asked at every step. */
bool progress_due(struct Progress *progress, int64_t done);

/* Says it wherever it is due: count, rate, time left, and `details`, whatever the caller measures
   ("" for nothing). */
void progress_show(struct Progress *progress, int64_t done, const char *details);

/* Takes the line off the terminal; plain lines stay. */
void progress_clear(const struct Progress *progress);

/* Seconds since the start. */
double progress_seconds(const struct Progress *progress);

/* 3 min 20 s, for instance. */
enum { PROGRESS_TIME_SIZE = 32 };
void progress_format_time(double seconds, char text[PROGRESS_TIME_SIZE]);

#endif
