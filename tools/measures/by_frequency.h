/*
 * Measures of every snapshot and frequency (figures 14 and 15). cosine-coefficients.tsv and
 * excluded-by-frequency.tsv.
 */
#ifndef MEASURES_BY_FREQUENCY_H
#define MEASURES_BY_FREQUENCY_H

#include "measures/progress_measures.h"

extern const struct RunTable by_frequency_coefficients;    /* cosine-coefficients.tsv */
extern const struct RunTable by_frequency_excluded_losses; /* excluded-by-frequency.tsv */

#endif
