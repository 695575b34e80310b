#include "table/summary.h"

#include "base/memory.h"
#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *cell(const struct Summary *summary, size_t row, size_t column)
{
  return summary->cells[row * summary->n_columns + column];
}

/* ---- groups of rows ---- */

struct Group {
  size_t *rows; /* [n], increasing */
  size_t n;
};

/* The rows, group after group. */
struct Groups {
  size_t *rows;        /* [n_rows] */
  struct Group *group; /* [n], in the order of their first rows */
  size_t n;
};

/* By the keys of rows. */
static int compare_keys(const struct Summary *summary, size_t a, size_t b)
{
  int order = 0;
  for (size_t i = 0; order == 0 && i < summary->n_columns; i++)
    if (summary->roles[i] == ROLE_KEY) order = strcmp(cell(summary, a, i), cell(summary, b, i));
  return order;
}

/* By keys, then by place. */
static int compare_rows(const void *left, const void *right, void *summary)
{
  const size_t a = *(const size_t *)left, b = *(const size_t *)right;
  int order = compare_keys(summary, a, b);
  return order != 0 ? order : (a > b) - (a < b);
}

static int compare_groups(const void *left, const void *right)
{
  const struct Group *a = left, *b = right;
  return (a->rows[0] > b->rows[0]) - (a->rows[0] < b->rows[0]);
}

static void groups_release(struct Groups *groups)
{
  free(groups->rows);
  free(groups->group);
}

static bool groups_init(struct Groups *groups, const struct Summary *summary, struct Error *error)
{
  const size_t n = summary->n_rows;
  *groups = (struct Groups){.rows = memory_new(n, sizeof *groups->rows, "rows", error)};
  if (groups->rows) groups->group = memory_new(n, sizeof *groups->group, "groups", error);
  if (!groups->group) {
    groups_release(groups);
    return false;
  }
  for (size_t row = 0; row < n; row++)
    groups->rows[row] = row;
  qsort_r(groups->rows, n, sizeof *groups->rows, compare_rows,
          (void *)(uintptr_t)summary); /* GNU */
  for (size_t first = 0, end; first < n; first = end) {
    for (end = first + 1; end < n; end++)
      if (compare_keys(summary, groups->rows[first], groups->rows[end]) != 0) break;
    groups->group[groups->n++] = (struct Group){groups->rows + first, end - first};
  }
  qsort(groups->group, groups->n, sizeof *groups->group, compare_groups);
  return true;
}

/* ---- columns ---- */

enum { N_PARTS = 3 };
static const char *const parts[N_PARTS] = {"median", "min", "max"};

struct Columns {
  struct Column *column; /* [n] */
  char **names;          /* [n_names]: new names, owned */
  size_t n, n_names;
};

static void columns_release(struct Columns *columns)
{
  for (size_t i = 0; columns->names && i < columns->n_names; i++)
    free(columns->names[i]);
  free(columns->names);
  free(columns->column);
}

static bool add_column(struct Columns *columns, struct Column column, struct Error *error)
{
  for (size_t i = 0; i < columns->n; i++)
    if (strcmp(columns->column[i].name, column.name) == 0)
      return error_set(error, "two columns would be named \"%s\"", column.name);
  columns->column[columns->n++] = column;
  return true;
}

static bool add_parts(struct Columns *columns, struct Column column, struct Error *error)
{
  for (int part = 0; part < N_PARTS; part++) {
    char *name = memory_print(error, "%s_%s", column.name, parts[part]);
    if (!name) return false;
    columns->names[columns->n_names++] = name;
    if (!add_column(columns,
                    (struct Column){.name = name, .unit = column.unit, .meaning = column.meaning},
                    error))
      return false;
  }
  return true;
}

