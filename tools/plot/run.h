/*
 * Drawing a figure of one run for another run (render-figure --run): `table = mainline/history`
 * then means the history of that run.
 *
 * A table RUN/NAME belongs to RUN, a table NAME to no run. A figure's own run is that of [figure]'s
 * table or, if not set, the single run of all its tables. Marks that show other runs, for
 * comparison, are left out. A figure that names no table works for any run.
 */
#ifndef PLOT_RUN_H
#define PLOT_RUN_H

#include "base/error.h"
#include "plot/spec.h"

#include <stdbool.h>

struct RunChoice {
  const char
      *wanted; /* the caller's; NULL: the figure's own, and the functions below have no effect */
  char *own;   /* NULL: the figure names no table */
};

/* Errors: the figure has no run, or several. The choice may be released even after an error. */
bool run_choice_init(struct RunChoice *choice, const struct Spec *spec, const char *wanted,
                     struct Error *error);
void run_choice_release(struct RunChoice *choice);

/* Whether the table of this name (NULL: not set) belongs to a run that is left out. */
bool run_choice_leaves_out(const struct RunChoice *choice, const char *table);

/* The name of the table to draw instead, or a copy of the name. The caller frees it. */
char *run_choice_rename(const struct RunChoice *choice, const char *table, struct Error *error);

/* Whether the table at this path belongs to the wanted run. */
bool run_choice_admits(const struct RunChoice *choice, const char *path);

/* "seed-1" of "runs/seed-1": the part after the last slash. */
const char *run_choice_name(const char *run);

#endif
