/*
 * The logits of some rows a of the grid of pairs: of large networks there is no room for all.
 */
#ifndef MEASURES_LOGIT_ROWS_H
#define MEASURES_LOGIT_ROWS_H

#include <stddef.h>

struct LogitRows {
  const float *logits; /* [(end - first) p][V] */
  size_t V;
  int first, end; /* a = first .. end - 1 */
};

/* Those of the pair (a, b). */
static inline const float *logit_rows_at(const struct LogitRows *rows, int a, int b, int p)
{
  return rows->logits + ((size_t)(a - rows->first) * (size_t)p + (size_t)b) * rows->V;
}

#endif
