/* Columns of a run's tables, for a page. */
#ifndef EXPORT_COLUMNS_H
#define EXPORT_COLUMNS_H

#include "measures/analysis.h"

#include <jansson.h>

/* Columns of the table `file` of a folder as arrays of numbers, under their names, which end with
   NULL; null stands for nan. NULL with an error: it cannot be read; there is no such column; it is
   about another trajectory than the analysis. */
json_t *columns_of(const struct Analysis *analysis, const char *folder, const char *file,
                   const char *const *names, struct Error *error);

/* alpha_k of cosine-coefficients.tsv: for each of these epochs[n] an array of those of the key
   frequencies. NULL with an error: as above; it lacks an epoch. */
json_t *columns_alpha(const struct Analysis *analysis, const char *folder, const int64_t *epochs,
                      size_t n, struct Error *error);

#endif
