/*
 * Named scalars by which claims about a network can be checked. A table of quantities has one row
 * for each.
 */
#ifndef MEASURES_QUANTITIES_H
#define MEASURES_QUANTITIES_H

#include "table/table.h"

enum { N_QUANTITY_COLUMNS = 4 };
extern const struct Column quantity_columns[N_QUANTITY_COLUMNS];

/* Writes one row. A quantity that is undefined for this network is NaN. */
void quantity_put(struct TableWriter *table, const char *name, double value, const char *unit,
                  const char *meaning);

#endif
