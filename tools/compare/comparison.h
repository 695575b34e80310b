/*
 * Runs side by side: rows, mostly one for each run, with an answer in each column, and the files
 * that show them.
 */
#ifndef COMPARE_COMPARISON_H
#define COMPARE_COMPARISON_H

#include "compare/query.h"
#include "compare/runs.h"
#include "compare/settings.h"

struct ComparisonRow {
  size_t run;
  size_t at; /* of the run's table `rows_of` */
};

struct Comparison {
  const struct ComparedRuns *runs;
  const struct Queries *queries;
  const char *rows_of; /* a table whose rows are those of the comparison; NULL: a row per run */
  bool missing_is_nan; /* rather than an error */
  struct ComparisonRow *rows; /* [n] */
  size_t n;
  char **answers; /* [n][queries->n] */
};

/* Looks everything up. With rows_of (or NULL), every run has a row for each of that table's, and a
   query for a column of it is answered by that row's cell; other answers stand in all rows of the
   run. Errors: a run lacks a quantity or a table; a table lacks a column; a cell is not a number
   where it should be. */
bool comparison_init(struct Comparison *comparison, const struct ComparedRuns *runs,
                     const struct Queries *queries, const char *rows_of, bool missing_is_nan,
                     struct Error *error);
void comparison_release(struct Comparison *comparison);

/* A table of the rows: the run's name, and the answers. */
bool comparison_write(const struct Comparison *comparison, const char *path, struct Error *error);

/* A table with one row for all runs that differ only in the settings of `over` (table/summary.h).
   Every setting in which runs differ must have a column. Of runs with many rows, those share one
   that also agree in the first column from the table rows_of, such as its epochs. */
bool comparison_write_over(const struct Comparison *comparison, const struct Over *over,
                           const char *path, struct Error *error);

/* The rows as a LaTeX macro, \comparedruns. */
bool comparison_write_tex(const struct Comparison *comparison, const char *path,
                          struct Error *error);

#endif
