#include "base/memory.h"
#include "base/number.h"
#include "table/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1 << 16 };

/* The rest of the stream as one NUL-terminated text. Stops at a NUL byte, as /dev/zero has no end.
   NULL, with errno set, if it cannot be read or does not fit into memory. */
static char *read_stream(FILE *stream, size_t *length)
{
  size_t capacity = FIRST_CAPACITY;
  char *text = malloc(capacity);
  *length = 0;
  while (text) {
    size_t got = fread(text + *length, 1, capacity - 1 - *length, stream);
    if (ferror(stream)) break;
    bool is_text = memchr(text + *length, '\0', got) == NULL;
    *length += got;
    text[*length] = '\0';
    if (*length < capacity - 1 || !is_text) return text;
    char *larger = realloc(text, capacity *= 2);
    if (!larger) break;
    text = larger;
  }
  free(text);
  return NULL;
}

static bool read_text(struct Table *table, size_t *length, struct Error *error)
{
  FILE *stream = fopen(table->path, "rb");
  if (!stream) return error_system(error, "%s: cannot open", table->path);
  table->text = read_stream(stream, length);
  if (!table->text) error_system(error, "%s: cannot read", table->path);
  fclose(stream);
  return table->text != NULL;
}

bool table_is_partial(const char *path)
{
  static const char ending[] = ".partial";
  size_t length = strlen(path), n = strlen(ending);
  return length >= n && strcmp(path + length - n, ending) == 0;
}

/* Keeps only the complete lines of a text. */
static void drop_unfinished_line(char *text, size_t *length)
{
  while (*length > 0 && text[*length - 1] != '\n')
    (*length)--;
  text[*length] = '\0';
}

static int line_of(const char *text, const char *position)
{
  int line = 1;
  for (const char *c = text; c < position; c++)
    line += *c == '\n';
  return line;
}

static bool check_text(const struct Table *table, size_t length, struct Error *error)
{
  if (length == 0) return error_set(error, "%s: empty, expected a table", table->path);
  const char *nul = memchr(table->text, '\0', length);
  if (!nul) return true;
  return error_set(error, "%s:%d: contains a NUL byte: not a table", table->path,
                   line_of(table->text, nul));
}

/* Splits off the line at *rest, without its line end, and moves *rest past it. NULL at the end. */
static char *next_line(char **rest)
{
  if (**rest == '\0') return NULL;
  char *line = *rest;
  size_t length = strcspn(line, "\n");
  *rest = line + length + (line[length] == '\n');
  line[length] = '\0';
  if (length > 0 && line[length - 1] == '\r') line[length - 1] = '\0';
  return line;
}

static size_t count(const char *text, char wanted)
{
  size_t n = 0;
  for (; *text; text++)
    n += *text == wanted;
  return n;
}

/* Splits a line into n cells at its tabs. */
static void cut(char *line, const char **cells, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    cells[i] = line;
    line += strcspn(line, "\t");
    if (i + 1 < n) *line++ = '\0';
  }
}

static bool is_name(const char *text)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return *text != '\0' && text[strspn(text, letters)] == '\0';
}

/* A column's name and number. */
struct Place {
  const char *name;
  size_t column;
};

static int compare_places(const void *left, const void *right)
{
  const struct Place *a = left, *b = right;
  int order = strcmp(a->name, b->name);
  return order != 0 ? order : (a->column > b->column) - (a->column < b->column);
}

/* The first column with the same name as an earlier one, *twin; n_columns if there is none. Sorts
   the names, as a hostile header may have millions. */
static bool find_repeated(const struct Table *table, size_t *repeated, size_t *twin,
                          struct Error *error)
{
  size_t n = table->n_columns;
  struct Place *places = memory_new(n, sizeof *places, "column names", error);
  if (!places) return error_prefix(error, "%s", table->path);
  for (size_t i = 0; i < n; i++)
    places[i] = (struct Place){table->names[i], i};
  qsort(places, n, sizeof *places, compare_places);
  *repeated = n;
  for (size_t i = 1; i < n; i++) {
    bool new_pair = places[i].column < *repeated && strcmp(places[i - 1].name, places[i].name) == 0;
    if (!new_pair) continue;
    *repeated = places[i].column;
    *twin = places[i - 1].column;
  }
  free(places);
  return true;
}

static bool check_names(const struct Table *table, int number, struct Error *error)
{
  for (size_t i = 0; i < table->n_columns; i++)
    if (!is_name(table->names[i]))
      return error_set(error,
                       "%s:%d: column %zu is named \"%s\", expected a name of letters, digits, "
                       "'_', '.' and '-'",
                       table->path, number, i + 1, table->names[i]);
  size_t repeated = 0, twin = 0;
  if (!find_repeated(table, &repeated, &twin, error)) return false;
  if (repeated == table->n_columns) return true;
  return error_set(error, "%s:%d: columns %zu and %zu are both named \"%s\"", table->path, number,
                   twin + 1, repeated + 1, table->names[repeated]);
}

static bool read_header(struct Table *table, char *line, int number, struct Error *error)
{
  table->n_columns = count(line, '\t') + 1;
  table->names = memory_new(table->n_columns, sizeof *table->names, "column names", error);
  if (!table->names) return error_prefix(error, "%s", table->path);
  cut(line, table->names, table->n_columns);
  return check_names(table, number, error);
}

static bool read_row(struct Table *table, char *line, struct Error *error)
{
  int number = table->first_line + (int)table->n_rows;
  const char **row = table->cells + table->n_rows * table->n_columns;
  size_t n_cells = count(line, '\t') + 1;
  if (n_cells != table->n_columns)
    return error_set(error, "%s:%d: a row of %zu cells, expected %zu", table->path, number,
                     *line ? n_cells : 0, table->n_columns);
  cut(line, row, n_cells);
  for (size_t i = 0; i < n_cells; i++)
    if (*row[i] == '\0')
      return error_set(error, "%s:%d: column \"%s\" is empty", table->path, number,
                       table->names[i]);
  table->n_rows++;
  return true;
}

