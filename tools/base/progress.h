/*
 * Progress of long-running work. On a terminal: one line on standard error, truncated to the
 * terminal's width and rewritten a few times a second. If the cursor cannot move (TERM=dumb or
 * unset), or standard error is not a terminal: plain lines, one per tenth of the work. A log file
 * can be added.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Plain lines, at equal parts of the work. */
struct ProgressLines {
  FILE *stream; /* NULL: none */
  int64_t step; /* between two lines */
  int64_t next; /* the count at which the next line is due */
};

struct Progress {
  const char *unit; /* plural: "epochs" */
  int64_t first, total;
  bool rewritten;              /* standard error is a terminal with one rewritten line */
  struct ProgressLines screen; /* standard error otherwise */
  struct ProgressLines log;
  double start, shown; /* seconds */
};

/* Work from `first` (already done by an earlier run) to `total`. `quiet`: nothing on standard error
   unless it is a terminal. */
void progress_init(struct Progress *progress, const char *unit, int64_t first, int64_t total,
                   bool quiet);

/* From now on, also writes a line to `file` at every hundredth of the work. */
void progress_keep(struct Progress *progress, FILE *file);

/* Is an update due? Cheap enough to call at every step. */
bool progress_due(struct Progress *progress, int64_t done);

/* Prints the update wherever it is due: count, rate, time left, and `details` from the caller (""
   for none). */
void progress_show(struct Progress *progress, int64_t done, const char *details);

/* Clears the line on the terminal; plain lines stay. */
void progress_clear(const struct Progress *progress);

/* Seconds since the start. */
double progress_seconds(const struct Progress *progress);

/* For example, 3 min 20 s. */
enum { PROGRESS_TIME_SIZE = 32 };
void progress_format_time(double seconds, char text[PROGRESS_TIME_SIZE]);

#endif
