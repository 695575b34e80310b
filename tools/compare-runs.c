/* compare-runs: puts runs side by side, with values from their tables. */
#include "base/command_line.h"
#include "base/lines.h"
#include "base/memory.h"
#include "compare/comparison.h"

#include <stdlib.h>
#include <string.h>

static const char *table_path = "-", *tex_path, *columns_text, *want_settings, *over_text, *rows_of,
                  *missing_is_nan, *files_path;

static const struct Tool tool = {
    .name = "compare-runs",
    .purpose = "put runs side by side in a table",
    .operands = "TABLE.tsv|config.ini...",
    .summary =
        "Writes a table with one row per run. A run is a folder; its row has values from the\n"
        "tables given from that folder. Rows are in order of first appearance of the folders.\n"
        "The first column, run, is the folder's name. The others are given by --columns,\n"
        "separated by blanks:\n"
        "  QUANTITY             a setting in the run's config.ini, such as train.seed; otherwise\n"
        "                       that quantity in the first table that has it, among the run's\n"
        "                       tables with columns quantity and value\n"
        "  TABLE:COLUMN         all cells of a column of the run's TABLE.tsv, comma-separated\n"
        "  TABLE:COLUMN@X<Y     the cell in the first row in which column X is below the number\n"
        "                       Y (or above, with >); nan if it never is\n"
        "  TABLE:COLUMN@last    the cell in the last row\n"
        "  TABLE:crossings@X<Y  how many rows have X below Y (or above) and follow one without\n"
        "  TABLE:least@X        the least number in column X; most@X is the largest\n"
        "  TABLE:rank@X~Y       Spearman's rank correlation of two columns; words rank by "
        "alphabet\n"
        "  NAME=...             any of these under another name\n"
        "nan, as in epochs of what never happened, sorts above all numbers.\n"
        "With --rows, a run has a row for each row of its TABLE.tsv, and TABLE:COLUMN is that\n"
        "row's cell; all other values stand in each of the run's rows.\n"
        "With --over, runs that differ only in the settings it names, such as seeds, share one\n"
        "row, with NAME_median, NAME_min and NAME_max over these runs for each of --columns: the\n"
        "median of epochs is nan if at least half of the runs never got there. With --rows, too,\n"
        "rows share one if they also agree in the first TABLE:COLUMN of that table.",
    .options = (const struct Option[]){
        {'o', "output", "FILE.tsv", "output table (default: standard output)", &table_path},
        {'c', "columns", "COLUMNS", "the columns, see above", &columns_text},
        {'s', "settings", NULL, "put a column for each setting in which the runs differ first",
         &want_settings},
        {'r', "rows", "TABLE", "a row for each row of this table of the runs", &rows_of},
        {0, "over", "SETTINGS", "one row for runs that differ only in these; implies --settings",
         &over_text},
        {0, "tex", "FILE.tex", "also write the rows as a LaTeX macro, \\comparedruns", &tex_path},
        {'f', "files", "FILE", "more operands, a path a line, behind those of the command line",
         &files_path},
        {0, "missing-is-nan", NULL, "write nan if a run lacks a quantity or table",
         &missing_is_nan},
        {0}}};

static bool read_options(struct Queries *queries, struct Over *over, int n_operands,
                         struct Error *error)
{
  if (n_operands == 0 && !files_path)
    return error_set(error, "missing operand: expected tables of runs, or --files FILE");
  if (over_text && tex_path)
    return error_set(error, "--over and --tex: LaTeX rows are available for single runs only");
  if (over_text) want_settings = over_text;
  if (!over_parse(over, over_text ? over_text : "", error) ||
      !queries_parse(queries, columns_text ? columns_text : "", error))
    return false;
  if (queries->n > 0 || want_settings) return true;
  return error_set(error, "--columns: empty, expected at least one column");
}

static bool write_all(const struct Comparison *comparison, const struct Over *over,
                      struct Error *error)
{
  if (over_text) return comparison_write_over(comparison, over, table_path, error);
  return comparison_write(comparison, table_path, error) &&
         (!tex_path || comparison_write_tex(comparison, tex_path, error));
}

static bool compare(const struct ComparedRuns *runs, struct Queries *queries,
                    const struct Over *over, struct Error *error)
{
  struct Comparison comparison;
  if ((want_settings && !queries_add_settings(queries, runs, error)) ||
      !comparison_init(&comparison, runs, queries, rows_of, missing_is_nan, error))
    return false;
  bool written = write_all(&comparison, over, error);
  comparison_release(&comparison);
  return written;
}

/* The operands and those of the list, if there is one. */
static bool read_runs(struct ComparedRuns *runs, const struct Lines *list, char **operands,
                      size_t n, struct Error *error)
{
  char **paths = memory_new(n + list->n, sizeof *paths, "the operands", error);
  if (!paths) return false;
  memcpy(paths, operands, n * sizeof *paths);
  if (list->n > 0) memcpy(paths + n, list->line, list->n * sizeof *paths);
  bool read = n + list->n > 0 ? compared_runs_read(runs, paths, n + list->n, error)
                              : error_set(error, "%s: lists no files", files_path);
  free(paths);
  return read;
}

static bool compare_all(struct Queries *queries, const struct Over *over, char **operands, size_t n,
                        struct Error *error)
{
  struct Lines list = {.n = 0};
  struct ComparedRuns runs;
  if (files_path && !lines_read(&list, files_path, error)) return false;
  bool done = read_runs(&runs, &list, operands, n, error);
  if (done) {
    done = compare(&runs, queries, over, error);
    compared_runs_release(&runs);
  }
  lines_release(&list);
  return done;
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  struct Queries queries;
  struct Over over;
  if (!read_options(&queries, &over, argc - first, &error)) {
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  bool done = compare_all(&queries, &over, argv + first, (size_t)(argc - first), &error);
  queries_release(&queries);
  return done ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
