#include "measures/quantities.h"

const struct Column quantity_columns[N_QUANTITY_COLUMNS] = {
    {"quantity", "name", "what is measured"},
    {"value", "its unit", "nan where it is not defined"},
    {"unit", "text", "of the value; 1 for a pure number"},
    {"meaning", "text", "how it is defined"}};

void quantity_put(struct TableWriter *table, const char *name, double value, const char *unit,
                  const char *meaning)
{
  table_put_text(table, name);
  table_put(table, value);
  table_put_text(table, unit);
  table_put_text(table, meaning);
}
