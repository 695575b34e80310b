/*
 * The tables of a figure: which one a mark means, which rows of it, and their columns.
 */
#ifndef PLOT_DATA_H
#define PLOT_DATA_H

#include "base/error.h"
#include "plot/run.h"
#include "plot/spec.h"
#include "table/table.h"

#include <stddef.h>

/* The operands; a table is read when the first mark asks for it. */
struct Tables {
  const struct Spec *spec;  /* for messages */
  const char *const *paths; /* [n] */
  struct Table *tables;     /* [n] */
  bool *read;               /* [n] */
  char **names; /* [n]: of those read: what the specification calls each, the longest where it has
                   several */
  size_t n;
  struct RunChoice run;
};

/* Rows of a table, in its order. */
struct Rows {
  const struct Table *table;
  size_t *row; /* [n] */
  size_t n;
};

/* `run` is drawn instead of the specification's own; NULL: no other. Errors: of run_choice_init. */
bool tables_init(struct Tables *tables, const struct Spec *spec, const char *const *paths, size_t n,
                 const char *run, struct Error *error);
void tables_release(struct Tables *tables);

/* The rows that a mark's `table` and `where` select; without `table`, those of the only operand.
   Errors: no `table` though there are several operands, or not exactly one fits it; the table
   cannot be read or has no rows; a condition names no column; no row meets the conditions, unless
   the mark is optional. */
bool rows_select(struct Rows *rows, struct Tables *tables, const struct Section *section,
                 struct Error *error);
void rows_release(struct Rows *rows);

/* The column that `key` names, as n numbers that the caller frees. Errors: the key is not set, no
   such column, a cell that is no number. */
double *rows_numbers(const struct Rows *rows, const struct Spec *spec,
                     const struct Section *section, enum Key key, struct Error *error);

/* Groups the rows by the text in the column that `group` names. Groups are ordered by value,
   numbers before words: for every row the number of its group in group[n]; the first row of each in
   first[*n_groups]. Both are the caller's to free. Errors: no such column, or more than GROUP_LIMIT
   values in it. */
enum { GROUP_LIMIT = 1000 };
bool rows_group(const struct Rows *rows, const struct Spec *spec, const struct Section *section,
                size_t **group, size_t **first, size_t *n_groups, struct Error *error);

#endif