static bool read_rows(struct Table *table, char *rest, struct Error *error)
{
  /* as many as fit into the text; lines times columns could be far more */
  size_t most = count(rest, '\t') + count(rest, '\n') + 1;
  table->cells = memory_new(most, sizeof *table->cells, "cells", error);
  if (!table->cells) return error_prefix(error, "%s", table->path);
  for (char *line; (line = next_line(&rest));)
    if (!read_row(table, line, error)) return false;
  return true;
}

static bool parse(struct Table *table, size_t length, struct Error *error)
{
  char *rest = table->text, *line;
  int number = 1;
  table->digest = digest_add(DIGEST_START, table->text, length); /* before it is split */
  for (; (line = next_line(&rest)) && *line == '#'; number++)
    provenance_parse(line, &table->run);
  if (!line)
    return error_set(error, "%s:%d: the file ends before the line of column names", table->path,
                     number);
  table->first_line = number + 1;
  return read_header(table, line, number, error) && read_rows(table, rest, error);
}

bool table_read(struct Table *table, const char *path, struct Error *error)
{
  *table = (struct Table){.path = memory_copy_text(path, error)};
  size_t length = 0;
  bool read = table->path && read_text(table, &length, error);
  if (read && table_is_partial(path)) drop_unfinished_line(table->text, &length);
  if (read && check_text(table, length, error) && parse(table, length, error)) return true;
  table_release(table);
  return false;
}

/* ---- the last row alone ---- */

/* Appends comment lines and the line of column names. False if the stream or memory fails. */
static bool copy_head(FILE *stream, FILE *copy)
{
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  bool comment = true;
  while (comment && (length = getline(&line, &room, stream)) > 0) {
    comment = *line == '#';
    fwrite(line, 1, (size_t)length, copy);
  }
  free(line);
  return !ferror(stream) && !ferror(copy);
}

/* Appends the last complete line of what is left of the stream, looking at its last bytes first. */
static bool copy_last_line(FILE *stream, FILE *copy)
{
  const off_t first = ftello(stream);
  if (first < 0 || fseeko(stream, 0, SEEK_END) != 0) return false;
  const off_t end = ftello(stream);
  for (off_t size = 4096;; size *= 4) {
    const off_t start = end - size > first ? end - size : first;
    char *tail = start < end ? malloc((size_t)(end - start)) : NULL;
    if (!tail) return start >= end; /* no rows */
    bool read = fseeko(stream, start, SEEK_SET) == 0 &&
                fread(tail, 1, (size_t)(end - start), stream) == (size_t)(end - start);
    const char *stop = read ? memrchr(tail, '\n', (size_t)(end - start)) : NULL;
    const char *before = stop ? memrchr(tail, '\n', (size_t)(stop - tail)) : NULL;
    const bool found = before || start == first;
    const char *line = before ? before + 1 : tail;
    if (read && found && stop) fwrite(line, 1, (size_t)(stop + 1 - line), copy);
    free(tail);
    if (!read || found) return read && !ferror(copy);
  }
}

static bool read_ends(struct Table *table, size_t *length, struct Error *error)
{
  FILE *stream = fopen(table->path, "rbe");
  if (!stream) return error_system(error, "%s: cannot open", table->path);
  FILE *copy = open_memstream(&table->text, length);
  bool read = copy && copy_head(stream, copy) && copy_last_line(stream, copy);
  if (!read) error_system(error, "%s: cannot read", table->path);
  if (copy && fclose(copy) != 0 && read) read = error_system(error, "%s: cannot read", table->path);
  fclose(stream);
  return read;
}

bool table_read_last(struct Table *table, const char *path, struct Error *error)
{
  *table = (struct Table){.path = memory_copy_text(path, error)};
  size_t length = 0;
  if (table->path && read_ends(table, &length, error) && check_text(table, length, error) &&
      parse(table, length, error)) {
    table->digest = DIGEST_START;
    return true;
  }
  table_release(table);
  return false;
}

void table_release(struct Table *table)
{
  free(table->path);
  free(table->text);
  free(table->names);
  free(table->cells);
  *table = (struct Table){0};
}

int table_column(const struct Table *table, const char *name, struct Error *error)
{
  for (size_t i = 0; i < table->n_columns; i++)
    if (strcmp(table->names[i], name) == 0) return (int)i;
  error_set(error, "%s: no column \"%s\", there are", table->path, name);
  for (size_t i = 0, length = 0; i < table->n_columns; i++) {
    length += strlen(error->message + length);
    if (length + 1 >= sizeof error->message) break;
    snprintf(error->message + length, sizeof error->message - length, "%s %s", i == 0 ? "" : ",",
             table->names[i]);
  }
  return -1;
}

double *table_numbers(const struct Table *table, const char *name, struct Error *error)
{
  int column = table_column(table, name, error);
  if (column < 0) return NULL;
  double *numbers = memory_new(table->n_rows, sizeof *numbers, name, error);
  if (!numbers) return NULL;
  for (size_t i = 0; i < table->n_rows; i++) {
    const char *cell = table_cell(table, i, (size_t)column);
    if (number_parse_real(cell, &numbers[i])) continue;
    error_set(error, "%s:%d: column \"%s\": found \"%s\", expected a number", table->path,
              table->first_line + (int)i, name, cell);
    free(numbers);
    return NULL;
  }
  return numbers;
}

const char *table_cell(const struct Table *table, size_t row, size_t column)
{
  return table->cells[row * table->n_columns + column];
}
