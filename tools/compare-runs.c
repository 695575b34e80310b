/* compare-runs: puts runs side by side, one row per run, with values from their tables. */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "config/config.h"
#include "table/summary.h"
#include "table/table.h"
#include "table/tex.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *table_path = "-", *tex_path, *columns_text, *want_settings, *over_text,
                  *missing_is_nan;

static const struct Tool tool = {
    .name = "compare-runs",
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
        "  NAME=...             any of these under another name\n"
        "With --over, runs that differ only in the settings it names, such as seeds, share one\n"
        "row, with NAME_median, NAME_min and NAME_max over these runs for each of --columns. nan\n"
        "sorts above all numbers: the median of epochs is nan if at least half of the runs never\n"
        "got there.",
    .options =
        (const struct Option[]){
            {'o', "output", "FILE.tsv", "output table (default: standard output)", &table_path},
            {'c', "columns", "COLUMNS", "the columns, see above", &columns_text},
            {'s', "settings", NULL, "put a column for each setting in which the runs differ first",
             &want_settings},
            {0, "over", "SETTINGS",
             "one row for runs that differ only in these; implies --settings", &over_text},
            {0, "tex", "FILE.tex", "also write the rows as a LaTeX macro, \\comparedruns",
             &tex_path},
            {0, "missing-is-nan", NULL, "write nan if a run lacks a quantity or table",
             &missing_is_nan},
            {0}},
    .min_operands = 1};

enum { MAX_COLUMNS = 32, NAME_SIZE = 64 };

static const char blanks[] = " \t\n"; /* between the words of an option */

/* ---- the tables, by run ---- */

struct Run {
  const char *folder; /* of its tables' paths; not NUL-terminated */
  int folder_length;
  char *name;
  struct Config config;         /* from its config.ini */
  struct Provenance provenance; /* from its tables and its config.ini */
};

struct Runs {
  struct Table *tables; /* [n_tables] */
  size_t *run_of;       /* [n_tables] */
  size_t n_tables;
  struct Run *runs; /* [n] */
  size_t n;
};

static void runs_release(struct Runs *runs)
{
  for (size_t i = 0; i < runs->n_tables; i++)
    table_release(&runs->tables[i]);
  for (size_t i = 0; i < runs->n; i++)
    free(runs->runs[i].name);
  free(runs->tables);
  free(runs->run_of);
  free(runs->runs);
}

/* The last component of a folder; for an empty path, of the current directory. */
static char *name_folder(const char *folder, int length, struct Error *error)
{
  int start = length;
  while (start > 0 && folder[start - 1] != '/')
    start--;
  return length == 0 ? memory_copy_text(".", error)
                     : memory_print(error, "%.*s", length - start, folder + start);
}

/* A run's name becomes a cell, and must be unique. */
static bool check_run_name(const struct Runs *runs, const char *name, const char *path,
                           struct Error *error)
{
  for (const char *c = name; *c; c++)
    if ((unsigned char)*c < ' ')
      return error_set(error, "%s: the folder's name has a control character", path);
  for (size_t i = 0; i < runs->n; i++)
    if (strcmp(runs->runs[i].name, name) == 0)
      return error_set(error, "%s: another folder is also called \"%s\", expected unique names",
                       path, name);
  return true;
}

/* The run of a table; a new one if this is the first table from its folder. */
static bool find_run(struct Runs *runs, const char *path, size_t *found, struct Error *error)
{
  const char *slash = strrchr(path, '/');
  int length = slash ? (int)(slash - path) : 0;
  for (*found = 0; *found < runs->n; (*found)++) {
    const struct Run *run = &runs->runs[*found];
    if (run->folder_length == length && strncmp(run->folder, path, (size_t)length) == 0)
      return true;
  }
  char *name = name_folder(path, length, error);
  if (!name || !check_run_name(runs, name, path, error)) {
    free(name);
    return false;
  }
  runs->runs[runs->n++] = (struct Run){.folder = path, .folder_length = length, .name = name};
  return true;
}

