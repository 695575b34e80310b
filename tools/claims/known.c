#include "claims/claims.h"

#include <string.h>

/* Is the claim about that run? Its table is RUN/NAME, unless another run is judged. */
static bool is_about(const struct Claim *claim, const char *judged, const char *run)
{
  if (judged) return strcmp(judged, run) == 0;
  const char *table = claim->cells[CLAIM_TABLE];
  size_t length = strcspn(table, "/");
  return strlen(run) == length && strncmp(table, run, length) == 0;
}

enum { KNOWN_RUN, KNOWN_CLAIM, KNOWN_SCALE, KNOWN_REASON, N_KNOWN_COLUMNS };

static bool mark(struct Claims *claims, size_t row, const int *columns, const char *judged,
                 struct Error *error)
{
  const struct Table *known = &claims->known;
  const char *cells[N_KNOWN_COLUMNS];
  for (int i = 0; i < N_KNOWN_COLUMNS; i++)
    cells[i] = table_cell(known, row, (size_t)columns[i]);
  for (size_t i = 0; i < claims->n; i++) {
    struct Claim *claim = &claims->claims[i];
    if (strcmp(claim->cells[CLAIM_NAME], cells[KNOWN_CLAIM]) != 0 ||
        !is_about(claim, judged, cells[KNOWN_RUN]))
      continue;
    if (claim->known)
      return error_set(error, "%s:%d: the failure of \"%s\" is listed twice for the run %s",
                       known->path, known->first_line + (int)row, cells[KNOWN_CLAIM],
                       cells[KNOWN_RUN]);
    claim->known = cells[KNOWN_REASON];
  }
  return true;
}

bool claims_read_known(struct Claims *claims, const char *path, const char *run, const char *scale,
                       struct Error *error)
{
  static const char *const names[N_KNOWN_COLUMNS] = {"run", "claim", "scale", "reason"};
  int columns[N_KNOWN_COLUMNS];
  if (!table_read(&claims->known, path, error)) return false;
  for (int i = 0; i < N_KNOWN_COLUMNS; i++) {
    columns[i] = table_column(&claims->known, names[i], error);
    if (columns[i] < 0) return false;
  }
  for (size_t row = 0; row < claims->known.n_rows; row++) {
    const char *of = table_cell(&claims->known, row, (size_t)columns[KNOWN_SCALE]);
    if (strcmp(of, scale) == 0 && !mark(claims, row, columns, run, error)) return false;
  }
  return true;
}
