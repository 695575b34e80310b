/*
 * Runs side by side: an answer for each run and each column, and the files that show them.
 */
#ifndef COMPARE_COMPARISON_H
#define COMPARE_COMPARISON_H

#include "compare/query.h"
#include "compare/runs.h"
#include "compare/settings.h"

struct Comparison {
  const struct ComparedRuns *runs;
  const struct Queries *queries;
  bool missing_is_nan; /* rather than an error */
  char **answers;      /* [runs->n][queries->n] */
};

/* Looks everything up. Errors: a run lacks a quantity or a table; a table lacks a column; a cell is
   not a number where it should be. */
bool comparison_init(struct Comparison *comparison, const struct ComparedRuns *runs,
                     const struct Queries *queries, bool missing_is_nan, struct Error *error);
void comparison_release(struct Comparison *comparison);

/* A table with one row per run: its name, and the answers. */
bool comparison_write(const struct Comparison *comparison, const char *path, struct Error *error);

/* A table with one row for all runs that differ only in the settings of `over` (table/summary.h).
   Every setting in which runs differ must have a column. */
bool comparison_write_over(const struct Comparison *comparison, const struct Over *over,
                           const char *path, struct Error *error);

/* The rows as a LaTeX macro, \comparedruns. */
bool comparison_write_tex(const struct Comparison *comparison, const char *path,
                          struct Error *error);

#endif
