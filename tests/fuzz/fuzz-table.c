/* Tables: every cell of a table that was read exists and is not empty. */
#include "input.h"
#include "table/table.h"

#include <stdlib.h>

enum { FEW = 8 }; /* columns are looked up one by one: not all of a million */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct Error error;
  struct Table table;
  if (!table_read(&table, input_file(0, data, size), &error)) return 0;
  for (size_t row = 0; row < table.n_rows; row++)
    for (size_t column = 0; column < table.n_columns; column++)
      if (table_cell(&table, row, column)[0] == '\0') abort();
  for (size_t column = 0; column < table.n_columns && column < FEW; column++) {
    if (table_column(&table, table.names[column], &error) != (int)column) abort();
    free(table_numbers(&table, table.names[column], &error));
  }
  if (table_column(&table, "no name", &error) != -1) abort();
  table_release(&table);
  return 0;
}
