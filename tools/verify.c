/* verify: checks the paper's claims against the numbers measured by the other tools. */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/output.h"
#include "table/table.h"
#include "table/tex.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *report_path, *tex_path, *scale = "paper", *run_name, *brief, *quiet;

static const struct Tool tool = {
    .name = "verify",
    .operands = "CLAIMS.tsv TABLE.tsv...",
    .summary =
        "Checks claims against measured quantities and prints a line for each: the verdict, the\n"
        "paper's value, ours, the window that ours must lie in, and the claim in words. The exit\n"
        "status is 1 if a claim fails or its quantity was not measured.\n\n"
        "Columns of CLAIMS.tsv:\n"
        "  claim      its name\n"
        "  table      the operand whose path, without .tsv, ends with this; it has the columns\n"
        "             quantity and value\n"
        "  quantity   the quantity's name in that table\n"
        "Optional columns, with defaults:\n"
        "  low, high  the window, inclusive (-inf, inf)\n"
        "  scale      `any`, or the one scale that the window is for (any)\n"
        "  statement, where, paper, reason\n"
        "             the claim in words, where the paper makes it, the paper's value, and the\n"
        "             reason for the window (-)\n\n"
        "--run checks the claims against another run than the one they name: RUN/NAME is looked\n"
        "up as that run's table, and claims whose table is not among the operands "
        "are\n"
        "left out.",
    .options =
        (const struct Option[]){
            {'o', "output", "FILE.tsv", "write the verdicts as a table", &report_path},
            {0, "tex", "FILE.tex", "write verdicts and all quantities as LaTeX macros", &tex_path},
            {'s', "scale", "SCALE", "judge the claims of this scale (default: paper)", &scale},
            {0, "run", "RUN", "judge that run, by the claims whose tables are given", &run_name},
            {0, "brief", NULL, "print only the claims that do not hold, and a count", &brief},
            {'q', "quiet", NULL, "print nothing; exit with 0 whatever the verdicts", &quiet},
            {0}},
    .min_operands = 2};

/* ---- measured quantities ---- */

struct Quantities {
  struct Table *tables; /* [n] */
  size_t n;
};

static void quantities_release(struct Quantities *quantities)
{
  for (size_t i = 0; i < quantities->n; i++)
    table_release(&quantities->tables[i]);
  free(quantities->tables);
}

static bool quantities_read(struct Quantities *quantities, char **paths, size_t n,
                            struct Error *error)
{
  *quantities = (struct Quantities){0};
  quantities->tables = memory_new(n, sizeof *quantities->tables, "tables", error);
  if (!quantities->tables) return false;
  for (; quantities->n < n; quantities->n++)
    if (!table_read(&quantities->tables[quantities->n], paths[quantities->n], error)) {
      quantities_release(quantities);
      return false;
    }
  return true;
}

/* Does a path, without .tsv, end with the components of `name`? */
static bool path_matches(const char *path, const char *name)
{
  size_t length = strlen(path), wanted = strlen(name);
  if (length > 4 && strcmp(path + length - 4, ".tsv") == 0) length -= 4;
  return length >= wanted && strncmp(path + length - wanted, name, wanted) == 0 &&
         (length == wanted || path[length - wanted - 1] == '/');
}

/* NULL if there is no table of that name. */
static const struct Table *find_table(const struct Quantities *quantities, const char *name)
{
  for (size_t i = 0; i < quantities->n; i++)
    if (path_matches(quantities->tables[i].path, name)) return &quantities->tables[i];
  return NULL;
}

/* The name of a claim's table in the run that is judged, in new memory. */
static char *name_in_run(const char *name, struct Error *error)
{
  const char *slash = strchr(name, '/');
  return run_name && slash ? memory_print(error, "%s%s", run_name, slash)
                           : memory_copy_text(name, error);
}

/* A table's name in claims and messages: the last two components of its path, without .tsv. In new
   memory. */
static char *short_name(const struct Table *table, struct Error *error)
{
  const char *start = table->path + strlen(table->path);
  for (int slashes = 0; start > table->path; start--)
    if (start[-1] == '/' && ++slashes == 2) break;
  size_t length = strlen(start);
  if (length > 4 && strcmp(start + length - 4, ".tsv") == 0) length -= 4;
  return memory_print(error, "%.*s", (int)length, start);
}

