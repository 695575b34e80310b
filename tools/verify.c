/* verify: which of the paper's claims hold, by the numbers that the other tools measured. */
#include "base/command_line.h"
#include "base/memory.h"
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
        "Holds claims against measured quantities and prints a line for each: the paper's value,\n"
        "ours, the window that ours must lie in, and the verdict. Ends with status 1 when a claim\n"
        "fails or its quantity was not measured.\n\n"
        "CLAIMS.tsv has the columns claim, where, statement, paper, table, quantity, low, high,\n"
        "scale and reason. A claim reads the quantity from the operand whose path, less .tsv, "
        "ends\n"
        "with `table`; such a table has the columns quantity and value. low and high are numbers,\n"
        "-inf and inf included, and belong to the window. scale is `any`, or the one scale that "
        "the\n"
        "window is meant for.\n\n"
        "With --run the claims are held against another run than the one they name: a table\n"
        "RUN/NAME is looked for as that run's, and claims whose table is not among the operands "
        "are\n"
        "left out.",
    .options =
        (const struct Option[]){
            {'o', "output", "FILE.tsv", "write the verdicts to a table as well", &report_path},
            {0, "tex", "FILE.tex", "write verdicts and all quantities as LaTeX macros", &tex_path},
            {'s', "scale", "SCALE", "judge the claims of this scale (paper)", &scale},
            {0, "run", "RUN", "judge that run by the claims whose tables are given", &run_name},
            {0, "brief", NULL, "print only the claims that do not hold, and how many do", &brief},
            {'q', "quiet", NULL, "print nothing; end with 0 whatever the verdicts", &quiet},
            {0}},
    .min_operands = 2};

/* ---- what was measured ---- */

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

/* Does a path, less .tsv, end with the components of `name`? */
static bool path_matches(const char *path, const char *name)
{
  size_t length = strlen(path), wanted = strlen(name);
  if (length > 4 && strcmp(path + length - 4, ".tsv") == 0) length -= 4;
  return length >= wanted && strncmp(path + length - wanted, name, wanted) == 0 &&
         (length == wanted || path[length - wanted - 1] == '/');
}

/* NULL where no table is called so. */
static const struct Table *find_table(const struct Quantities *quantities, const char *name)
{
  for (size_t i = 0; i < quantities->n; i++)
    if (path_matches(quantities->tables[i].path, name)) return &quantities->tables[i];
  return NULL;
}

/* What a claim's table is called in the run that is judged, in new memory. */
static char *name_in_run(const char *name, struct Error *error)
{
  const char *slash = strchr(name, '/');
  return run_name && slash ? memory_print(error, "%s%s", run_name, slash)
                           : memory_copy_text(name, error);
}

