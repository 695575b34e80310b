/*
 * Rows put together: one row for all rows that agree in the columns that tell them apart, with what
 * the others of its columns come to.
 */
#ifndef TABLE_SUMMARY_H
#define TABLE_SUMMARY_H

#include "table/table.h"

enum Role {
  ROLE_KEY,     /* tells rows apart, and is kept */
  ROLE_IGNORED, /* what rows are put together over: it has no column */
  ROLE_NUMBER   /* is written as median, least and greatest number */
};

struct Summary {
  const struct Column *columns; /* [n_columns] */
  const enum Role *roles;       /* [n_columns] */
  size_t n_columns;
  const char *const *names; /* [n_rows], of what each row is about */
  char *const *cells;       /* [n_rows][n_columns] */
  size_t n_rows;
};

/*
 * Writes the table: `run`, the names of the rows that were put together, with commas between them;
 * `runs`, how many they are; then, in the order of the columns, a key under its own name, and
 * NAME_median, NAME_min and NAME_max of a number. Rows stand in the order in which the first of
 * each comes.
 *
 * NaN counts as more than every number: a maximum is NaN where one of the numbers is, a median
 * where half of them or more are. The median of an even number of rows is the mean of the middle
 * two.
 *
 * Errors: no number where there has to be one, with its row's name; two columns of one name;
 * writing.
 */
bool summary_write(const struct Summary *summary, const char *path, const char *title,
                   struct Error *error);

#endif
