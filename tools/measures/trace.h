/*
 * The pair and the frequency at which figure 1 follows the algorithm of a network.
 */
#ifndef MEASURES_TRACE_H
#define MEASURES_TRACE_H

#include "fourier/directions.h"
#include "measures/subject.h"

/* The waves are those of the key frequencies, or of all where there are none; k is the one with the
   largest coefficient that also has a sine. The pair is one that was not trained on, whose angles
   come closest to 0.08 and 0.18 of a turn. */
struct Trace {
  int p;
  enum DirectionSign sign;
  int k;         /* the frequency shown */
  int a, b, s;   /* the pair, and its answer a + b or a - b mod p */
  bool *waves;   /* [n_frequencies + 1]: frequencies whose cosines are read off */
  double *alpha; /* [n_frequencies + 1]: their coefficients; 0 for other frequencies */
};

/* Of a subject. Errors: an operation without directions; no frequency has a sine. */
const struct Trace *trace_of(struct Subject *subject, struct Error *error);

/* w_k x in units of 1/p turn, 0..p-1 */
int trace_angle(const struct Trace *trace, int x);

/* Opens a table of the trace; its title says what it shows, for which pair and frequency. */
bool trace_create_table(struct TableWriter *table, const struct Subject *subject,
                        const struct Trace *trace, const char *file, const char *title,
                        const struct Column *columns, size_t n_columns, struct Error *error);

#endif
