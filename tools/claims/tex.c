#include "claims/report.h"

#include "base/output.h"
#include "claims/range.h"
#include "table/tex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Opens \claim{FIELD}{NAME}; a brace closes it. */
static void open_field(FILE *stream, const char *field, const struct Claim *claim)
{
  fprintf(stream, "\\expandafter\\def\\csname claim %s %s\\endcsname{", field,
          claim->cells[CLAIM_NAME]);
}

/* What is not said, "-", becomes a dash. */
static void put_field(FILE *stream, const struct Claim *claim, const char *field,
                      void put(FILE *stream, const char *text), const char *text)
{
  open_field(stream, field, claim);
  put(stream, strcmp(text, "-") == 0 ? "--" : text);
  fputs("}\n", stream);
}

static void write_texts(FILE *stream, const struct Claim *claim)
{
  char window[WINDOW_TEXT_SIZE], section[WINDOW_TEXT_SIZE];
  const char *where = claim->cells[CLAIM_WHERE];
  window_format(&claim->window, window);
  snprintf(section, sizeof section, "%.*s", (int)strcspn(where, ","), where);
  put_field(stream, claim, "section", tex_put_text, section);
  put_field(stream, claim, "where", tex_put_text, where);
  put_field(stream, claim, "verdict", tex_put_text, verdict_name(claim->verdict));
  put_field(stream, claim, "statement", tex_put_prose, claim->cells[CLAIM_STATEMENT]);
  put_field(stream, claim, "paper", tex_put_prose, claim->cells[CLAIM_PAPER]);
  put_field(stream, claim, "window", tex_put_prose, window);
  put_field(stream, claim, "reason", tex_put_prose, claim->cells[CLAIM_REASON]);
  if (claim->verdict == VERDICT_KNOWN)
    put_field(stream, claim, "known", tex_put_prose, claim->known);
}

/* Ours, "2.4e-8 to 7.9e-8" over all runs, with "--" if one has no number; of how many it holds. */
static void write_range(FILE *stream, const struct Claim *claim, const struct ClaimRange *range)
{
  open_field(stream, "ours", claim);
  tex_put_number(stream, claim->ours);
  fputs("}\n", stream);
  open_field(stream, "range", claim);
  tex_put_number(stream, range->least);
  if (range->least < range->most) {
    fputs(" to ", stream);
    tex_put_number(stream, range->most);
  }
  fputs(range->has_nan && !isnan(range->least) ? ", --}\n" : "}\n", stream);
  open_field(stream, "held", claim);
  fprintf(stream, "%zu}\n", range->n_held);
  open_field(stream, "runs", claim);
  fprintf(stream, "%zu}\n", range->n);
}

/* \claim{FIELD}{NAME} of all claims, and their names. */
static void write_fields(FILE *stream, const struct Claims *claims,
                         const struct Quantities *quantities)
{
  for (size_t i = 0; i < claims->n; i++) {
    const struct Claim *claim = &claims->claims[i];
    struct ClaimRange range = claim_range(claim, quantities);
    write_texts(stream, claim);
    write_range(stream, claim, &range);
  }
  fputs("\\newcommand{\\claimnames}{%\n", stream);
  for (size_t i = 0; i < claims->n; i++)
    fprintf(stream, "\\do{%s}%%\n", claims->claims[i].cells[CLAIM_NAME]);
  fputs("}\n", stream);
  fprintf(stream, "\\newcommand{\\claimsheld}{%zu}\n\\newcommand{\\claimsjudged}{%zu}\n",
          claims_count(claims, VERDICT_HOLDS), claims->n);
}

/* The run of the first claim that has a table, as named by that table. */
static void write_run(FILE *stream, const struct Claims *claims)
{
  struct Provenance run = {0};
  char line[PROVENANCE_SIZE];
  for (size_t i = claims->n; i-- > 0;)
    if (claims->claims[i].source) run = claims->claims[i].source->run;
  provenance_format(&run, line);
  const char *digests = strchr(line, ' ') + 1; /* after "run:" */
  fputs("\\newcommand{\\claimsrun}{", stream);
  tex_put_text(stream, digests); /* the engine's name may be any text */
  fputs("}\n", stream);
}

/* \measured{RUN/TABLE}{QUANTITY} for every quantity, and its value as a number for comparisons. */
static bool write_quantities(FILE *stream, const struct Table *table, struct Error *error)
{
  const char **names = quantity_names(table, error);
  double *values = names ? table_numbers(table, "value", error) : NULL;
  char *key = values ? quantity_table_name(table, error) : NULL;
  for (size_t row = 0; key && row < table->n_rows; row++) {
    fprintf(stream, "\\expandafter\\def\\csname measured %s %s\\endcsname{", key, names[row]);
    tex_put_number(stream, values[row]);
    fprintf(stream, "}\n\\expandafter\\def\\csname value %s %s\\endcsname{%.9g}\n", key, names[row],
            values[row]);
  }
  bool done = key;
  free(key);
  free(values);
  free(names);
  return done;
}

bool claims_write_tex(const struct Claims *claims, const struct Quantities *quantities,
                      const char *path, struct Error *error)
{
  struct Output output;
  if (!output_open(&output, path, error)) return false;
  fputs("% made by verify: \\measured{RUN/TABLE}{QUANTITY} is a number that was measured,\n"
        "% \\claim{FIELD}{NAME} a claim's statement, where, section, paper, ours, window, reason,\n"
        "% verdict, why it is known to fail if it is, the range over all runs that are given, and "
        "of\n"
        "% how many of the runs it held, \\paper{NAME} the paper's value,\n"
        "% \\claimnames the names of all claims, each the argument of \\do,\n"
        "% \\claimsrun the digests of the run that they are held against\n"
        "\\newcommand{\\claim}[2]{\\ifcsname claim #1 #2\\endcsname"
        "\\csname claim #1 #2\\endcsname\\else\\errmessage{no claim: #2}\\fi}\n"
        "\\newcommand{\\paper}{\\claim{paper}}\n"
        "\\newcommand{\\measured}[2]{\\ifcsname measured #1 #2\\endcsname"
        "\\csname measured #1 #2\\endcsname\\else\\errmessage{not measured: #1 #2}\\fi}\n",
        output.stream);
  write_run(output.stream, claims);
  write_fields(output.stream, claims, quantities);
  bool done = true;
  for (size_t i = 0; done && i < quantities->n; i++)
    done = !table_has_quantities(&quantities->tables[i]) ||
           write_quantities(output.stream, &quantities->tables[i], error);
  if (done) return output_commit(&output, error);
  output_discard(&output);
  return false;
}
