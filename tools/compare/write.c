#include "compare/comparison.h"

#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "table/summary.h"
#include "table/tex.h"

#include <stdlib.h>
#include <string.h>

/* The title, and one line per run: "seed-1 is run: configuration ..., trajectory ...". */
static char *describe_runs(const struct ComparedRuns *runs, struct Error *error)
{
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (stream) fputs("Runs side by side", stream);
  for (size_t run = 0; stream && run < runs->n; run++) {
    char line[PROVENANCE_SIZE];
    provenance_format(&runs->runs[run].provenance, line);
    fprintf(stream, "\n%s is %s", runs->runs[run].name, line);
  }
  if (stream && fclose(stream) == 0) return text;
  error_system(error, "the runs' descriptions");
  free(text);
  return NULL;
}

static struct Column column_of(const struct Query *query)
{
  return (struct Column){.name = query->name, .unit = "as there", .meaning = query->meaning};
}

static const char *name_of_row(const struct Comparison *comparison, size_t row)
{
  return comparison->runs->runs[comparison->rows[row].run].name;
}

bool comparison_write(const struct Comparison *comparison, const char *path, struct Error *error)
{
  const struct ComparedRuns *runs = comparison->runs;
  const struct Queries *queries = comparison->queries;
  struct Column columns[1 + MAX_QUERIES] = {
      {.name = "run", .unit = "name", .meaning = "the folder of its tables"}};
  for (size_t i = 0; i < queries->n; i++)
    columns[1 + i] = column_of(&queries->query[i]);
  struct TableWriter table;
  char *title = describe_runs(runs, error);
  bool created = title && table_create(&table, path, title, columns, 1 + queries->n, error);
  free(title);
  if (!created) return false;
  for (size_t row = 0; row < comparison->n; row++) {
    table_put_text(&table, name_of_row(comparison, row));
    for (size_t i = 0; i < queries->n; i++)
      table_put_text(&table, comparison->answers[row * queries->n + i]);
  }
  return table_commit(&table, error);
}

static enum Role role_of(const struct Query *query, const struct Over *over)
{
  if (!query_is_setting(query)) return ROLE_NUMBER;
  return over->setting[config_find_setting(query->column)] ? ROLE_IGNORED : ROLE_KEY;
}

/* The query that tells the rows of a run apart, for summaries: the first for a cell of the row. */
static const struct Query *query_of_row(const struct Comparison *comparison)
{
  const struct Queries *queries = comparison->queries;
  for (size_t i = 0; comparison->rows_of && i < queries->n; i++)
    if (queries->query[i].kind == QUERY_ALL &&
        strcmp(queries->query[i].table, comparison->rows_of) == 0)
      return &queries->query[i];
  return NULL;
}

/* As every setting in which runs differ has a column, the runs of a row are those that agree in the
   settings columns other than those of `over`. */
bool comparison_write_over(const struct Comparison *comparison, const struct Over *over,
                           const char *path, struct Error *error)
{
  const struct Queries *queries = comparison->queries;
  struct Column columns[MAX_QUERIES];
  enum Role roles[MAX_QUERIES];
  for (size_t i = 0; i < queries->n; i++) {
    const struct Query *query = &queries->query[i];
    columns[i] = column_of(query);
    roles[i] = query == query_of_row(comparison) ? ROLE_KEY : role_of(query, over);
  }
  size_t n = comparison->n;
  const char **names = memory_new(n, sizeof *names, "names of rows", error);
  char *title = describe_runs(comparison->runs, error);
  for (size_t i = 0; names && i < n; i++)
    names[i] = name_of_row(comparison, i);
  struct Summary summary = {columns, roles, queries->n, names, comparison->answers, n};
  bool written = names && title && summary_write(&summary, path, title, error);
  free(title);
  free(names);
  return written;
}

/* A number or words; for a list, each of its items, with a blank after the comma. */
static bool put_tex_answer(FILE *stream, const char *text, struct Error *error)
{
  while (true) {
    size_t length = strcspn(text, ",");
    char *word = memory_print(error, "%.*s", (int)length, text);
    double value;
    if (!word) return false;
    if (number_parse_real(word, &value))
      tex_put_number(stream, value);
    else
      tex_put_text(stream, word);
    free(word);
    text += length;
    if (*text == '\0') return true;
    fputs(", ", stream);
    text++;
  }
}

static bool put_tex_row(FILE *stream, const char *name, char **answers, size_t n,
                        struct Error *error)
{
  tex_put_text(stream, name);
  for (size_t i = 0; i < n; i++) {
    fputs(" & ", stream);
    if (!put_tex_answer(stream, answers[i], error)) return false;
  }
  fputs(" \\\\\n", stream);
  return true;
}

bool comparison_write_tex(const struct Comparison *comparison, const char *path,
                          struct Error *error)
{
  size_t n = comparison->queries->n;
  struct Output output;
  if (!output_open(&output, path, error)) return false;
  fputs("% made by compare-runs: rows of a table\n\\newcommand{\\comparedruns}{%\n", output.stream);
  for (size_t row = 0; row < comparison->n; row++) {
    const char *name = name_of_row(comparison, row);
    if (put_tex_row(output.stream, name, comparison->answers + row * n, n, error)) continue;
    output_discard(&output);
    return false;
  }
  fputs("}\n", output.stream);
  return output_commit(&output, error);
}
