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

/* A number or a word of a row, to be sorted. */
struct Item {
  double number;
  const char *word;
  size_t row;
};

static int compare_numbers(const void *left, const void *right)
{
  const struct Item *a = left, *b = right;
  return is_below(b->number, a->number) - is_below(a->number, b->number);
}

/* In the order of their bytes. */
static int compare_words(const void *left, const void *right)
{
  const struct Item *a = left, *b = right;
  return strcmp(a->word, b->word);
}

typedef int Compare(const void *left, const void *right);

/* Twice the ranks of the items' rows about the mean of all ranks, in new memory: how many are below
   a row's less how many are above it. Equal ones share theirs. Sorts the items. */
static double *rank_items(struct Item *items, size_t n, Compare *compare, struct Error *error)
{
  double *ranks = memory_new(n, sizeof *ranks, "ranks", error);
  if (!ranks) return NULL;
  qsort(items, n, sizeof *items, compare);
  for (size_t first = 0, end = 0; first < n; first = end) {
    while (end < n && compare(&items[first], &items[end]) == 0)
      end++;
    for (size_t i = first; i < end; i++)
      ranks[items[i].row] = (double)first - (double)(n - end);
  }
  return ranks;
}

/* Of centred ranks; NaN if those of one are all equal. */
static double correlation(const double *x, const double *y, size_t n)
{
  double xy = 0, xx = 0, yy = 0;
  for (size_t row = 0; row < n; row++) {
    xy += x[row] * y[row];
    xx += x[row] * x[row];
    yy += y[row] * y[row];
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

/* The centred ranks of a column: of its numbers or, if it has words alone, of these. */
static double *rank_column(const struct Table *table, const char *name, struct Error *error)
{
  const size_t n = table->n_rows;
  const int column = table_column(table, name, error);
  if (column < 0) return NULL;
  const bool words = has_words(table, (size_t)column);
  double *numbers = words ? NULL : table_numbers(table, name, error);
  struct Item *items =
      words || numbers ? memory_new(n, sizeof *items, "cells in their order", error) : NULL;
  for (size_t row = 0; items && row < n; row++)
    items[row] = (struct Item){.number = words ? 0 : numbers[row],
                               .word = table_cell(table, row, (size_t)column),
                               .row = row};
  double *ranks =
      items ? rank_items(items, n, words ? compare_words : compare_numbers, error) : NULL;
  free(items);
  free(numbers);
  return ranks;
}

static char *answer_rank(const struct Query *query, const struct Table *table, struct Error *error)
{
  double *x = rank_column(table, query->x, error);
  double *y = x ? rank_column(table, query->y, error) : NULL;
  char *text = y ? print_number(correlation(x, y, table->n_rows), error) : NULL;
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