/* The names in a table's quantity column, [n_rows], in a new array; the table owns the texts. */
static const char **quantity_names(const struct Table *table, struct Error *error)
{
  int column = table_column(table, "quantity", error);
  if (column < 0) return NULL;
  const char **names = memory_new(table->n_rows, sizeof *names, "names of quantities", error);
  for (size_t row = 0; names && row < table->n_rows; row++)
    names[row] = table_cell(table, row, (size_t)column);
  return names;
}

/* The value in a row. */
static bool read_value(const struct Table *table, size_t row, double *value, struct Error *error)
{
  int column = table_column(table, "value", error);
  if (column < 0) return false;
  const char *cell = table_cell(table, row, (size_t)column);
  if (number_parse_real(cell, value)) return true;
  return error_set(error, "%s:%d: column \"value\": found \"%s\", expected a number", table->path,
                   table->first_line + (int)row, cell);
}

/* "NAME has no quantity ..." with the nearest names, in new memory. */
static char *describe_missing_quantity(const struct Table *table, const char *const *names,
                                       const char *quantity, struct Error *error)
{
  char *table_name = short_name(table, error);
  char *nearest = table_name ? nearest_names(quantity, names, table->n_rows, error) : NULL;
  char *text = nearest ? memory_print(error, "%s has no quantity \"%s\" (nearest: %s)", table_name,
                                      quantity, nearest)
                       : NULL;
  free(nearest);
  free(table_name);
  return text;
}

/* The same for a table that is not among the operands. */
static char *describe_missing_table(const struct Quantities *quantities, const char *name,
                                    struct Error *error)
{
  char **names = memory_new(quantities->n, sizeof *names, "names of tables", error), *text = NULL;
  size_t n = 0;
  while (names && n < quantities->n && (names[n] = short_name(&quantities->tables[n], error)))
    n++;
  if (names && n == quantities->n) {
    char *nearest = nearest_names(name, (const char *const *)names, n, error);
    if (nearest)
      text = memory_print(error, "table %s is not among those given (nearest: %s)", name, nearest);
    free(nearest);
  }
  for (size_t i = 0; i < n; i++)
    free(names[i]);
  free(names);
  return text;
}

/* ---- claims ---- */

enum ClaimColumn {
  CLAIM,
  WHERE,
  STATEMENT,
  PAPER,
  TABLE,
  QUANTITY,
  LOW,
  HIGH,
  SCALE,
  REASON,
  N_CLAIM_COLUMNS
};

static const struct {
  const char *name;
  const char *absent; /* cell to use if the column is absent; NULL: required */
} claim_columns[N_CLAIM_COLUMNS] = {
    [CLAIM] = {"claim", NULL},  [WHERE] = {"where", "-"},  [STATEMENT] = {"statement", "-"},
    [PAPER] = {"paper", "-"},   [TABLE] = {"table", NULL}, [QUANTITY] = {"quantity", NULL},
    [LOW] = {"low", "-inf"},    [HIGH] = {"high", "inf"},  [SCALE] = {"scale", "any"},
    [REASON] = {"reason", "-"},
};

enum Verdict { HOLDS, FAILS, MISSING };

static const char *const verdict_names[] = {"holds", "fails", "missing"};

struct Claim {
  const char *cells[N_CLAIM_COLUMNS]; /* of the claims table */
  double low, high;
  const struct Table *source; /* the quantity's table; NULL: not among the operands */
  double ours;                /* NaN when missing */
  enum Verdict verdict;
  char *missing; /* if missing: a message with the nearest names; else NULL */
};

struct Claims {
  struct Table table;
  struct Claim *claims; /* [n]: the claims of the scale */
  size_t n;
};

static bool read_bound(const struct Table *table, size_t row, const char *column, const char *cell,
                       double *bound, struct Error *error)
{
  if (number_parse_real(cell, bound) && !isnan(*bound)) return true;
  return error_set(error, "%s:%d: column \"%s\": found \"%s\", expected a number", table->path,
                   table->first_line + (int)row, column, cell);
}