/* The value of a quantity; *found says whether the table has it. */
static bool find_value(const struct Table *table, const char *quantity, double *value, bool *found,
                       struct Error *error)
{
  int names = table_column(table, "quantity", error);
  int values = names < 0 ? -1 : table_column(table, "value", error);
  if (values < 0) return false;
  *found = false;
  for (size_t row = 0; row < table->n_rows; row++) {
    if (strcmp(table_cell(table, row, (size_t)names), quantity) != 0) continue;
    const char *cell = table_cell(table, row, (size_t)values);
    if (!number_parse_real(cell, value))
      return error_set(error, "%s:%d: column \"value\": found \"%s\", expected a number",
                       table->path, table->first_line + (int)row, cell);
    *found = true;
    return true;
  }
  return true;
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

static const char *const claim_columns[N_CLAIM_COLUMNS] = {
    "claim", "where", "statement", "paper", "table", "quantity", "low", "high", "scale", "reason"};

enum Verdict { HOLDS, FAILS, MISSING };

static const char *const verdict_names[] = {"holds", "fails", "missing"};

struct Claim {
  const char *cells[N_CLAIM_COLUMNS]; /* into the table of claims */
  double low, high;
  const struct Table *source; /* where the quantity is looked up */
  double ours;                /* NaN when missing */
  enum Verdict verdict;
};

struct Claims {
  struct Table table;
  struct Claim *claims; /* [n]: those of the scale */
  size_t n;
};

static bool read_bound(const struct Table *table, size_t row, const char *column, const char *cell,
                       double *bound, struct Error *error)
{
  if (number_parse_real(cell, bound) && !isnan(*bound)) return true;
  return error_set(error, "%s:%d: column \"%s\": found \"%s\", expected a number", table->path,
                   table->first_line + (int)row, column, cell);
}

static bool read_claim(const struct Table *table, size_t row, const size_t *columns,
                       struct Claim *claim, struct Error *error)
{
  for (size_t i = 0; i < N_CLAIM_COLUMNS; i++)
    claim->cells[i] = table_cell(table, row, columns[i]);
  if (!read_bound(table, row, "low", claim->cells[LOW], &claim->low, error) ||
      !read_bound(table, row, "high", claim->cells[HIGH], &claim->high, error))
    return false;
  if (claim->low <= claim->high) return true;
  return error_set(error, "%s:%d: claim \"%s\": its window from %s to %s is empty", table->path,
                   table->first_line + (int)row, claim->cells[CLAIM], claim->cells[LOW],
                   claim->cells[HIGH]);
}

static bool is_of_scale(const struct Claim *claim)
{
  return strcmp(claim->cells[SCALE], "any") == 0 || strcmp(claim->cells[SCALE], scale) == 0;
}

/* A claim may stand once for each scale, not twice for this one. */
static bool check_new(const struct Claims *claims, const struct Claim *claim, struct Error *error)
{
  for (size_t i = 0; i < claims->n; i++)
    if (strcmp(claims->claims[i].cells[CLAIM], claim->cells[CLAIM]) == 0)
      return error_set(error, "%s: claim \"%s\" stands twice for the scale %s", claims->table.path,
                       claim->cells[CLAIM], scale);
  return true;
}

static bool read_claims(struct Claims *claims, struct Error *error)
{
  const struct Table *table = &claims->table;
  size_t columns[N_CLAIM_COLUMNS];
  for (size_t i = 0; i < N_CLAIM_COLUMNS; i++) {
    int column = table_column(table, claim_columns[i], error);
    if (column < 0) return false;
    columns[i] = (size_t)column;
  }
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
  return error_set(error, "%s: no claim is of the scale \"%s\"", table->path, scale);
}

static void claims_release(struct Claims *claims)
{
  free(claims->claims);
  table_release(&claims->table);
}

/* Finds the table of a claim; NULL is one that --run leaves out. */
static bool find_source(struct Claim *claim, const struct Quantities *quantities,
                        struct Error *error)
{
  char *name = name_in_run(claim->cells[TABLE], error);
  if (!name) return false;
  claim->source = find_table(quantities, name);
  bool done = claim->source || run_name;
  if (!done)
    error_set(error, "table \"%s\": none of the %zu tables given ends with it", name,
              quantities->n);
  free(name);
  return done;
}

/* Finds the tables of all claims, and drops those claims that --run leaves out. */
static bool find_sources(struct Claims *claims, const struct Quantities *quantities,
                         struct Error *error)
{
  size_t kept = 0;
  for (size_t i = 0; i < claims->n; i++) {
    struct Claim *claim = &claims->claims[i];
    if (!find_source(claim, quantities, error))
      return error_prefix(error, "%s: claim \"%s\"", claims->table.path, claim->cells[CLAIM]);
    if (claim->source) claims->claims[kept++] = *claim;
  }
  claims->n = kept;
  if (kept > 0) return true;
  return error_set(error, "%s: no claim is about a table of \"%s\" among the %zu given",
                   claims->table.path, run_name, quantities->n);
}

static bool judge(struct Claims *claims, struct Error *error)
{
  for (size_t i = 0; i < claims->n; i++) {
    struct Claim *claim = &claims->claims[i];
    bool found = false;
    if (!find_value(claim->source, claim->cells[QUANTITY], &claim->ours, &found, error))
      return error_prefix(error, "%s: claim \"%s\"", claims->table.path, claim->cells[CLAIM]);
    if (!found) claim->ours = NAN;
    bool inside = claim->ours >= claim->low && claim->ours <= claim->high; /* not for NaN */
    claim->verdict = !found ? MISSING : inside ? HOLDS : FAILS;
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

/* "0.9 to 1", "at most 1", "at least 0.9", "5" */
static void format_window(const struct Claim *claim, char text[TEXT_SIZE])
{
  const char *low = claim->cells[LOW], *high = claim->cells[HIGH];
  if (claim->low == claim->high)
    snprintf(text, TEXT_SIZE, "%s", low);
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

static void print_claim(FILE *stream, const struct Claim *claim)
{
  char window[TEXT_SIZE], ours[TEXT_SIZE];
  format_window(claim, window);
  format_ours(claim, ours);
  fprintf(stream, "%-7s  %-34s  %-22s  %-11s  %s\n", verdict_names[claim->verdict],
          claim->cells[CLAIM], claim->cells[PAPER], ours, window);
}

static bool print_report(const struct Claims *claims, struct Error *error)
{
  struct Output output;
  if (!output_open(&output, "-", error)) return false;
  FILE *stream = output.stream;
  size_t n_held = count_verdicts(claims, HOLDS);
  if (!brief || n_held < claims->n)
    fprintf(stream, "%-7s  %-34s  %-22s  %-11s  %s\n", "verdict", "claim", "paper", "ours",
            "window");
  for (size_t i = 0; i < claims->n; i++)
    if (!brief || claims->claims[i].verdict != HOLDS) print_claim(stream, &claims->claims[i]);
  if (run_name) fprintf(stream, "%s: ", run_name);
  fprintf(stream, "%zu of %zu claims hold\n", n_held, claims->n);
  return output_commit(&output, error);
}

/* The comment block: the title, and a line for each run that the tables read are of. */
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

/* The run that the first claim is about, as its tables name it. */
static void write_tex_run(FILE *stream, const struct Claims *claims)
{
  char line[PROVENANCE_SIZE];
  provenance_format(&claims->claims[0].source->run, line);
  const char *digests = strchr(line, ' ') + 1; /* behind "run:" */
  fprintf(stream, "\\newcommand{\\claimsrun}{%s}\n", digests);
}

/* \measured{RUN/TABLE}{QUANTITY} for every quantity, by the last two components of the path. */
static bool write_tex_quantities(FILE *stream, const struct Table *table, struct Error *error)
{
  int names = table_column(table, "quantity", error);
  double *values = names < 0 ? NULL : table_numbers(table, "value", error);
  if (!values) return false;
  const char *key = table->path;
  size_t slashes = 0;
  for (const char *c = table->path + strlen(table->path); c > table->path && slashes < 2; c--)
    if (c[-1] == '/' && ++slashes == 2) key = c;
  int length = (int)strlen(key);
  if (length > 4 && strcmp(key + length - 4, ".tsv") == 0) length -= 4;
  for (size_t row = 0; row < table->n_rows; row++) {
    fprintf(stream, "\\expandafter\\def\\csname measured %.*s %s\\endcsname{", length, key,
            table_cell(table, row, (size_t)names));
    tex_put_number(stream, values[row]);
    fputs("}\n", stream);
  }
  free(values);
  return true;
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

/* ---- all of it ---- */

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
