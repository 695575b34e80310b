#include "claims/quantities.h"

#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"
#include "compare/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void quantities_release(struct Quantities *quantities)
{
  for (size_t i = 0; i < quantities->n; i++)
    table_release(&quantities->tables[i]);
  free(quantities->tables);
}

bool quantities_read(struct Quantities *quantities, char **paths, size_t n, struct Error *error)
{
  *quantities = (struct Quantities){0};
  quantities->tables = memory_new(n, sizeof *quantities->tables, "tables", error);
  if (!quantities->tables) return false;
  for (; quantities->n < n; quantities->n++)
    if (!table_read(&quantities->tables[quantities->n], paths[quantities->n], error)) {
      quantities_release(quantities);
      return false;
    }
  return true;
}

bool quantity_table_is(const struct Table *table, const char *name)
{
  const char *path = table->path;
  size_t length = strlen(path), wanted = strlen(name);
  if (length > 4 && strcmp(path + length - 4, ".tsv") == 0) length -= 4;
  return length >= wanted && strncmp(path + length - wanted, name, wanted) == 0 &&
         (length == wanted || path[length - wanted - 1] == '/');
}

const struct Table *quantities_table(const struct Quantities *quantities, const char *name)
{
  for (size_t i = 0; i < quantities->n; i++)
    if (quantity_table_is(&quantities->tables[i], name)) return &quantities->tables[i];
  return NULL;
}

char *quantity_table_name(const struct Table *table, struct Error *error)
{
  const char *start = table->path + strlen(table->path);
  for (int slashes = 0; start > table->path; start--)
    if (start[-1] == '/' && ++slashes == 2) break;
  size_t length = strlen(start);
  if (length > 4 && strcmp(start + length - 4, ".tsv") == 0) length -= 4;
  return memory_print(error, "%.*s", (int)length, start);
}

const char **quantity_names(const struct Table *table, struct Error *error)
{
  int column = table_column(table, "quantity", error);
  if (column < 0) return NULL;
  const char **names = memory_new(table->n_rows, sizeof *names, "names of quantities", error);
  for (size_t row = 0; names && row < table->n_rows; row++)
    names[row] = table_cell(table, row, (size_t)column);
  return names;
}

/* The value in a row. */
static bool read_value(const struct Table *table, size_t row, double *value, struct Error *error)
{
  int column = table_column(table, "value", error);
  if (column < 0) return false;
  const char *cell = table_cell(table, row, (size_t)column);
  if (number_parse_real(cell, value)) return true;
  return error_set(error, "%s:%d: column \"value\": found \"%s\", expected a number", table->path,
                   table->first_line + (int)row, cell);
}

/* "NAME has no quantity ..." with the nearest names, in new memory. */
static char *describe_missing_quantity(const struct Table *table, const char *const *names,
                                       const char *quantity, struct Error *error)
{
  char *table_name = quantity_table_name(table, error);
  char *nearest = table_name ? nearest_names(quantity, names, table->n_rows, error) : NULL;
  char *text = nearest ? memory_print(error, "%s has no quantity \"%s\" (nearest: %s)", table_name,
                                      quantity, nearest)
                       : NULL;
  free(nearest);
  free(table_name);
  return text;
}

char *quantities_describe_missing(const struct Quantities *quantities, const char *name,
                                  struct Error *error)
{
  char **names = memory_new(quantities->n, sizeof *names, "names of tables", error), *text = NULL;
  size_t n = 0;
  while (names && n < quantities->n &&
         (names[n] = quantity_table_name(&quantities->tables[n], error)))
    n++;
  if (names && n == quantities->n) {
    char *nearest = nearest_names(name, (const char *const *)names, n, error);
    if (nearest)
      text = memory_print(error, "table %s is not among those given (nearest: %s)", name, nearest);
    free(nearest);
  }
  for (size_t i = 0; i < n; i++)
    free(names[i]);
  free(names);
  return text;
}

/* What a query finds, a number. */
static bool answer_query(const struct Table *table, const char *text, double *value,
                         struct Error *error)
{
  struct Query query = {0};
  if (!query_parse_cells(&query, text))
    return error_set(
        error, "found \"%s\", expected a quantity or a query such as epoch@test_loss<1", text);
  char *answer = query_answer(&query, table, error);
  if (!answer) return false;
  bool is_number = number_parse_real(answer, value);
  if (!is_number)
    error_set(error, "%s: %s is \"%s\", expected a number", table->path, text, answer);
  free(answer);
  return is_number;
}

bool table_has_quantities(const struct Table *table)
{
  struct Error ignored;
  return table_column(table, "quantity", &ignored) >= 0 &&
         table_column(table, "value", &ignored) >= 0;
}

bool quantity_find(const struct Table *table, const char *quantity, double *value, char **missing,
                   struct Error *error)
{
  *value = NAN;
  *missing = NULL;
  if (strchr(quantity, '@')) return answer_query(table, quantity, value, error);
  const char **names = quantity_names(table, error);
  if (!names) return false;
  size_t row = 0;
  while (row < table->n_rows && strcmp(names[row], quantity) != 0)
    row++;
  bool done;
  if (row < table->n_rows) {
    done = read_value(table, row, value, error);
  } else {
    *missing = describe_missing_quantity(table, names, quantity, error);
    done = *missing;
  }
  free(names);
  return done;
}
