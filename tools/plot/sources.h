/*
 * The sources of a figure, as text for its file's metadata. For every table read, with its name in
 * the specification (for the run that is drawn) or, if it has none, the last two components of its
 * path,
 *
 *   mainline/history: configuration 8f0c..., trajectory 03b1..., table 1a2b...
 *
 * separated by "; ". The last digest is that of the table's bytes; the others come from the table's
 * provenance (table/provenance.h). No other part of a path is included, and no time.
 */
#ifndef PLOT_SOURCES_H
#define PLOT_SOURCES_H

#include "plot/data.h"

/* In the order of the operands. The caller frees it; NULL with an error if there is no memory. */
char *sources_describe(const struct Tables *tables, struct Error *error);

/* The name of the figure, fit for metadata, likewise. */
char *sources_title(const char *figure, struct Error *error);

#endif
