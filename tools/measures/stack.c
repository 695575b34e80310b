#include "measures/stack.h"

#include "base/memory.h"
#include "table/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char ending[] = ".tsv";

/* ---- which tables ---- */

static const char blanks[] = " \t\n";

/* The number of the table of that name, without .tsv; that of the closing row if there is none. */
static size_t find_table(const struct ToolFile *tables, const char *name, size_t length)
{
  size_t i = 0;
  while (tables[i].name && !(strlen(tables[i].name) == length + strlen(ending) &&
                             strncmp(tables[i].name, name, length) == 0))
    i++;
  return i;
}

static bool parse_word(struct Stacks *stacks, const char *word, size_t length,
                       const struct ToolFile *tables, SubjectWriter *const *writers,
                       struct Error *error)
{
  const char *colon = memchr(word, ':', length);
  size_t name = colon ? (size_t)(colon - word) : length, i = find_table(tables, word, name);
  if (!tables[i].name)
    return error_set(error, "--only: no table is called \"%.*s\"; --tables lists them", (int)name,
                     word);
  for (size_t s = 0; s < stacks->n; s++)
    if (stacks->stack[s].file == tables[i].name)
      return error_set(error, "--only: %.*s is there twice", (int)name, word);
  struct Stack *stack = &stacks->stack[stacks->n++];
  *stack = (struct Stack){.file = tables[i].name, .writer = writers[i]};
  if (!colon) return true;
  stack->columns = memory_print(error, ",%.*s,", (int)(length - name - 1), colon + 1);
  return stack->columns;
}

bool stacks_parse(struct Stacks *stacks, const char *words, const struct ToolFile *tables,
                  SubjectWriter *const *writers, struct Error *error)
{
  size_t n = find_table(tables, "", 0);
  *stacks = (struct Stacks){.stack = memory_new(n, sizeof *stacks->stack, "tables", error)};
  if (!stacks->stack) return false;
  for (const char *word = words + strspn(words, blanks); *word;) {
    size_t length = strcspn(word, blanks);
    if (!parse_word(stacks, word, length, tables, writers, error)) return false;
    word += length + strspn(word + length, blanks);
  }
  return stacks->n > 0 || error_set(error, "--only: expected names of tables; --tables lists them");
}

/* ---- opening ---- */

bool stacks_open(struct Stacks *stacks, const char *directory, struct Error *error)
{
  if (!output_make_directory(directory, error)) return false;
  for (size_t i = 0; i < stacks->n; i++) {
    struct Stack *stack = &stacks->stack[i];
    char *path = memory_print(error, "%s/%s", directory, stack->file);
    bool opened = path && output_open(&stack->output, path, error);
    free(path);
    if (!opened) return false;
  }
  char *folder = memory_print(error, "%s/snapshot.XXXXXX", directory);
  if (!folder) return false;
  stacks->folder = mkdtemp(folder);
  if (stacks->folder) return true;
  error_system(error, "%s: cannot create a folder", directory);
  free(folder);
  return false;
}

/* ---- a snapshot's table ---- */

/* Does the comment describe that column? */
static bool describes(const char *line, const char *name)
{
  size_t length = strlen(name);
  return strncmp(line, "# ", 2) == 0 && strncmp(line + 2, name, length) == 0 &&
         strncmp(line + 2 + length, " [", 2) == 0;
}

/* Is it among those wanted? */
static bool is_wanted(const struct Stack *stack, const char *name)
{
  if (!stack->columns) return true;
  size_t length = strlen(name);
  for (const char *at = stack->columns; (at = strstr(at, name)); at++)
    if (at[-1] == ',' && at[length] == ',') return true;
  return false;
}

static bool check_columns(const struct Stack *stack, const struct Table *table, struct Error *error)
{
  for (const char *at = stack->columns; at && at[1];) {
    size_t length = strcspn(at + 1, ",");
    char *name = memory_print(error, "%.*s", (int)length, at + 1);
    bool known = name && table_column(table, name, error) >= 0;
    free(name);
    if (!known) return error_prefix(error, "--only");
    at += 1 + length;
  }
  return true;
}