/* Records which run a file belongs to. Error: it contradicts another file of the folder. */
static bool take_provenance(struct Run *run, const struct Provenance *said, const char *path,
                            struct Error *error)
{
  struct Provenance *known = &run->provenance;
  if ((said->has_configuration && known->has_configuration &&
       !digest_equal(said->configuration, known->configuration)) ||
      (said->has_trajectory && known->has_trajectory &&
       !digest_equal(said->trajectory, known->trajectory)))
    return error_set(error, "%s: belongs to another run than earlier files from that folder", path);
  if (said->has_configuration) known->configuration = said->configuration;
  if (said->has_trajectory) known->trajectory = said->trajectory;
  known->has_configuration |= said->has_configuration;
  known->has_trajectory |= said->has_trajectory;
  return true;
}

static bool read_table(struct Runs *runs, const char *path, struct Error *error)
{
  size_t i = runs->n_tables;
  struct Table *table = &runs->tables[i];
  if (!table_read(table, path, error)) return false;
  runs->n_tables++;
  return find_run(runs, path, &runs->run_of[i], error) &&
         take_provenance(&runs->runs[runs->run_of[i]], &table->run, path, error);
}

static bool read_config(struct Runs *runs, const char *path, struct Error *error)
{
  size_t i;
  if (!find_run(runs, path, &i, error)) return false;
  struct Config *config = &runs->runs[i].config;
  if (!config_read_file(config, path, error)) return false;
  struct Provenance said = {.has_configuration = config_complete(config),
                            .configuration = config_digest(config)};
  return take_provenance(&runs->runs[i], &said, path, error);
}

static bool runs_read(struct Runs *runs, char **paths, size_t n, struct Error *error)
{
  *runs = (struct Runs){.tables = memory_new(n, sizeof *runs->tables, "tables", error),
                        .run_of = memory_new(n, sizeof *runs->run_of, "tables", error),
                        .runs = memory_new(n, sizeof *runs->runs, "runs", error)};
  bool read = runs->tables && runs->run_of && runs->runs;
  for (size_t i = 0; read && i < n; i++) {
    const char *ending = strrchr(paths[i], '.');
    bool is_config = ending && strcmp(ending, ".ini") == 0;
    read = (is_config ? read_config : read_table)(runs, paths[i], error);
  }
  if (!read) runs_release(runs);
  return read;
}

/* The table of a run by its file name without .tsv; NULL if there is none. */
static const struct Table *find_table(const struct Runs *runs, size_t run, const char *name)
{
  for (size_t i = 0; i < runs->n_tables; i++) {
    if (runs->run_of[i] != run) continue;
    const char *slash = strrchr(runs->tables[i].path, '/');
    const char *file = slash ? slash + 1 : runs->tables[i].path;
    size_t length = strlen(name);
    if (strncmp(file, name, length) != 0) continue;
    if (file[length] == '\0' || strcmp(file + length, ".tsv") == 0) return &runs->tables[i];
  }
  return NULL;
}

/* ---- requested columns ---- */

struct Request {
  char name[NAME_SIZE];   /* of the column */
  char table[NAME_SIZE];  /* "" for a quantity */
  char column[NAME_SIZE]; /* or the quantity */
  bool last;              /* the last row of the table */
  char tested[NAME_SIZE]; /* the condition's column; "" for all rows */
  bool above;             /* the condition is >, not < */
  double bound;
  char *meaning;
};

struct Requests {
  struct Request request[MAX_COLUMNS]; /* [n] */
  size_t n;
};

static void requests_release(struct Requests *requests)
{
  for (size_t i = 0; i < requests->n; i++)
    free(requests->request[i].meaning);
}

/* Copies the text up to the first of `ends`, or all of it, and moves past it. */
static bool take_name(const char **rest, const char *ends, char name[NAME_SIZE])
{
  size_t length = strcspn(*rest, ends);
  if (length == 0 || length >= NAME_SIZE) return false;
  memcpy(name, *rest, length);
  name[length] = '\0';
  *rest += length;
  return true;
}

/* "@test_loss<1e-6", "@last", or nothing */
static bool parse_condition(struct Request *request, const char *rest)
{
  if (*rest == '\0') return true;
  rest++;
  request->last = strcmp(rest, "last") == 0;
  if (request->last) return true;
  if (!take_name(&rest, "<>", request->tested) || *rest == '\0') return false;
  request->above = *rest == '>';
  return number_parse_real(rest + 1, &request->bound) && !isnan(request->bound);
}

