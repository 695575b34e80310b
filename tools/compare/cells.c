#include "compare/cells.h"

#include "base/memory.h"
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- cells ---- */

/* All cells of a column, comma-separated; "none" if there are no rows. */
static char *join_column(const struct Table *table, size_t column, struct Error *error)
{
  size_t size = sizeof "none";
  for (size_t row = 0; row < table->n_rows; row++)
    size += strlen(table_cell(table, row, column)) + 1;
  char *joined = memory_new(size, 1, "a list of cells", error), *end = joined;
  if (!joined) return NULL;
  for (size_t row = 0; row < table->n_rows; row++)
    end += sprintf(end, "%s%s", row > 0 ? "," : "", table_cell(table, row, column));
  if (table->n_rows == 0) memcpy(joined, "none", sizeof "none");
  return joined;
}

static char *last_cell(const struct Table *table, size_t column, struct Error *error)
{
  bool any = table->n_rows > 0;
  return memory_copy_text(any ? table_cell(table, table->n_rows - 1, column) : "nan", error);
}

static bool meets(const struct Query *query, double x)
{
  return query->above ? x > query->bound : x < query->bound;
}

/* The cell in the first row that meets the condition; "nan" if none does. */
static char *first_cell(const struct Query *query, const struct Table *table, size_t column,
                        const double *x, struct Error *error)
{
  size_t row = 0;
  while (row < table->n_rows && !meets(query, x[row]))
    row++;
  return memory_copy_text(row < table->n_rows ? table_cell(table, row, column) : "nan", error);
}

/* ---- numbers ---- */

static double count_crossings(const struct Query *query, const double *x, size_t n)
{
  double crossings = 0;
  for (size_t row = 1; row < n; row++)
    crossings += meets(query, x[row]) && !meets(query, x[row - 1]);
  return crossings;
}

/* Is a before b, NaN being above all numbers? */
static bool is_below(double a, double b)
{
  return isnan(b) ? !isnan(a) : a < b;
}

static double extreme(const double *x, size_t n, bool most)
{
  double found = n > 0 ? x[0] : NAN;
  for (size_t row = 1; row < n; row++)
    if (most ? is_below(found, x[row]) : is_below(x[row], found)) found = x[row];
  return found;
}

/* Twice the rank of a number about the mean of all ranks; equal numbers share theirs. */
static double centred_rank(const double *x, size_t n, double value)
{
  double rank = 0;
  for (size_t row = 0; row < n; row++)
    rank += is_below(x[row], value) - is_below(value, x[row]);
  return rank;
}

/* NaN if the numbers of one are all equal. */
static double rank_correlation(const double *x, const double *y, size_t n)
{
  double xy = 0, xx = 0, yy = 0;
  for (size_t row = 0; row < n; row++) {
    double a = centred_rank(x, n, x[row]), b = centred_rank(y, n, y[row]);
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xy / sqrt(xx * yy);
}

static char *print_number(double value, struct Error *error)
{
  char text[NUMBER_TEXT_SIZE];
  number_format_real(value, text);
  return memory_copy_text(text, error);
}

/* ---- queries ---- */

/* Has the column words alone? */
static bool has_words(const struct Table *table, size_t column)
{
  double number;
  for (size_t row = 0; row < table->n_rows; row++)
    if (number_parse_real(table_cell(table, row, column), &number)) return false;
  return table->n_rows > 0;
}

/* A column to be ranked: its numbers; of words, how many rows have an earlier one in the order of
   their bytes. */
static double *ranked(const struct Table *table, const char *name, struct Error *error)
{
  int column = table_column(table, name, error);
  if (column < 0) return NULL;
  if (!has_words(table, (size_t)column)) return table_numbers(table, name, error);
  double *order = memory_new(table->n_rows, sizeof *order, "the order of words", error);
  for (size_t row = 0; order && row < table->n_rows; row++)
    for (size_t other = 0; other < table->n_rows; other++)
      order[row] += strcmp(table_cell(table, other, (size_t)column),
                           table_cell(table, row, (size_t)column)) < 0;
  return order;
}

static char *answer_rank(const struct Query *query, const struct Table *table, struct Error *error)
{
  double *x = ranked(table, query->x, error);
  double *y = x ? ranked(table, query->y, error) : NULL;
  char *text = y ? print_number(rank_correlation(x, y, table->n_rows), error) : NULL;
  free(y);
  free(x);
  return text;
}

/* A query that tests the column X, given its numbers. */
static char *answer_tested(const struct Query *query, const struct Table *table, const double *x,
                           struct Error *error)
{
  size_t n = table->n_rows;
  if (query->kind == QUERY_CROSSINGS) return print_number(count_crossings(query, x, n), error);
  if (query->kind != QUERY_FIRST)
    return print_number(extreme(x, n, query->kind == QUERY_MOST), error);
  int column = table_column(table, query->column, error);
  return column < 0 ? NULL : first_cell(query, table, (size_t)column, x, error);
}

char *query_answer(const struct Query *query, const struct Table *table, struct Error *error)
{
  if (query->kind == QUERY_ALL || query->kind == QUERY_LAST) {
    int column = table_column(table, query->column, error);
    if (column < 0) return NULL;
    return (query->kind == QUERY_ALL ? join_column : last_cell)(table, (size_t)column, error);
  }
  if (query->kind == QUERY_RANK) return answer_rank(query, table, error);
  double *x = table_numbers(table, query->x, error);
  char *text = x ? answer_tested(query, table, x, error) : NULL;
  free(x);
  return text;
}