/* The lines before the header, as they are. */
static char *read_comments(const char *path, struct Error *error)
{
  char *line = NULL, *comments = NULL;
  size_t room = 0, size;
  FILE *file = fopen(path, "r"), *text = file ? open_memstream(&comments, &size) : NULL;
  while (text && getline(&line, &room, file) > 0 && line[0] == '#')
    fputs(line, text);
  bool read = text && !ferror(file) && !ferror(text);
  if (!read) error_system(error, "%s: cannot read", path);
  if (text && fclose(text) != 0 && read) read = error_system(error, "%s: cannot read", path);
  if (file) fclose(file);
  free(line);
  if (read) return comments;
  free(comments);
  return NULL;
}

static void put_head(struct Stack *stack, const struct Table *table)
{
  FILE *stream = stack->output.stream;
  bool has_columns = false;
  for (const char *line = stack->comments, *next; *line; line = next) {
    next = line + strcspn(line, "\n") + 1;
    size_t column = 0;
    while (column < table->n_columns && !describes(line, table->names[column]))
      column++;
    bool of_column = column < table->n_columns;
    if (of_column && !has_columns) fputs("# epoch [epochs]: when the snapshot was taken\n", stream);
    has_columns = has_columns || of_column;
    if (!of_column || is_wanted(stack, table->names[column]))
      fwrite(line, 1, (size_t)(next - line), stream);
  }
  fputs("epoch", stream);
  for (size_t i = 0; i < table->n_columns; i++)
    if (is_wanted(stack, table->names[i])) fprintf(stream, "\t%s", table->names[i]);
  putc('\n', stream);
}

static void put_rows(struct Stack *stack, const struct Table *table, int64_t epoch)
{
  FILE *stream = stack->output.stream;
  for (size_t row = 0; row < table->n_rows; row++) {
    fprintf(stream, "%" PRId64, epoch);
    for (size_t i = 0; i < table->n_columns; i++)
      if (is_wanted(stack, table->names[i])) fprintf(stream, "\t%s", table_cell(table, row, i));
    putc('\n', stream);
  }
}

/* The tables about all snapshots have their epochs themselves. */
static bool check_epochs(const struct Stack *stack, const struct Table *table, struct Error *error)
{
  for (size_t i = 0; i < table->n_columns; i++)
    if (strcmp(table->names[i], "epoch") == 0)
      return error_set(error, "--only: %s has rows for every snapshot already", stack->file);
  return true;
}

/* Takes the comments of the first snapshot's table; those of others have to be the same. */
static bool take_comments(struct Stack *stack, const struct Table *table, struct Error *error)
{
  char *comments = read_comments(table->path, error);
  if (!comments) return false;
  if (!stack->comments) {
    stack->comments = comments;
    if (!check_epochs(stack, table, error) || !check_columns(stack, table, error)) return false;
    put_head(stack, table);
    return true;
  }
  bool same = strcmp(comments, stack->comments) == 0;
  free(comments);
  return same || error_set(error,
                           "%s: its comments are about a single snapshot, so that there can be no "
                           "such table of several",
                           stack->file);
}

/* Moves the rows of the snapshot's table over. */
static bool take(struct Stack *stack, const char *path, int64_t epoch, struct Error *error)
{
  struct Table table;
  if (!table_read(&table, path, error)) return false;
  bool taken = take_comments(stack, &table, error);
  if (taken) put_rows(stack, &table, epoch);
  table_release(&table);
  return taken;
}

bool stacks_add(struct Stacks *stacks, struct Subject *subject, struct Error *error)
{
  bool added = true;
  for (size_t i = 0; added && i < stacks->n; i++) {
    struct Stack *stack = &stacks->stack[i];
    char *path = memory_print(error, "%s/%s", stacks->folder, stack->file);
    added = path && stack->writer(subject, stack->file, error) &&
            take(stack, path, (int64_t)subject->epoch, error);
    if (path) unlink(path);
    free(path);
  }
  return added;
}

/* ---- the end ---- */

bool stacks_commit(struct Stacks *stacks, struct Error *error)
{
  for (size_t i = 0; i < stacks->n; i++)
    if (!output_commit(&stacks->stack[i].output, error)) return false;
  return true;
}

void stacks_release(struct Stacks *stacks)
{
  for (size_t i = 0; i < stacks->n; i++) {
    output_discard(&stacks->stack[i].output);
    free(stacks->stack[i].columns);
    free(stacks->stack[i].comments);
  }
  if (stacks->folder) rmdir(stacks->folder);
  free(stacks->folder);
  free(stacks->stack);
  *stacks = (struct Stacks){0};
}
