/*
 * Tables of quantities: named scalars by which claims about a network can be checked, a row for
 * each. Most of them are the members of a struct, described by an array of columns as those of a
 * row are (table/table.h); those whose names are made at run time are put one by one.
 */
#ifndef MEASURES_QUANTITIES_H
#define MEASURES_QUANTITIES_H

#include "table/table.h"

/* The columns of such a table. */
enum { N_QUANTITY_COLUMNS = 4 };
extern const struct Column quantities_columns[N_QUANTITY_COLUMNS];

/* Writes one row. A quantity that is undefined for this network is NaN. */
void quantities_put(struct TableWriter *table, const char *name, double value, const char *unit,
                    const char *meaning);

/* Writes a row for each of the n members of `values` that are described, all of them numbers. */
void quantities_put_members(struct TableWriter *table, const struct Column *members, size_t n,
                            const void *values);

#endif
