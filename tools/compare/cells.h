/*
 * What a query finds in a table.
 */
#ifndef COMPARE_CELLS_H
#define COMPARE_CELLS_H

#include "compare/query.h"
#include "table/table.h"

/* The answer to a query of any kind but QUERY_QUANTITY, as a cell in new memory: of all cells of a
   column, these with commas between them, "none" for no rows; otherwise a cell or a number, nan
   where there is none. Errors: a column is missing, or holds a word where it is tested. */
char *query_answer(const struct Query *query, const struct Table *table, struct Error *error);

#endif
