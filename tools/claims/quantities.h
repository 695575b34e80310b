/*
 * What was measured: tables. A table goes by the last parts of its path, without .tsv:
 * mainline/spectrum-quantities. Its quantities are the rows of the columns `quantity` and `value`,
 * or what a query finds (compare/query.h): epoch@test_loss<1.
 */
#ifndef CLAIMS_QUANTITIES_H
#define CLAIMS_QUANTITIES_H

#include "base/error.h"
#include "table/table.h"

#include <stddef.h>

struct Quantities {
  struct Table *tables; /* [n] */
  size_t n;
};

/* Reads n tables, with the errors of table_read. The paths need not outlive them. */
bool quantities_read(struct Quantities *quantities, char **paths, size_t n, struct Error *error);
void quantities_release(struct Quantities *quantities);

/* Does its path, without .tsv, end with the components of that name? */
bool quantity_table_is(const struct Table *table, const char *name);

/* The first table of that name; NULL if there is none. */
const struct Table *quantities_table(const struct Quantities *quantities, const char *name);

/* Looks a quantity up in a table; one with an "@" is a query. If it is not there, *missing becomes
   a message with the nearest names, in new memory, and the value NaN; otherwise *missing is NULL.
   Errors: a column is missing, the value is not a number, or a query not one. */
bool quantity_find(const struct Table *table, const char *quantity, double *value, char **missing,
                   struct Error *error);

/* "table NAME is not among those given", with the nearest names, in new memory. */
char *quantities_describe_missing(const struct Quantities *quantities, const char *name,
                                  struct Error *error);

/* Has it the columns `quantity` and `value`? */
bool table_has_quantities(const struct Table *table);

/* The names in a table's quantity column, [n_rows], in a new array; the table owns the texts. */
const char **quantity_names(const struct Table *table, struct Error *error);

/* A table's name in messages and LaTeX: the last two parts of its path, without .tsv, in new
   memory. */
char *quantity_table_name(const struct Table *table, struct Error *error);

#endif
