#include "measures/quantities.h"

struct QuantityRow {
  const char *quantity;
  double value;
  const char *unit, *meaning;
};

const struct Column quantities_columns[N_QUANTITY_COLUMNS] = {
    COLUMN(struct QuantityRow, quantity, "name", "what is measured"),
    COLUMN(struct QuantityRow, value, "its unit", "nan where it is not defined"),
    COLUMN(struct QuantityRow, unit, "text", "of the value; 1 for a pure number"),
    COLUMN(struct QuantityRow, meaning, "text", "how it is defined")};

void quantities_put(struct TableWriter *table, const char *name, double value, const char *unit,
                    const char *meaning)
{
  table_put_row(table, &(struct QuantityRow){name, value, unit, meaning});
}

void quantities_put_members(struct TableWriter *table, const struct Column *members, size_t n,
                            const void *values)
{
  for (size_t i = 0; i < n; i++)
    quantities_put(table, members[i].name, column_number(&members[i], values), members[i].unit,
                   members[i].meaning);
}
