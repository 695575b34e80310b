/*
 * Tables: written by one tool, drawn or judged by the next. A table is a text file:
 *
 *   # Progress measures of ... (any number of lines that say what the table is)
 *   # run: configuration 8f0c2d3e...4b5a6978, trajectory 03b1c2d3...e4f50617 (table/provenance.h)
 *   # epoch [epochs]: optimizer steps taken
 *   # train_loss [nats]: mean cross-entropy over the training pairs
 *   epoch<TAB>train_loss
 *   0<TAB>4.7554
 *
 * First comment lines, starting with #; then one line of column names; then one line per row, with
 * one cell per column. Cells are separated by single tabs and contain numbers as base/number.h
 * reads them (including nan and inf) or words. Names consist of letters, digits, '_', '.' and '-',
 * and are unique. Lines end with \n; \r\n is accepted.
 *
 * The name of a table that is still being written ends with .partial. Text after its last complete
 * line is ignored.
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include "base/digest.h"
#include "base/error.h"
#include "base/output.h"
#include "table/provenance.h"

#include <stddef.h>
#include <stdint.h>

/* ---- reading ---- */

struct Table {
  char *path;
  char *text; /* the file, split into cells by NULs */
  size_t n_columns;
  size_t n_rows;
  const char **names;    /* [n_columns] */
  const char **cells;    /* [n_rows][n_columns] */
  int first_line;        /* line number of row 0, for messages */
  struct Provenance run; /* from the comment block; all unknown if it is not there */
  struct Digest digest;  /* of the file's bytes (base/digest.h) */
};

/* Has it the name of a table that is still growing? */
bool table_is_partial(const char *path);

/* Reads a whole table. Errors name file and line: unreadable, empty, no header, a repeated or
   empty column name, a row with more or fewer cells than the header, a NUL byte. */
bool table_read(struct Table *table, const char *path, struct Error *error);
void table_release(struct Table *table);

/* Reads what comes before the rows, and of these the last complete one alone, if there is any,
   however long the table is. The digest is not set, and first_line not the row's. */
bool table_read_last(struct Table *table, const char *path, struct Error *error);

/* The index of a column; -1 with an error that lists the existing columns. */
int table_column(const struct Table *table, const char *name, struct Error *error);

/* One column as n_rows numbers in a new array, which the caller frees; NULL with an error that
   names file, line and column if a cell is not a number. */
double *table_numbers(const struct Table *table, const char *name, struct Error *error);

/* The text of one cell. */
const char *table_cell(const struct Table *table, size_t row, size_t column);

/* ---- writing ---- */

/* An integer that may be unknown: nan in a table. */
struct MaybeInteger {
  bool known;
  int64_t value;
};

/* Where a column's cells come from: a member of a row, of this type. */
enum ColumnSource {
  COLUMN_NO_MEMBER, /* put cell by cell */
  COLUMN_REAL,      /* double */
  COLUMN_INT,       /* int */
  COLUMN_INT64,     /* int64_t */
  COLUMN_SIZE,      /* size_t */
  COLUMN_MAYBE,     /* struct MaybeInteger */
  COLUMN_BOOL,      /* bool: 0 or 1 */
  COLUMN_TEXT       /* const char * */
};

struct Column {
  const char *name;
  const char *unit;    /* "nats", "epochs", "1" for a pure number */
  const char *meaning; /* one sentence, citing the equation or section */
  enum ColumnSource source;
  size_t offset; /* of the member in a row */
};

/* The rows of a table are described once, by an array of these: the column NAME is the MEMBER of
   the struct ROW. COLUMN is short for a column that has its member's name. */
#define COLUMN_AS(NAME, ROW, MEMBER, UNIT, MEANING)                                                \
  {                                                                                                \
    NAME, UNIT, MEANING, COLUMN_SOURCE(((ROW *)NULL)->MEMBER), offsetof(ROW, MEMBER)               \
  }
#define COLUMN(ROW, MEMBER, UNIT, MEANING) COLUMN_AS(#MEMBER, ROW, MEMBER, UNIT, MEANING)
#define COLUMN_SOURCE(MEMBER)                                                                      \
  _Generic((MEMBER),                                                                               \
      double: COLUMN_REAL,                                                                         \
      int: COLUMN_INT,                                                                             \
      int64_t: COLUMN_INT64,                                                                       \
      size_t: COLUMN_SIZE,                                                                         \
      struct MaybeInteger: COLUMN_MAYBE,                                                           \
      bool: COLUMN_BOOL,                                                                           \
      char *: COLUMN_TEXT,                                                                         \
      const char *: COLUMN_TEXT)

#define N_COLUMNS(COLUMNS) (sizeof(COLUMNS) / sizeof *(COLUMNS))

struct TableWriter {
  struct Output output;
  const struct Column *columns; /* [n_columns], borrowed */
  size_t n_columns;
  size_t column; /* of the next cell */
};

/* Opens the file and writes comment block and header. `title` may have several lines. The columns
   must stay as long as rows are put. */
bool table_create(struct TableWriter *writer, const char *path, const char *title,
                  const struct Column *columns, size_t n_columns, struct Error *error);

/* Writes the next row, of the type that the columns are members of. Numbers have nine significant
   digits, enough for every float32. Errors are reported by table_commit. */
void table_put_row(struct TableWriter *writer, const void *row);

/* Write the next cell; the last one of a row ends the line. For tables whose columns are no members
   of anything. */
void table_put(struct TableWriter *writer, double value);
void table_put_integer(struct TableWriter *writer, long long value);
void table_put_text(struct TableWriter *writer, const char *text);

/* The number in a column of such a row; NaN if it is unknown, or a text. */
double column_number(const struct Column *column, const void *row);

/* Goes on with a table of these columns, row by row, while others may read it (output_append).
   table_flush, after whole rows, lets them see what there is. */
bool table_append(struct TableWriter *writer, const char *path, const struct Column *columns,
                  size_t n_columns, struct Error *error);
bool table_flush(struct TableWriter *writer, struct Error *error);

bool table_commit(struct TableWriter *writer, struct Error *error);
void table_discard(struct TableWriter *writer);

#endif
