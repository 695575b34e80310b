#include "table/table.h"

#include <math.h>
#include <string.h>

/* Every line of the title becomes a comment. */
static void write_title(FILE *stream, const char *title)
{
  while (*title) {
    size_t length = strcspn(title, "\n");
    fprintf(stream, "#%s%.*s\n", length > 0 ? " " : "", (int)length, title);
    title += length + (title[length] == '\n');
  }
}

bool table_create(struct TableWriter *writer, const char *path, const char *title,
                  const struct Column *columns, size_t n_columns, struct Error *error)
{
  *writer = (struct TableWriter){.columns = columns, .n_columns = n_columns};
  if (!output_open(&writer->output, path, error)) return false;
  FILE *stream = writer->output.stream;
  write_title(stream, title);
  for (size_t i = 0; i < n_columns; i++)
    fprintf(stream, "# %s [%s]: %s\n", columns[i].name, columns[i].unit, columns[i].meaning);
  for (size_t i = 0; i < n_columns; i++)
    fprintf(stream, "%s%c", columns[i].name, i + 1 < n_columns ? '\t' : '\n');
  return true;
}

bool table_append(struct TableWriter *writer, const char *path, const struct Column *columns,
                  size_t n_columns, struct Error *error)
{
  *writer = (struct TableWriter){.columns = columns, .n_columns = n_columns};
  return output_append(&writer->output, path, error);
}

bool table_flush(struct TableWriter *writer, struct Error *error)
{
  return output_flush(&writer->output, error);
}

static void end_cell(struct TableWriter *writer)
{
  writer->column = (writer->column + 1) % writer->n_columns;
  putc(writer->column == 0 ? '\n' : '\t', writer->output.stream);
}

void table_put(struct TableWriter *writer, double value)
{
  if (isnan(value))
    fputs("nan", writer->output.stream); /* printf would print the sign of a NaN */
  else
    fprintf(writer->output.stream, "%.9g", value);
  end_cell(writer);
}

void table_put_integer(struct TableWriter *writer, long long value)
{
  fprintf(writer->output.stream, "%lld", value);
  end_cell(writer);
}

void table_put_text(struct TableWriter *writer, const char *text)
{
  fputs(text, writer->output.stream);
  end_cell(writer);
}

/* The member of a row, which COLUMN_AS has found to be of that type. */
#define MEMBER(type) (*(const type *)((const char *)row + column->offset))

static void put_member(struct TableWriter *writer, const struct Column *column, const void *row)
{
  switch (column->source) {
  case COLUMN_NO_MEMBER:
    break; /* leaves the row too short, which table_commit reports */
  case COLUMN_REAL:
    table_put(writer, MEMBER(double));
    break;
  case COLUMN_INT:
    table_put_integer(writer, MEMBER(int));
    break;
  case COLUMN_INT64:
    table_put_integer(writer, MEMBER(int64_t));
    break;
  case COLUMN_SIZE:
    table_put_integer(writer, (long long)MEMBER(size_t));
    break;
  case COLUMN_MAYBE:
    if (MEMBER(struct MaybeInteger).known)
      table_put_integer(writer, MEMBER(struct MaybeInteger).value);
    else
      table_put(writer, NAN);
    break;
  case COLUMN_BOOL:
    table_put_integer(writer, MEMBER(bool));
    break;
  case COLUMN_TEXT:
    table_put_text(writer, MEMBER(char *const));
    break;
  }
}

void table_put_row(struct TableWriter *writer, const void *row)
{
  for (size_t i = 0; i < writer->n_columns; i++)
    put_member(writer, &writer->columns[i], row);
}

double column_number(const struct Column *column, const void *row)
{
  switch (column->source) {
  case COLUMN_REAL:
    return MEMBER(double);
  case COLUMN_INT:
    return MEMBER(int);
  case COLUMN_INT64:
    return (double)MEMBER(int64_t);
  case COLUMN_SIZE:
    return (double)MEMBER(size_t);
  case COLUMN_BOOL:
    return MEMBER(bool);
  case COLUMN_MAYBE:
    return MEMBER(struct MaybeInteger).known ? (double)MEMBER(struct MaybeInteger).value : NAN;
  case COLUMN_NO_MEMBER:
  case COLUMN_TEXT:
    break;
  }
  return NAN;
}

bool table_commit(struct TableWriter *writer, struct Error *error)
{
  if (writer->column != 0) {
    error_set(error, "%s: the last row has %zu of %zu cells",
              writer->output.path ? writer->output.path : "standard output", writer->column,
              writer->n_columns);
    table_discard(writer);
    return false;
  }
  return output_commit(&writer->output, error);
}

void table_discard(struct TableWriter *writer)
{
  output_discard(&writer->output);
}
