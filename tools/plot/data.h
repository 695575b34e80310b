/*
 * The tables of a figure: the table, rows and columns of each mark.
 */
#ifndef PLOT_DATA_H
#define PLOT_DATA_H

#include "base/error.h"
#include "plot/blocks.h"
#include "plot/run.h"
#include "plot/spec.h"
#include "table/table.h"

#include <stddef.h>

/* The tables on the command line; each is read when first used by a mark. */
struct Tables {
  const struct Spec *spec;  /* for messages */
  const char *const *paths; /* [n] */
  struct Table *tables;     /* [n] */
  bool *read;               /* [n] */
  char **names; /* [n]: name in the specification of each table read, the longest if there are
                   several */
  size_t n;
  struct RunChoice run;
  double epoch;          /* of a film's frame: what moves has only its rows; NaN in a figure */
  struct Blocks *blocks; /* [n]: the rows of tables with epochs, found when first needed */
  struct Table view;     /* the rows of a frame: a part of one of the tables */
  bool partial;          /* an operand belongs to a run that has not finished */
  bool left_out;         /* marks were left out because their tables are not there */
};

/* Rows of a table, in table order. */
struct Rows {
  const struct Table *table;
  size_t *row; /* [n] */
  size_t n;
};

/* `run` is drawn instead of the specification's own, unless NULL. Errors: those of
   run_choice_init. */
bool tables_init(struct Tables *tables, const struct Spec *spec, const char *const *paths, size_t n,
                 const char *run, struct Error *error);
void tables_release(struct Tables *tables);

/* Whether the mark is to be left out: if it shows another run than the chosen one, or if its table
   is not an operand while one of these belongs to a run that has not finished, since other runs may
   not have begun then. */
bool tables_leave_out(struct Tables *tables, const struct Section *section);

/* The epochs at which all marks that move (`frames`) have rows, rising: the frames of a film. The
   caller frees them. Errors: nothing moves; there is no such epoch; those of blocks_find. */
bool tables_find_epochs(struct Tables *tables, double **epochs, size_t *n, struct Error *error);

/* The rows selected by a mark's `table` and `where`; without `table`, those of the only operand. Of
   a mark that moves, only those of the frame's epoch. Errors: no `table` but several operands; not
   exactly one operand matches; the table cannot be read or has no rows; a condition names an
   unknown column; no row meets the conditions, unless the mark is optional. */
bool rows_select(struct Rows *rows, struct Tables *tables, const struct Section *section,
                 struct Error *error);
void rows_release(struct Rows *rows);

/* The column named by `key`, as n numbers that the caller frees; on an even axis, their positions
   (plot/even.h). Errors: the key is not set, no
   such column, a cell that is not a number. */
double *rows_numbers(const struct Rows *rows, const struct Spec *spec,
                     const struct Section *section, enum Key key, struct Error *error);

/* Groups the rows by the text in the column named by `group`, ordered by value, numbers before
   words. group[n] is the group number of each row, first[*n_groups] the first row of each group;
   the caller frees both. Errors: no such column; more than GROUP_LIMIT different values. */
enum { GROUP_LIMIT = 1000 };
bool rows_group(const struct Rows *rows, const struct Spec *spec, const struct Section *section,
                size_t **group, size_t **first, size_t *n_groups, struct Error *error);

#endif