static bool read_claim(const struct Table *table, size_t row, const int *columns,
                       struct Claim *claim, struct Error *error)
{
  for (size_t i = 0; i < N_CLAIM_COLUMNS; i++)
    claim->cells[i] =
        columns[i] < 0 ? claim_columns[i].absent : table_cell(table, row, (size_t)columns[i]);
  if (!read_bound(table, row, "low", claim->cells[LOW], &claim->low, error) ||
      !read_bound(table, row, "high", claim->cells[HIGH], &claim->high, error))
    return false;
  if (claim->low <= claim->high) return true;
  return error_set(error, "%s:%d: claim \"%s\": the window from %s to %s is empty", table->path,
                   table->first_line + (int)row, claim->cells[CLAIM], claim->cells[LOW],
                   claim->cells[HIGH]);
}

static bool is_of_scale(const struct Claim *claim)
{
  return strcmp(claim->cells[SCALE], "any") == 0 || strcmp(claim->cells[SCALE], scale) == 0;
}

/* A claim may have one row per scale, but only one for this scale. */
static bool check_new(const struct Claims *claims, const struct Claim *claim, struct Error *error)
{
  for (size_t i = 0; i < claims->n; i++)
    if (strcmp(claims->claims[i].cells[CLAIM], claim->cells[CLAIM]) == 0)
      return error_set(error, "%s: duplicate claim \"%s\" for the scale %s", claims->table.path,
                       claim->cells[CLAIM], scale);
  return true;
}

/* columns[i]: the table's column for claim_columns[i], or -1 if absent. Other names are errors: a
   bound with a misspelt name would have no effect. */
static bool find_claim_columns(const struct Table *table, int columns[N_CLAIM_COLUMNS],
                               struct Error *error)
{
  for (size_t i = 0; i < N_CLAIM_COLUMNS; i++)
    columns[i] = -1;
  for (size_t at = 0; at < table->n_columns; at++) {
    size_t i = 0;
    while (i < N_CLAIM_COLUMNS && strcmp(claim_columns[i].name, table->names[at]) != 0)
      i++;
    if (i == N_CLAIM_COLUMNS)
      return error_set(error,
                       "%s:%d: unknown column \"%s\", expected claim, table, quantity, low, "
                       "high, scale, statement, where, paper, reason",
                       table->path, table->first_line - 1, table->names[at]);
    columns[i] = (int)at;
  }
  for (size_t i = 0; i < N_CLAIM_COLUMNS; i++)
    if (columns[i] < 0 && !claim_columns[i].absent)
      return table_column(table, claim_columns[i].name, error) >=
             0; /* lists the existing columns */
  return true;
}

static bool read_claims(struct Claims *claims, struct Error *error)
{
  const struct Table *table = &claims->table;
  int columns[N_CLAIM_COLUMNS];
  if (!find_claim_columns(table, columns, error)) return false;
  claims->claims = memory_new(table->n_rows, sizeof *claims->claims, "claims", error);
  if (!claims->claims) return false;
  for (size_t row = 0; row < table->n_rows; row++) {
    struct Claim *claim = &claims->claims[claims->n];
    if (!read_claim(table, row, columns, claim, error)) return false;
    if (!is_of_scale(claim)) continue;
    if (!check_new(claims, claim, error)) return false;
    claims->n++;
  }
  if (claims->n > 0) return true;
  return error_set(error, "%s: no claims for the scale \"%s\"", table->path, scale);
}

static void claims_release(struct Claims *claims)
{
  for (size_t i = 0; i < claims->n; i++)
    free(claims->claims[i].missing);
  free(claims->claims);
  table_release(&claims->table);
}

/* Finds the table of a claim, or records that it is missing. */
static bool find_source(struct Claim *claim, const struct Quantities *quantities,
                        struct Error *error)
{
  char *name = name_in_run(claim->cells[TABLE], error);
  if (!name) return false;
  claim->source = find_table(quantities, name);
  if (!claim->source && !run_name) claim->missing = describe_missing_table(quantities, name, error);
  free(name);
  return claim->source || claim->missing || run_name;
}

