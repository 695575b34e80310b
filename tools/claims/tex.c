#include "claims/report.h"

#include "base/output.h"
#include "table/tex.h"

#include <stdlib.h>
#include <string.h>

static void write_claims(FILE *stream, const struct Claims *claims)
{
  fputs("\\newcommand{\\claimrows}{%\n", stream);
  for (size_t i = 0; i < claims->n; i++) {
    const struct Claim *claim = &claims->claims[i];
    tex_put_text(stream, claim->cells[CLAIM_STATEMENT]);
    fputs(" & ", stream);
    tex_put_text(stream, claim->cells[CLAIM_WHERE]);
    fputs(" & ", stream);
    tex_put_text(stream, claim->cells[CLAIM_PAPER]);
    fputs(" & ", stream);
    tex_put_number(stream, claim->ours);
    fputs(" & ", stream);
    char window[WINDOW_TEXT_SIZE];
    window_format(&claim->window, window);
    tex_put_text(stream, window);
    fprintf(stream, " & %s", verdict_name(claim->verdict));
    if (claim->verdict == VERDICT_KNOWN) {
      fputs(": ", stream);
      tex_put_text(stream, claim->known);
    }
    fputs(" \\\\\n", stream);
  }
  fputs("}\n", stream);
  for (size_t i = 0; i < claims->n; i++) {
    fprintf(stream, "\\expandafter\\def\\csname paper %s\\endcsname{",
            claims->claims[i].cells[CLAIM_NAME]);
    tex_put_text(stream, claims->claims[i].cells[CLAIM_PAPER]);
    fputs("}\n", stream);
  }
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

/* \measured{RUN/TABLE}{QUANTITY} for every quantity. */
static bool write_quantities(FILE *stream, const struct Table *table, struct Error *error)
{
  const char **names = quantity_names(table, error);
  double *values = names ? table_numbers(table, "value", error) : NULL;
  char *key = values ? quantity_table_name(table, error) : NULL;
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

bool claims_write_tex(const struct Claims *claims, const struct Quantities *quantities,
                      const char *path, struct Error *error)
{
  struct Output output;
  if (!output_open(&output, path, error)) return false;
  fputs("% made by verify: \\measured{RUN/TABLE}{QUANTITY} is a number that was measured,\n"
        "% \\paper{CLAIM} the paper's value, \\claimrows the table of all claims,\n"
        "% \\claimsrun the digests of the run that they are held against\n"
        "\\newcommand{\\paper}[1]{\\ifcsname paper #1\\endcsname\\csname paper #1\\endcsname"
        "\\else\\errmessage{no claim: #1}\\fi}\n"
        "\\newcommand{\\measured}[2]{\\ifcsname measured #1 #2\\endcsname"
        "\\csname measured #1 #2\\endcsname\\else\\errmessage{not measured: #1 #2}\\fi}\n",
        output.stream);
  write_claims(output.stream, claims);
  write_run(output.stream, claims);
  for (size_t i = 0; i < quantities->n; i++)
    if (table_has_quantities(&quantities->tables[i]) &&
        !write_quantities(output.stream, &quantities->tables[i], error)) {
      output_discard(&output);
      return false;
    }
  return output_commit(&output, error);
}
