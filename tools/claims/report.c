#include "claims/report.h"

#include "base/memory.h"
#include "base/output.h"

#include <stdlib.h>
#include <string.h>

static void format_ours(const struct Claim *claim, char text[WINDOW_TEXT_SIZE])
{
  if (claim->verdict == VERDICT_MISSING || claim->verdict == VERDICT_UNMEASURED)
    snprintf(text, WINDOW_TEXT_SIZE, "-");
  else
    snprintf(text, WINDOW_TEXT_SIZE, "%.4g", claim->ours);
}

enum { N_CELLS = 6 };

/* A claim as printed. The statement is last, as it is long and may wrap. */
struct Line {
  const char *cells[N_CELLS]; /* in the claim, or in the texts below */
  char ours[WINDOW_TEXT_SIZE], window[WINDOW_TEXT_SIZE];
};

static void describe_claim(const struct Claim *claim, struct Line *line)
{
  format_ours(claim, line->ours);
  window_format(&claim->window, line->window);
  const char *cells[N_CELLS] = {verdict_name(claim->verdict),
                                claim->cells[CLAIM_NAME],
                                claim->cells[CLAIM_PAPER],
                                line->ours,
                                line->window,
                                claim->cells[CLAIM_STATEMENT]};
  memcpy(line->cells, cells, sizeof cells);
}

static void print_cells(FILE *stream, const char *const cells[N_CELLS], const int widths[N_CELLS])
{
  for (size_t i = 0; i + 1 < N_CELLS; i++)
    fprintf(stream, "%-*s  ", widths[i], cells[i]);
  fprintf(stream, "%s\n", cells[N_CELLS - 1]);
}

static bool is_shown(const struct Claim *claim, bool brief)
{
  return !brief || claim->verdict != VERDICT_HOLDS;
}

/* Under a claim: why it is known to fail, or what is missing. */
static const char *remark_on(const struct Claim *claim)
{
  if (claim->verdict == VERDICT_MISSING) return claim->missing;
  return claim->verdict == VERDICT_UNMEASURED ? NULL : claim->known;
}

/* A heading, then one line per printed claim, and remarks. */
static void print_lines(FILE *stream, const struct Claims *claims, bool brief)
{
  static const char *const heading[N_CELLS] = {"verdict", "claim",  "paper",
                                               "ours",    "window", "statement"};
  int widths[N_CELLS];
  for (size_t i = 0; i < N_CELLS; i++)
    widths[i] = (int)strlen(heading[i]);
  struct Line line;
  for (size_t i = 0; i < claims->n; i++) {
    if (!is_shown(&claims->claims[i], brief)) continue;
    describe_claim(&claims->claims[i], &line);
    for (size_t cell = 0; cell < N_CELLS; cell++)
      if ((int)strlen(line.cells[cell]) > widths[cell])
        widths[cell] = (int)strlen(line.cells[cell]);
  }
  print_cells(stream, heading, widths);
  for (size_t i = 0; i < claims->n; i++) {
    const struct Claim *claim = &claims->claims[i];
    if (!is_shown(claim, brief)) continue;
    describe_claim(claim, &line);
    print_cells(stream, line.cells, widths);
    if (remark_on(claim)) fprintf(stream, "%*s  %s\n", widths[0], "", remark_on(claim));
  }
}

/* ", 2 known to fail, 30 not measured", as far as there are any. */
static void print_others(FILE *stream, const struct Claims *claims)
{
  size_t known = claims_count(claims, VERDICT_KNOWN);
  size_t surprises = claims_count(claims, VERDICT_SURPRISES);
  size_t unmeasured = claims_count(claims, VERDICT_UNMEASURED);
  if (known > 0) fprintf(stream, ", %zu known to fail", known);
  if (surprises > 0) fprintf(stream, ", %zu listed as failing", surprises);
  if (unmeasured > 0) fprintf(stream, ", %zu not measured", unmeasured);
  putc('\n', stream);
}

bool claims_print(const struct Claims *claims, const char *run, bool brief, struct Error *error)
{
  struct Output output;
  if (!output_open(&output, "-", error)) return false;
  size_t n_held = claims_count(claims, VERDICT_HOLDS);
  if (!brief || n_held < claims->n) print_lines(output.stream, claims, brief);
  if (run) fprintf(output.stream, "%s: ", run);
  fprintf(output.stream, "%zu of %zu claims hold", n_held, claims->n);
  print_others(output.stream, claims);
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

struct ReportRow {
  struct Claim claim;
  const char *verdict, *known;
};

static const struct Column report_columns[] = {
    COLUMN_AS("claim", struct ReportRow, claim.cells[CLAIM_NAME], "1", "its identifier"),
    COLUMN_AS("where", struct ReportRow, claim.cells[CLAIM_WHERE], "1", "where the paper says it"),
    COLUMN_AS("statement", struct ReportRow, claim.cells[CLAIM_STATEMENT], "1",
              "what the paper says, in words"),
    COLUMN_AS("paper", struct ReportRow, claim.cells[CLAIM_PAPER], "1", "the paper's own value"),
    COLUMN_AS("ours", struct ReportRow, claim.ours, "1",
              "what was measured here; nan when it was not"),
    COLUMN_AS("low", struct ReportRow, claim.window.low, "1",
              "least value of a run for which the claim holds"),
    COLUMN_AS("high", struct ReportRow, claim.window.high, "1",
              "largest value of a run for which the claim holds"),
    COLUMN(struct ReportRow, verdict, "1",
           "holds; fails; fails, known; holds, though listed as a known failure; missing or not "
           "measured"),
    COLUMN_AS("reason", struct ReportRow, claim.cells[CLAIM_REASON], "1",
              "why the window is what it is"),
    COLUMN(struct ReportRow, known, "1", "why it is known to fail; -: it is not")};

bool claims_write_table(const struct Claims *claims, const struct Quantities *quantities,
                        const char *path, struct Error *error)
{
  struct TableWriter table;
  char *title = describe_report(quantities, error);
  bool created =
      title && table_create(&table, path, title, report_columns, N_COLUMNS(report_columns), error);
  free(title);
  if (!created) return false;
  for (size_t i = 0; i < claims->n; i++) {
    const struct Claim *claim = &claims->claims[i];
    const char *known = claim->known ? claim->known : "-";
    table_put_row(&table, &(struct ReportRow){*claim, verdict_name(claim->verdict), known});
  }
  return table_commit(&table, error);
}