/* Finds the tables of all claims and drops the claims that --run leaves out. */
static bool find_sources(struct Claims *claims, const struct Quantities *quantities,
                         struct Error *error)
{
  size_t kept = 0;
  for (size_t i = 0; i < claims->n; i++) {
    struct Claim *claim = &claims->claims[i];
    if (!find_source(claim, quantities, error)) return false;
    if (claim->source || !run_name) claims->claims[kept++] = *claim;
  }
  claims->n = kept;
  if (kept > 0) return true;
  return error_set(error, "%s: no claim uses a table of \"%s\" among the %zu given",
                   claims->table.path, run_name, quantities->n);
}

/* Looks up a claim's quantity, or records that it is missing. */
static bool measure(struct Claim *claim, struct Error *error)
{
  const struct Table *table = claim->source;
  const char *quantity = claim->cells[QUANTITY];
  const char **names = quantity_names(table, error);
  if (!names) return false;
  size_t row = 0;
  while (row < table->n_rows && strcmp(names[row], quantity) != 0)
    row++;
  bool done;
  if (row < table->n_rows) {
    done = read_value(table, row, &claim->ours, error);
  } else {
    claim->missing = describe_missing_quantity(table, names, quantity, error);
    done = claim->missing;
  }
  free(names);
  return done;
}

static bool judge(struct Claims *claims, struct Error *error)
{
  for (size_t i = 0; i < claims->n; i++) {
    struct Claim *claim = &claims->claims[i];
    claim->ours = NAN;
    if (claim->source && !measure(claim, error))
      return error_prefix(error, "%s: claim \"%s\"", claims->table.path, claim->cells[CLAIM]);
    bool inside = claim->ours >= claim->low && claim->ours <= claim->high; /* false for NaN */
    claim->verdict = claim->missing ? MISSING : inside ? HOLDS : FAILS;
  }
  return true;
}

static size_t count_verdicts(const struct Claims *claims, enum Verdict verdict)
{
  size_t count = 0;
  for (size_t i = 0; i < claims->n; i++)
    count += claims->claims[i].verdict == verdict;
  return count;
}

/* ---- the report ---- */

enum { TEXT_SIZE = 64 };

/* "0.9 to 1", "at most 1", "at least 0.9", "5", "any number" */
static void format_window(const struct Claim *claim, char text[TEXT_SIZE])
{
  const char *low = claim->cells[LOW], *high = claim->cells[HIGH];
  if (claim->low == claim->high)
    snprintf(text, TEXT_SIZE, "%s", low);
  else if (isinf(claim->low) && isinf(claim->high))
    snprintf(text, TEXT_SIZE, "any number");
  else if (isinf(claim->low))
    snprintf(text, TEXT_SIZE, "at most %s", high);
  else if (isinf(claim->high))
    snprintf(text, TEXT_SIZE, "at least %s", low);
  else
    snprintf(text, TEXT_SIZE, "%s to %s", low, high);
}

static void format_ours(const struct Claim *claim, char text[TEXT_SIZE])
{
  if (claim->verdict == MISSING)
    snprintf(text, TEXT_SIZE, "-");
  else
    snprintf(text, TEXT_SIZE, "%.4g", claim->ours);
}

enum { N_CELLS = 6 };

/* A claim as printed. The statement is last, as it is long and may wrap. */
struct Line {
  const char *cells[N_CELLS]; /* in the claim, or in the texts below */
  char ours[TEXT_SIZE], window[TEXT_SIZE];
};

static void describe_claim(const struct Claim *claim, struct Line *line)
{
  format_ours(claim, line->ours);
  format_window(claim, line->window);
  const char *cells[N_CELLS] = {verdict_names[claim->verdict],
                                claim->cells[CLAIM],
                                claim->cells[PAPER],
                                line->ours,
                                line->window,
                                claim->cells[STATEMENT]};
  memcpy(line->cells, cells, sizeof cells);
}

static void print_cells(FILE *stream, const char *const cells[N_CELLS], const int widths[N_CELLS])
{
  for (size_t i = 0; i + 1 < N_CELLS; i++)
    fprintf(stream, "%-*s  ", widths[i], cells[i]);
  fprintf(stream, "%s\n", cells[N_CELLS - 1]);
}

static bool is_shown(const struct Claim *claim)
{
  return !brief || claim->verdict != HOLDS;
}

