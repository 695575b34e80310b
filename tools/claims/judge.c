#include "claims/claims.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The name of a claim's table in the run that is judged, in new memory. */
static char *name_in_run(const char *name, const char *run, struct Error *error)
{
  const char *slash = strchr(name, '/');
  return run && slash ? memory_print(error, "%s%s", run, slash) : memory_copy_text(name, error);
}

/* Finds the table of a claim, or records that it is missing. */
static bool find_source(struct Claim *claim, const struct Quantities *quantities, const char *run,
                        struct Error *error)
{
  char *name = name_in_run(claim->cells[CLAIM_TABLE], run, error);
  if (!name) return false;
  claim->source = quantities_table(quantities, name);
  if (!claim->source && !run) claim->missing = quantities_describe_missing(quantities, name, error);
  free(name);
  return claim->source || claim->missing || run;
}

/* Finds the tables of all claims and drops the claims that the run leaves out. */
static bool find_sources(struct Claims *claims, const struct Quantities *quantities,
                         const char *run, struct Error *error)
{
  size_t kept = 0;
  for (size_t i = 0; i < claims->n; i++) {
    struct Claim *claim = &claims->claims[i];
    if (!find_source(claim, quantities, run, error)) return false;
    if (claim->source || !run) claims->claims[kept++] = *claim;
  }
  claims->n = kept;
  if (kept > 0) return true;
  return error_set(error, "%s: no claim uses a table of \"%s\" among the %zu given",
                   claims->table.path, run, quantities->n);
}

static enum Verdict verdict_of(const struct Claim *claim, const struct Judging *how)
{
  if (!claim->source && how->only_measured) return VERDICT_UNMEASURED;
  if (claim->missing) return VERDICT_MISSING;
  if (window_contains(&claim->window, claim->ours))
    return claim->known ? VERDICT_SURPRISES : VERDICT_HOLDS;
  return claim->known ? VERDICT_KNOWN : VERDICT_FAILS;
}

static bool judge(struct Claim *claim, const struct Judging *how, struct Error *error)
{
  claim->ours = NAN;
  if (claim->source && !quantity_find(claim->source, claim->cells[CLAIM_QUANTITY], &claim->ours,
                                      &claim->missing, error))
    return false;
  claim->verdict = verdict_of(claim, how);
  return true;
}

bool claims_judge(struct Claims *claims, const struct Quantities *quantities,
                  const struct Judging *how, struct Error *error)
{
  if (!find_sources(claims, quantities, how->run, error)) return false;
  for (size_t i = 0; i < claims->n; i++)
    if (!judge(&claims->claims[i], how, error))
      return error_prefix(error, "%s: claim \"%s\"", claims->table.path,
                          claims->claims[i].cells[CLAIM_NAME]);
  return true;
}

const char *verdict_name(enum Verdict verdict)
{
  static const char *const names[] = {
      [VERDICT_HOLDS] = "holds",        [VERDICT_FAILS] = "fails",
      [VERDICT_KNOWN] = "fails, known", [VERDICT_SURPRISES] = "holds, though listed",
      [VERDICT_MISSING] = "missing",    [VERDICT_UNMEASURED] = "not measured"};
  return names[verdict];
}

bool claims_are_as_expected(const struct Claims *claims)
{
  return claims_count(claims, VERDICT_HOLDS) + claims_count(claims, VERDICT_KNOWN) +
             claims_count(claims, VERDICT_UNMEASURED) ==
         claims->n;
}

size_t claims_count(const struct Claims *claims, enum Verdict verdict)
{
  size_t count = 0;
  for (size_t i = 0; i < claims->n; i++)
    count += claims->claims[i].verdict == verdict;
  return count;
}