/* "[NAME=]QUANTITY", "[NAME=]TABLE:COLUMN[@X<Y]" or "[NAME=]TABLE:COLUMN@last" */
static bool parse_request(struct Request *request, const char *word)
{
  const char *rest = word, *equals = strchr(word, '='), *colon;
  if (equals) {
    if (!take_name(&rest, "=", request->name)) return false;
    rest++;
  }
  colon = strchr(rest, ':');
  if (colon) {
    if (!take_name(&rest, ":", request->table)) return false;
    rest++;
  }
  if (!take_name(&rest, colon ? "@" : "", request->column)) return false;
  if (!equals) memcpy(request->name, request->column, NAME_SIZE);
  return parse_condition(request, rest);
}

static char *describe(const struct Request *request, struct Error *error)
{
  if (request->table[0] == '\0')
    return memory_print(error, "the quantity %s of the run", request->column);
  if (request->last)
    return memory_print(error, "%s in the last row of %s.tsv", request->column, request->table);
  if (request->tested[0] == '\0')
    return memory_print(error, "column %s of %s.tsv, all rows", request->column, request->table);
  return memory_print(error, "%s in the first row of %s.tsv with a %s %s %g; nan: there is none",
                      request->column, request->table, request->tested,
                      request->above ? "above" : "below", request->bound);
}

/* A name must be valid for a table's column, and unique. */
static bool check_name(const struct Requests *requests, const struct Request *request,
                       struct Error *error)
{
  static const char characters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  if (request->name[strspn(request->name, characters)] != '\0')
    return error_set(error,
                     "--columns: \"%s\": a column name may have only letters, digits, _ . and -",
                     request->name);
  bool twice = strcmp(request->name, "run") == 0;
  for (size_t i = 0; i < requests->n; i++)
    twice = twice || strcmp(requests->request[i].name, request->name) == 0;
  return !twice || error_set(error, "--columns: duplicate column \"%s\"", request->name);
}

static bool add_request(struct Requests *requests, const char *word, struct Error *error)
{
  struct Request request = {.bound = NAN};
  if (requests->n == MAX_COLUMNS)
    return error_set(error, "--columns: more than %d columns", MAX_COLUMNS);
  if (!parse_request(&request, word))
    return error_set(error,
                     "--columns: expected QUANTITY, TABLE:COLUMN or TABLE:COLUMN@X<NUMBER, with "
                     "an optional NAME= in front, each of less than %d characters; found \"%s\"",
                     NAME_SIZE, word);
  if (!check_name(requests, &request, error)) return false;
  request.meaning = describe(&request, error);
  if (!request.meaning) return false;
  requests->request[requests->n++] = request;
  return true;
}

static bool parse_requests(struct Requests *requests, const char *text, struct Error *error)
{
  *requests = (struct Requests){.n = 0};
  bool parsed = true;
  text += strspn(text, blanks);
  while (parsed && *text) {
    size_t length = strcspn(text, blanks);
    char *word = memory_print(error, "%.*s", (int)length, text);
    parsed = word && add_request(requests, word, error);
    free(word);
    text += length + strspn(text + length, blanks);
  }
  if (parsed && requests->n == 0 && !want_settings)
    parsed = error_set(error, "--columns: empty, expected at least one column");
  if (!parsed) requests_release(requests);
  return parsed;
}

/* ---- settings ---- */

static bool runs_differ(const struct Runs *runs, int setting)
{
  size_t i = 1;
  while (i < runs->n && config_same_setting(&runs->runs[0].config, &runs->runs[i].config, setting))
    i++;
  return i < runs->n;
}

static bool check_settings_known(const struct Runs *runs, struct Error *error)
{
  for (size_t i = 0; i < runs->n; i++)
    if (!config_complete(&runs->runs[i].config))
      return error_set(error,
                       "%s: some settings of this run are unknown; expected a config.ini from that "
                       "folder, as written by `train --dump-config`",
                       runs->runs[i].name);
  return true;
}

/* The settings that --over names. */
struct Over {
  bool setting[CONFIG_MAX_SETTINGS];
};

