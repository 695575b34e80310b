#include "compare/comparison.h"

#include "base/memory.h"
#include "base/number.h"
#include "compare/cells.h"

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

/* A whole configuration leaves out later settings that are at their defaults. */
static bool is_known(const struct Config *config, int setting)
{
  return config_given(config, config_setting_name(setting)) ||
         (config_complete(config) && config_is_later(setting));
}

static char *answer_quantity(const struct Comparison *comparison, size_t run, const char *quantity,
                             struct Error *error)
{
  const struct ComparedRuns *runs = comparison->runs;
  int setting = config_find_setting(quantity);
  if (setting >= 0 && is_known(&runs->runs[run].config, setting)) {
    char value[CONFIG_VALUE_SIZE];
    config_setting_value(&runs->runs[run].config, setting, value);
    return memory_copy_text(value, error);
  }
  for (size_t i = 0; i < runs->runs[run].n_tables; i++) {
    const struct Table *table = &runs->tables[runs->runs[run].tables[i]];
    size_t row = find_quantity(table, quantity);
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

/* Is it the row's own cell that answers, not one for all rows of the run? */
static bool is_of_row(const struct Comparison *comparison, const struct Query *query)
{
  return comparison->rows_of && query->kind == QUERY_ALL &&
         strcmp(comparison->rows_of, query->table) == 0;
}

/* The cell of a row and a column, which the caller frees. */
static char *answer(const struct Comparison *comparison, const struct ComparisonRow *row,
                    const struct Query *query, struct Error *error)
{
  if (query->kind == QUERY_QUANTITY)
    return answer_quantity(comparison, row->run, query->column, error);
  const struct Table *table = compared_runs_table(comparison->runs, row->run, query->table);
  if (!table) return answer_missing(comparison, row->run, "table", query->table, error);
  if (!is_of_row(comparison, query)) return query_answer(query, table, error);
  int column = table_column(table, query->column, error);
  return column < 0 ? NULL : memory_copy_text(table_cell(table, row->at, (size_t)column), error);
}

/* How many rows a run has. */
static bool count_rows(const struct Comparison *comparison, size_t run, size_t *n,
                       struct Error *error)
{
  *n = 1;
  if (!comparison->rows_of) return true;
  const struct Table *table = compared_runs_table(comparison->runs, run, comparison->rows_of);
  *n = table ? table->n_rows : 0;
  if (table || comparison->missing_is_nan) return true;
  answer_missing(comparison, run, "table", comparison->rows_of, error);
  return false;
}

static bool list_rows(struct Comparison *comparison, struct Error *error)
{
  size_t most = 0, n;
  for (size_t run = 0; run < comparison->runs->n; run++) {
    if (!count_rows(comparison, run, &n, error)) return false;
    most += n;
  }
  comparison->rows = memory_new(most, sizeof *comparison->rows, "rows", error);
  if (!comparison->rows) return false;
  for (size_t run = 0; run < comparison->runs->n; run++) {
    count_rows(comparison, run, &n, error);
    for (size_t at = 0; at < n; at++)
      comparison->rows[comparison->n++] = (struct ComparisonRow){run, at};
  }
  return true;
}

static bool find_answers(struct Comparison *comparison, struct Error *error)
{
  const struct Queries *queries = comparison->queries;
  size_t n = comparison->n * queries->n;
  comparison->answers = memory_new(n, sizeof(char *), "answers", error);
  for (size_t i = 0; comparison->answers && i < n; i++) {
    const struct ComparisonRow *row = &comparison->rows[i / queries->n];
    const struct Query *query = &queries->query[i % queries->n];
    const bool again = row->at > 0 && !is_of_row(comparison, query); /* as in the row above */
    comparison->answers[i] = again ? memory_copy_text(comparison->answers[i - queries->n], error)
                                   : answer(comparison, row, query, error);
    if (!comparison->answers[i]) return false;
  }
  return comparison->answers;
}

bool comparison_init(struct Comparison *comparison, const struct ComparedRuns *runs,
                     const struct Queries *queries, const char *rows_of, bool missing_is_nan,
                     struct Error *error)
{
  *comparison = (struct Comparison){
      .runs = runs, .queries = queries, .rows_of = rows_of, .missing_is_nan = missing_is_nan};
  if (list_rows(comparison, error) && find_answers(comparison, error)) return true;
  comparison_release(comparison);
  return false;
}

void comparison_release(struct Comparison *comparison)
{
  size_t n = comparison->n * comparison->queries->n;
  for (size_t i = 0; comparison->answers && i < n; i++)
    free(comparison->answers[i]);
  free(comparison->answers);
  free(comparison->rows);
}
