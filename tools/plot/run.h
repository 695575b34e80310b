/*
 * A figure of one run, drawn of another (render-figure --run): `table = mainline/history` then
 * means the history of the run that is wanted.
 *
 * A table RUN/NAME belongs to RUN, a table NAME to none. A figure is of the run of [figure]'s
 * table or, where none is set there, of the one run that all its tables belong to. Marks that show
 * other runs, for comparison, are left out. A figure that names no table at all is of any run.
 */
#ifndef PLOT_RUN_H
#define PLOT_RUN_H

#include "base/error.h"
#include "plot/spec.h"

#include <stdbool.h>

struct RunChoice {
  const char *wanted; /* the caller's; NULL: the figure's own, and nothing below does anything */
  char *own;          /* NULL: the figure names no table */
};

/* Errors: the figure is of no run, or of several. The choice may be released in any case. */
bool run_choice_init(struct RunChoice *choice, const struct Spec *spec, const char *wanted,
                     struct Error *error);
void run_choice_release(struct RunChoice *choice);

/* Does a table of this name (NULL: not set) belong to a run that is left out? */
bool run_choice_leaves_out(const struct RunChoice *choice, const char *table);

/* The name of the table that is drawn instead, or a copy of the name. The caller frees it. */
char *run_choice_rename(const struct RunChoice *choice, const char *table, struct Error *error);

/* Is the table at this path one of the run that is wanted? */
bool run_choice_admits(const struct RunChoice *choice, const char *path);

/* "seed-1" of "runs/seed-1": what stands behind the last slash. */
const char *run_choice_name(const char *run);

#endif
