#include "claims/claims.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  const char *absent; /* cell to use if the column is absent; NULL: required */
} claim_columns[N_CLAIM_COLUMNS] = {
    [CLAIM_NAME] = {"claim", NULL},         [CLAIM_WHERE] = {"where", "-"},
    [CLAIM_STATEMENT] = {"statement", "-"}, [CLAIM_PAPER] = {"paper", "-"},
    [CLAIM_TABLE] = {"table", NULL},        [CLAIM_QUANTITY] = {"quantity", NULL},
    [CLAIM_LOW] = {"low", "-inf"},          [CLAIM_HIGH] = {"high", "inf"},
    [CLAIM_SCALE] = {"scale", "any"},       [CLAIM_REASON] = {"reason", "-"},
};

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

static bool read_claim(const struct Table *table, size_t row, const int *columns,
                       struct Claim *claim, struct Error *error)
{
  int line = table->first_line + (int)row;
  for (size_t i = 0; i < N_CLAIM_COLUMNS; i++)
    claim->cells[i] =
        columns[i] < 0 ? claim_columns[i].absent : table_cell(table, row, (size_t)columns[i]);
  if (!window_parse(&claim->window, claim->cells[CLAIM_LOW], claim->cells[CLAIM_HIGH], error))
    return error_prefix(error, "%s:%d", table->path, line);
  if (!window_is_empty(&claim->window)) return true;
  return error_set(error, "%s:%d: claim \"%s\": the window from %s to %s is empty", table->path,
                   line, claim->cells[CLAIM_NAME], claim->cells[CLAIM_LOW],
                   claim->cells[CLAIM_HIGH]);
}

static bool is_of_scale(const struct Claim *claim, const char *scale)
{
  return strcmp(claim->cells[CLAIM_SCALE], "any") == 0 ||
         strcmp(claim->cells[CLAIM_SCALE], scale) == 0;
}

/* A claim may have one row per scale, but only one for this scale. */
static bool check_new(const struct Claims *claims, const struct Claim *claim, const char *scale,
                      struct Error *error)
{
  for (size_t i = 0; i < claims->n; i++)
    if (strcmp(claims->claims[i].cells[CLAIM_NAME], claim->cells[CLAIM_NAME]) == 0)
      return error_set(error, "%s: duplicate claim \"%s\" for the scale %s", claims->table.path,
                       claim->cells[CLAIM_NAME], scale);
  return true;
}

static bool read_claims(struct Claims *claims, const char *scale, struct Error *error)
{
  const struct Table *table = &claims->table;
  int columns[N_CLAIM_COLUMNS];
  if (!find_claim_columns(table, columns, error)) return false;
  claims->claims = memory_new(table->n_rows, sizeof *claims->claims, "claims", error);
  if (!claims->claims) return false;
  for (size_t row = 0; row < table->n_rows; row++) {
    struct Claim *claim = &claims->claims[claims->n];
    if (!read_claim(table, row, columns, claim, error)) return false;
    if (!is_of_scale(claim, scale)) continue;
    if (!check_new(claims, claim, scale, error)) return false;
    claims->n++;
  }
  if (claims->n > 0) return true;
  return error_set(error, "%s: no claims for the scale \"%s\"", table->path, scale);
}

bool claims_read(struct Claims *claims, const char *path, const char *scale, struct Error *error)
{
  *claims = (struct Claims){.n = 0};
  if (!table_read(&claims->table, path, error)) return false;
  if (read_claims(claims, scale, error)) return true;
  claims_release(claims);
  return false;
}

void claims_release(struct Claims *claims)
{
  for (size_t i = 0; i < claims->n; i++)
    free(claims->claims[i].missing);
  free(claims->claims);
  table_release(&claims->table);
  table_release(&claims->known);
}