/* A heading, then one line per printed claim; under it, what is missing. */
static void print_claims(FILE *stream, const struct Claims *claims)
{
  static const char *const heading[N_CELLS] = {"verdict", "claim",  "paper",
                                               "ours",    "window", "statement"};
  int widths[N_CELLS];
  for (size_t i = 0; i < N_CELLS; i++)
    widths[i] = (int)strlen(heading[i]);
  struct Line line;
  for (size_t i = 0; i < claims->n; i++) {
    if (!is_shown(&claims->claims[i])) continue;
    describe_claim(&claims->claims[i], &line);
    for (size_t cell = 0; cell < N_CELLS; cell++)
      if ((int)strlen(line.cells[cell]) > widths[cell])
        widths[cell] = (int)strlen(line.cells[cell]);
  }
  print_cells(stream, heading, widths);
  for (size_t i = 0; i < claims->n; i++) {
    const struct Claim *claim = &claims->claims[i];
    if (!is_shown(claim)) continue;
    describe_claim(claim, &line);
    print_cells(stream, line.cells, widths);
    if (claim->missing) fprintf(stream, "%*s  %s\n", widths[0], "", claim->missing);
  }
}

static bool print_report(const struct Claims *claims, struct Error *error)
{
  struct Output output;
  if (!output_open(&output, "-", error)) return false;
  size_t n_held = count_verdicts(claims, HOLDS);
  if (!brief || n_held < claims->n) print_claims(output.stream, claims);
  if (run_name) fprintf(output.stream, "%s: ", run_name);
  fprintf(output.stream, "%zu of %zu claims hold\n", n_held, claims->n);
  return output_commit(&output, error);
}

/* The comment block: the title, and one line for each run that the tables come from. */
static char *describe_report(const struct Quantities *quantities, struct Error *error)
{
  char *text = memory_copy_text("The paper's claims, and whether they hold", error);
  for (size_t i = 0; text && i < quantities->n; i++) {
    char line[PROVENANCE_SIZE];
    provenance_format(&quantities->tables[i].run, line);
    if (strstr(text, line)) continue;
    char *longer = memory_print(error, "%s\n%s", text, line);
    free(text);
    text = longer;
  }
  return text;
}

static bool write_table(const struct Claims *claims, const struct Quantities *quantities,
                        struct Error *error)
{
  static const struct Column columns[] = {
      {"claim", "1", "its identifier"},
      {"where", "1", "where the paper says it"},
      {"statement", "1", "what the paper says, in words"},
      {"paper", "1", "the paper's own value"},
      {"ours", "1", "what was measured here; nan when it was not"},
      {"low", "1", "least value of a run for which the claim holds"},
      {"high", "1", "largest value of a run for which the claim holds"},
      {"verdict", "1", "holds, fails, or missing: not measured"},
      {"reason", "1", "why the window is what it is"}};
  struct TableWriter table;
  char *title = describe_report(quantities, error);
  bool created = title && table_create(&table, report_path, title, columns,
                                       sizeof columns / sizeof *columns, error);
  free(title);
  if (!created) return false;
  for (size_t i = 0; i < claims->n; i++) {
    const struct Claim *claim = &claims->claims[i];
    table_put_text(&table, claim->cells[CLAIM]);
    table_put_text(&table, claim->cells[WHERE]);
    table_put_text(&table, claim->cells[STATEMENT]);
    table_put_text(&table, claim->cells[PAPER]);
    table_put(&table, claim->ours);
    table_put(&table, claim->low);
    table_put(&table, claim->high);
    table_put_text(&table, verdict_names[claim->verdict]);
    table_put_text(&table, claim->cells[REASON]);
  }
  return table_commit(&table, error);
}

/* ---- LaTeX ---- */

