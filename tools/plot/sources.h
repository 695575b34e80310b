/*
 * What a figure was drawn from, as a text for the metadata of its file: for every table that was
 * read, by the name that the specification has for it in the run that is drawn, or the last two
 * components of its path where it has none,
 *
 *   mainline/history: configuration 8f0c..., trajectory 03b1..., table 1a2b...
 *
 * separated by "; ". The last digest is that of the table's bytes; the others are what the table
 * says of its run (table/provenance.h). Nothing else of a path is in it, and no time.
 */
#ifndef PLOT_SOURCES_H
#define PLOT_SOURCES_H

#include "plot/data.h"
#include "plot/figure.h"

/* In the order of the operands. The caller frees it; NULL with an error when there is no memory. */
char *sources_describe(const struct Tables *tables, struct Error *error);

/* The name of the figure, likewise. */
char *sources_title(const struct FigureRequest *request, struct Error *error);

#endif