static bool columns_init(struct Columns *columns, const struct Summary *summary,
                         struct Error *error)
{
  size_t most = 2 + N_PARTS * summary->n_columns;
  *columns = (struct Columns){.column = memory_new(most, sizeof *columns->column, "columns", error),
                              .names = memory_new(most, sizeof *columns->names, "columns", error)};
  bool added =
      columns->column && columns->names &&
      add_column(columns,
                 (struct Column){.name = "run", .unit = "name", .meaning = "what is put together"},
                 error) &&
      add_column(columns,
                 (struct Column){.name = "runs", .unit = "1", .meaning = "how many these are"},
                 error);
  for (size_t i = 0; added && i < summary->n_columns; i++) {
    if (summary->roles[i] == ROLE_KEY) added = add_column(columns, summary->columns[i], error);
    if (summary->roles[i] == ROLE_NUMBER) added = add_parts(columns, summary->columns[i], error);
  }
  if (!added) columns_release(columns);
  return added;
}

/* ---- rows ---- */

/* NaN after all numbers */
static int compare(const void *left, const void *right)
{
  double a = *(const double *)left, b = *(const double *)right;
  if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
  return (a > b) - (a < b);
}

/* Writes N_PARTS cells. `numbers` has room for the group. */
static bool put_parts(struct TableWriter *table, const struct Summary *summary,
                      const struct Group *group, size_t column, double *numbers,
                      struct Error *error)
{
  size_t n = group->n;
  for (size_t i = 0; i < n; i++) {
    const char *text = cell(summary, group->rows[i], column);
    if (!number_parse_real(text, &numbers[i]))
      return error_set(error, "%s: column \"%s\": found \"%s\", expected a number",
                       summary->names[group->rows[i]], summary->columns[column].name, text);
  }
  qsort(numbers, n, sizeof *numbers, compare);
  table_put(table, (numbers[(n - 1) / 2] + numbers[n / 2]) / 2);
  table_put(table, numbers[0]);
  table_put(table, numbers[n - 1]);
  return true;
}

static bool put_names(struct TableWriter *table, const struct Summary *summary,
                      const struct Group *group, struct Error *error)
{
  size_t size = 0;
  for (size_t i = 0; i < group->n; i++)
    size += strlen(summary->names[group->rows[i]]) + 1;
  char *names = memory_new(size, 1, "names of a group", error), *end = names;
  if (!names) return false;
  for (size_t i = 0; i < group->n; i++)
    end += sprintf(end, "%s%s", i > 0 ? "," : "", summary->names[group->rows[i]]);
  table_put_text(table, names);
  free(names);
  return true;
}

static bool put_group(struct TableWriter *table, const struct Summary *summary,
                      const struct Group *group, double *numbers, struct Error *error)
{
  if (!put_names(table, summary, group, error)) return false;
  bool put = true;
  table_put_integer(table, (long long)group->n);
  for (size_t i = 0; put && i < summary->n_columns; i++) {
    if (summary->roles[i] == ROLE_KEY) table_put_text(table, cell(summary, group->rows[0], i));
    if (summary->roles[i] == ROLE_NUMBER) put = put_parts(table, summary, group, i, numbers, error);
  }
  return put;
}

static bool put_groups(struct TableWriter *table, const struct Summary *summary,
                       struct Error *error)
{
  struct Groups groups;
  if (!groups_init(&groups, summary, error)) return false;
  double *numbers = memory_new(summary->n_rows, sizeof *numbers, "numbers of a column", error);
  bool put = numbers;
  for (size_t i = 0; put && i < groups.n; i++)
    put = put_group(table, summary, &groups.group[i], numbers, error);
  free(numbers);
  groups_release(&groups);
  return put;
}

bool summary_write(const struct Summary *summary, const char *path, const char *title,
                   struct Error *error)
{
  struct Columns columns;
  struct TableWriter table;
  if (!columns_init(&columns, summary, error)) return false;
  bool written = table_create(&table, path, title, columns.column, columns.n, error);
  columns_release(&columns);
  if (!written) return false;
  if (put_groups(&table, summary, error)) return table_commit(&table, error);
  table_discard(&table);
  return false;
}