static bool parse_over(struct Over *over, const char *text, struct Error *error)
{
  *over = (struct Over){0};
  for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
    char name[NAME_SIZE] = "";
    int setting = take_name(&text, blanks, name) ? config_find_setting(name) : -1;
    if (setting < 0)
      return error_set(error,
                       "--over: found \"%s\", expected settings, as listed by `train --settings`",
                       *name ? name : text);
    over->setting[setting] = true;
  }
  return true;
}

static bool is_setting(const struct Request *request)
{
  return request->table[0] == '\0' && config_find_setting(request->column) >= 0;
}

/* Inserts a column for each setting in which the runs differ before the others, unless it is
   already among them. */
static bool add_settings(struct Requests *requests, const struct Runs *runs, struct Error *error)
{
  struct Requests all = {.n = 0};
  bool added = check_settings_known(runs, error);
  for (int setting = 0; added && setting < config_n_settings(); setting++) {
    const char *name = config_setting_name(setting);
    bool asked = !runs_differ(runs, setting);
    for (size_t i = 0; i < requests->n; i++)
      asked = asked ||
              (is_setting(&requests->request[i]) && strcmp(requests->request[i].column, name) == 0);
    added = asked || add_request(&all, name, error);
  }
  if (added && all.n + requests->n > MAX_COLUMNS)
    added = error_set(error, "more than %d columns, including those of --settings", MAX_COLUMNS);
  for (size_t i = 0; added && i < requests->n; i++)
    added = check_name(&all, &requests->request[i], error);
  if (!added) {
    requests_release(&all);
    return false;
  }
  memcpy(all.request + all.n, requests->request, requests->n * sizeof *all.request);
  all.n += requests->n;
  *requests = all;
  return true;
}

/* ---- cells ---- */

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

static char *answer_missing(const struct Run *run, const char *what, const char *name,
                            struct Error *error)
{
  if (missing_is_nan) return memory_copy_text("nan", error);
  bool here = run->folder_length == 0;
  error_set(error, "%.*s: no %s \"%s\" in the tables given from that folder",
            here ? 1 : run->folder_length, here ? "." : run->folder, what, name);
  return NULL;
}

static char *answer_quantity(const struct Runs *runs, size_t run, const char *quantity,
                             struct Error *error)
{
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
  return answer_missing(&runs->runs[run], "quantity", quantity, error);
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
  if (table->n_rows == 0) strcpy(joined, "none");
  return joined;
}

