/*
 * What the measures do in each phase, as single numbers by which the sentences of section 5.2 can
 * be checked. Part of progress-quantities.tsv.
 */
#ifndef MEASURES_PHASE_QUANTITIES_H
#define MEASURES_PHASE_QUANTITIES_H

#include "measures/progress_measures.h"

/* Writes their rows. What is of a phase that does not end is NaN, and so are all epochs if those of
   the snapshots are unknown. */
void phase_quantities_put(struct TableWriter *table, const struct MeasuredRun *run);

#endif
