/*
 * Summaries of tables: groups rows that agree in their key columns into one row, with the median,
 * the minimum and the maximum of other columns.
 */
#ifndef TABLE_SUMMARY_H
#define TABLE_SUMMARY_H

#include "table/table.h"

enum Role {
  ROLE_KEY,     /* distinguishes rows; kept */
  ROLE_IGNORED, /* what rows are grouped over; dropped */
  ROLE_NUMBER   /* written as median, minimum and maximum */
};

struct Summary {
  const struct Column *columns; /* [n_columns] */
  const enum Role *roles;       /* [n_columns] */
  size_t n_columns;
  const char *const *names; /* [n_rows]: the subject of each row */
  char *const *cells;       /* [n_rows][n_columns] */
  size_t n_rows;
};

/*
 * Writes the table: `run`, the names of the grouped rows, comma-separated; `runs`, how many there
 * are; then, in column order, keys under their own names, and NAME_median, NAME_min and NAME_max
 * for numbers. Groups are in order of their first rows.
 *
 * NaN sorts above all numbers: a maximum is NaN if any of the numbers is, a median if at least half
 * of them are. The median of an even number of rows is the mean of the middle two.
 *
 * Errors: a cell that is not a number but should be, with its row's name; duplicate column names;
 * writing.
 */
bool summary_write(const struct Summary *summary, const char *path, const char *title,
                   struct Error *error);

#endif
