#include "compare/comparison.h"

#include "base/memory.h"
#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The row of a quantity in a table; n_rows if it is not there, or the table has other columns. */
static size_t find_quantity(const struct Table *table, const char *quantity)
{
  struct Error ignored;
  int names = table_column(table, "quantity", &ignored);
  if (names < 0 || table_column(table, "value", &ignored) < 0) return table->n_rows;
  size_t row = 0;
  while (row < table->n_rows && strcmp(table_cell(table, row, (size_t)names), quantity) != 0)
    row++;
  return row;
}

static char *answer_missing(const struct Comparison *comparison, size_t i, const char *what,
                            const char *name, struct Error *error)
{
  if (comparison->missing_is_nan) return memory_copy_text("nan", error);
  const struct ComparedRun *run = &comparison->runs->runs[i];
  bool here = run->folder_length == 0;
  error_set(error, "%.*s: no %s \"%s\" in the tables given from that folder",
            here ? 1 : run->folder_length, here ? "." : run->folder, what, name);
  return NULL;
}

static char *answer_quantity(const struct Comparison *comparison, size_t run, const char *quantity,
                             struct Error *error)
{
  const struct ComparedRuns *runs = comparison->runs;
  if (config_given(&runs->runs[run].config, quantity)) {
    char value[CONFIG_VALUE_SIZE];
    config_setting_value(&runs->runs[run].config, config_find_setting(quantity), value);
    return memory_copy_text(value, error);
  }
  for (size_t i = 0; i < runs->n_tables; i++) {
    const struct Table *table = &runs->tables[i];
    size_t row = runs->run_of[i] == run ? find_quantity(table, quantity) : table->n_rows;
    if (row == table->n_rows) continue;
    const char *cell = table_cell(table, row, (size_t)table_column(table, "value", error));
    double value;
    if (number_parse_real(cell, &value)) return memory_copy_text(cell, error);
    error_set(error, "%s:%zu: column \"value\": found \"%s\", expected a number", table->path,
              (size_t)table->first_line + row, cell);
    return NULL;
  }
  return answer_missing(comparison, run, "quantity", quantity, error);
}

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

/* The cell in the first row that meets the condition; "nan" if none does. */
static char *find_cell(const struct Table *table, size_t column, const struct Query *query,
                       struct Error *error)
{
  double *tested = table_numbers(table, query->tested, error);
  if (!tested) return NULL;
  size_t row = 0;
  while (row < table->n_rows &&
         !(query->above ? tested[row] > query->bound : tested[row] < query->bound))
    row++;
  free(tested);
  return memory_copy_text(row < table->n_rows ? table_cell(table, row, column) : "nan", error);
}

static char *last_cell(const struct Table *table, size_t column, struct Error *error)
{
  bool any = table->n_rows > 0;
  return memory_copy_text(any ? table_cell(table, table->n_rows - 1, column) : "nan", error);
}

/* The cell of a run and a column, which the caller frees. */
static char *answer(const struct Comparison *comparison, size_t run, const struct Query *query,
                    struct Error *error)
{
  if (query->table[0] == '\0') return answer_quantity(comparison, run, query->column, error);
  const struct Table *table = compared_runs_table(comparison->runs, run, query->table);
  if (!table) return answer_missing(comparison, run, "table", query->table, error);
  int column = table_column(table, query->column, error);
  if (column < 0) return NULL;
  if (query->last) return last_cell(table, (size_t)column, error);
  return query->tested[0] == '\0' ? join_column(table, (size_t)column, error)
                                  : find_cell(table, (size_t)column, query, error);
}

bool comparison_init(struct Comparison *comparison, const struct ComparedRuns *runs,
                     const struct Queries *queries, bool missing_is_nan, struct Error *error)
{
  size_t n = runs->n * queries->n;
  *comparison = (struct Comparison){.runs = runs,
                                    .queries = queries,
                                    .missing_is_nan = missing_is_nan,
                                    .answers = memory_new(n, sizeof(char *), "answers", error)};
  if (!comparison->answers) return false;
  for (size_t i = 0; i < n; i++) {
    const struct Query *query = &queries->query[i % queries->n];
    comparison->answers[i] = answer(comparison, i / queries->n, query, error);
    if (comparison->answers[i]) continue;
    comparison_release(comparison);
    return false;
  }
  return true;
}

void comparison_release(struct Comparison *comparison)
{
  size_t n = comparison->runs->n * comparison->queries->n;
  for (size_t i = 0; i < n; i++)
    free(comparison->answers[i]);
  free(comparison->answers);
}