/* The cell in the first row that meets the condition; "nan" if none does. */
static char *find_cell(const struct Table *table, size_t column, const struct Request *request,
                       struct Error *error)
{
  double *tested = table_numbers(table, request->tested, error);
  if (!tested) return NULL;
  size_t row = 0;
  while (row < table->n_rows &&
         !(request->above ? tested[row] > request->bound : tested[row] < request->bound))
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
static char *answer(const struct Runs *runs, size_t run, const struct Request *request,
                    struct Error *error)
{
  if (request->table[0] == '\0') return answer_quantity(runs, run, request->column, error);
  const struct Table *table = find_table(runs, run, request->table);
  if (!table) return answer_missing(&runs->runs[run], "table", request->table, error);
  int column = table_column(table, request->column, error);
  if (column < 0) return NULL;
  if (request->last) return last_cell(table, (size_t)column, error);
  return request->tested[0] == '\0' ? join_column(table, (size_t)column, error)
                                    : find_cell(table, (size_t)column, request, error);
}

/* ---- output ---- */

/* The title, and one line per run: "seed-1 is run: configuration ..., trajectory ...". */
static char *describe_runs(const struct Runs *runs, struct Error *error)
{
  char *text = memory_copy_text("Runs side by side", error);
  for (size_t run = 0; text && run < runs->n; run++) {
    char line[PROVENANCE_SIZE];
    provenance_format(&runs->runs[run].provenance, line);
    char *longer = memory_print(error, "%s\n%s is %s", text, runs->runs[run].name, line);
    free(text);
    text = longer;
  }
  return text;
}

/* The answers are [n runs][n requests]. */
static bool write_table(const struct Runs *runs, const struct Requests *requests, char **answers,
                        struct Error *error)
{
  struct Column columns[1 + MAX_COLUMNS] = {{"run", "name", "the folder of its tables"}};
  for (size_t i = 0; i < requests->n; i++)
    columns[1 + i] =
        (struct Column){requests->request[i].name, "as there", requests->request[i].meaning};
  struct TableWriter table;
  char *title = describe_runs(runs, error);
  bool created = title && table_create(&table, table_path, title, columns, 1 + requests->n, error);
  free(title);
  if (!created) return false;
  for (size_t run = 0; run < runs->n; run++) {
    table_put_text(&table, runs->runs[run].name);
    for (size_t i = 0; i < requests->n; i++)
      table_put_text(&table, answers[run * requests->n + i]);
  }
  return table_commit(&table, error);
}

static enum Role role_of(const struct Request *request, const struct Over *over)
{
  if (!is_setting(request)) return ROLE_NUMBER;
  return over->setting[config_find_setting(request->column)] ? ROLE_IGNORED : ROLE_KEY;
}

/* One row for all runs that differ only in the settings of --over. As every setting in which runs
   differ has a column, these are the runs that agree in the other settings columns. */
static bool write_summary(const struct Runs *runs, const struct Requests *requests,
                          const struct Over *over, char **answers, struct Error *error)
{
  struct Column columns[MAX_COLUMNS];
  enum Role roles[MAX_COLUMNS];
  for (size_t i = 0; i < requests->n; i++) {
    const struct Request *request = &requests->request[i];
    columns[i] = (struct Column){request->name, "as there", request->meaning};
    roles[i] = role_of(request, over);
  }
  const char **names = memory_new(runs->n, sizeof *names, "names of runs", error);
  char *title = describe_runs(runs, error);
  for (size_t i = 0; names && i < runs->n; i++)
    names[i] = runs->runs[i].name;
  struct Summary summary = {columns, roles, requests->n, names, answers, runs->n};
  bool written = names && title && summary_write(&summary, table_path, title, error);
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

static bool write_tex(const struct Runs *runs, const struct Requests *requests, char **answers,
                      struct Error *error)
{
  struct Output output;
  if (!output_open(&output, tex_path, error)) return false;
  fputs("% made by compare-runs: rows of a table\n\\newcommand{\\comparedruns}{%\n", output.stream);
  for (size_t run = 0; run < runs->n; run++) {
    char **row = answers + run * requests->n;
    if (put_tex_row(output.stream, runs->runs[run].name, row, requests->n, error)) continue;
    output_discard(&output);
    return false;
  }
  fputs("}\n", output.stream);
  return output_commit(&output, error);
}

/* ---- everything ---- */

static bool write_all(const struct Runs *runs, const struct Requests *requests,
                      const struct Over *over, char **answers, struct Error *error)
{
  if (over_text) return write_summary(runs, requests, over, answers, error);
  return write_table(runs, requests, answers, error) &&
         (!tex_path || write_tex(runs, requests, answers, error));
}

static bool compare(const struct Runs *runs, struct Requests *requests, const struct Over *over,
                    struct Error *error)
{
  if (want_settings && !add_settings(requests, runs, error)) return false;
  size_t n = runs->n * requests->n;
  char **answers = memory_new(n, sizeof *answers, "answers", error);
  bool done = answers;
  for (size_t i = 0; done && i < n; i++) {
    answers[i] = answer(runs, i / requests->n, &requests->request[i % requests->n], error);
    done = answers[i];
  }
  done = done && write_all(runs, requests, over, answers, error);
  for (size_t i = 0; answers && i < n; i++)
    free(answers[i]);
  free(answers);
  return done;
}

static bool read_options(struct Requests *requests, struct Over *over, struct Error *error)
{
  *requests = (struct Requests){.n = 0};
  if (over_text && tex_path)
    return error_set(error, "--over and --tex: LaTeX rows are available for single runs only");
  if (over_text) want_settings = over_text;
  return parse_over(over, over_text ? over_text : "", error) &&
         parse_requests(requests, columns_text ? columns_text : "", error);
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  struct Requests requests;
  struct Over over;
  if (!read_options(&requests, &over, &error)) {
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  struct Runs runs;
  bool done = runs_read(&runs, argv + first, (size_t)(argc - first), &error);
  if (done) {
    done = compare(&runs, &requests, &over, &error);
    runs_release(&runs);
  }
  requests_release(&requests);
  return done ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