static void write_tex_claims(FILE *stream, const struct Claims *claims)
{
  fputs("\\newcommand{\\claimrows}{%\n", stream);
  for (size_t i = 0; i < claims->n; i++) {
    const struct Claim *claim = &claims->claims[i];
    tex_put_text(stream, claim->cells[STATEMENT]);
    fputs(" & ", stream);
    tex_put_text(stream, claim->cells[WHERE]);
    fputs(" & ", stream);
    tex_put_text(stream, claim->cells[PAPER]);
    fputs(" & ", stream);
    tex_put_number(stream, claim->ours);
    fputs(" & ", stream);
    char window[TEXT_SIZE];
    format_window(claim, window);
    tex_put_text(stream, window);
    fprintf(stream, " & %s \\\\\n", verdict_names[claim->verdict]);
  }
  fputs("}\n", stream);
  for (size_t i = 0; i < claims->n; i++) {
    fprintf(stream, "\\expandafter\\def\\csname paper %s\\endcsname{",
            claims->claims[i].cells[CLAIM]);
    tex_put_text(stream, claims->claims[i].cells[PAPER]);
    fputs("}\n", stream);
  }
  fprintf(stream, "\\newcommand{\\claimsheld}{%zu}\n\\newcommand{\\claimsjudged}{%zu}\n",
          count_verdicts(claims, HOLDS), claims->n);
}

/* The run of the first claim that has a table, as named by that table. */
static void write_tex_run(FILE *stream, const struct Claims *claims)
{
  struct Provenance run = {0};
  char line[PROVENANCE_SIZE];
  for (size_t i = claims->n; i-- > 0;)
    if (claims->claims[i].source) run = claims->claims[i].source->run;
  provenance_format(&run, line);
  const char *digests = strchr(line, ' ') + 1; /* after "run:" */
  fprintf(stream, "\\newcommand{\\claimsrun}{%s}\n", digests);
}

/* \measured{RUN/TABLE}{QUANTITY} for every quantity. */
static bool write_tex_quantities(FILE *stream, const struct Table *table, struct Error *error)
{
  const char **names = quantity_names(table, error);
  double *values = names ? table_numbers(table, "value", error) : NULL;
  char *key = values ? short_name(table, error) : NULL;
  for (size_t row = 0; key && row < table->n_rows; row++) {
    fprintf(stream, "\\expandafter\\def\\csname measured %s %s\\endcsname{", key, names[row]);
    tex_put_number(stream, values[row]);
    fputs("}\n", stream);
  }
  bool done = key;
  free(key);
  free(values);
  free(names);
  return done;
}

static bool write_tex(const struct Claims *claims, const struct Quantities *quantities,
                      struct Error *error)
{
  struct Output output;
  if (!output_open(&output, tex_path, error)) return false;
  fputs("% made by verify: \\measured{RUN/TABLE}{QUANTITY} is a number that was measured,\n"
        "% \\paper{CLAIM} the paper's value, \\claimrows the table of all claims,\n"
        "% \\claimsrun the digests of the run that they are held against\n"
        "\\newcommand{\\paper}[1]{\\ifcsname paper #1\\endcsname\\csname paper #1\\endcsname"
        "\\else\\errmessage{no claim: #1}\\fi}\n"
        "\\newcommand{\\measured}[2]{\\ifcsname measured #1 #2\\endcsname"
        "\\csname measured #1 #2\\endcsname\\else\\errmessage{not measured: #1 #2}\\fi}\n",
        output.stream);
  write_tex_claims(output.stream, claims);
  write_tex_run(output.stream, claims);
  for (size_t i = 0; i < quantities->n; i++)
    if (!write_tex_quantities(output.stream, &quantities->tables[i], error)) {
      output_discard(&output);
      return false;
    }
  return output_commit(&output, error);
}

/* ---- everything ---- */

static bool run(struct Claims *claims, char **paths, size_t n, struct Error *error)
{
  struct Quantities quantities;
  if (!read_claims(claims, error) || !quantities_read(&quantities, paths, n, error)) return false;
  bool done = find_sources(claims, &quantities, error) && judge(claims, error) &&
              (quiet || print_report(claims, error)) &&
              (!report_path || write_table(claims, &quantities, error)) &&
              (!tex_path || write_tex(claims, &quantities, error));
  quantities_release(&quantities);
  return done;
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  struct Claims claims = {0};
  if (!table_read(&claims.table, argv[first], &error)) return command_line_fail(&tool, &error);
  bool done = run(&claims, argv + first + 1, (size_t)(argc - first - 1), &error);
  bool all_hold = done && count_verdicts(&claims, HOLDS) == claims.n;
  claims_release(&claims);
  if (!done) return command_line_fail(&tool, &error);
  return all_hold || quiet ? EXIT_SUCCESS : EXIT_FAILURE;
}
