#include "plot/data.h"

#include "base/memory.h"
#include "base/number.h"
#include "plot/even.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool tables_init(struct Tables *tables, const struct Spec *spec, const char *const *paths, size_t n,
                 const char *run, struct Error *error)
{
  *tables = (struct Tables){.spec = spec, .paths = paths, .n = n, .epoch = NAN};
  tables->tables = memory_new(n, sizeof *tables->tables, "the list of tables", error);
  tables->read = memory_new(n, sizeof *tables->read, "the list of tables", error);
  tables->names = memory_new(n, sizeof *tables->names, "the list of tables", error);
  tables->blocks = memory_new(n, sizeof *tables->blocks, "the list of tables", error);
  for (size_t i = 0; i < n; i++)
    tables->partial = tables->partial || table_is_partial(paths[i]);
  return tables->tables && tables->read && tables->names && tables->blocks &&
         run_choice_init(&tables->run, spec, run, error);
}

void tables_release(struct Tables *tables)
{
  for (size_t i = 0; tables->read && i < tables->n; i++)
    if (tables->read[i]) table_release(&tables->tables[i]);
  for (size_t i = 0; tables->names && i < tables->n; i++)
    free(tables->names[i]);
  for (size_t i = 0; tables->blocks && i < tables->n; i++)
    blocks_release(&tables->blocks[i]);
  run_choice_release(&tables->run);
  free(tables->blocks);
  free(tables->tables);
  free(tables->read);
  free(tables->names);
  *tables = (struct Tables){0};
}

/* The length of the text's first `length` characters without that ending, if they have it. */
static size_t length_without(const char *text, size_t length, const char *ending)
{
  size_t n = strlen(ending);
  return length >= n && strncmp(text + length - n, ending, n) == 0 ? length - n : length;
}

static size_t length_without_ending(const char *path)
{
  return length_without(path, length_without(path, strlen(path), ".partial"), ".tsv");
}

/* "build/runs/mainline/history.tsv" ends with "mainline/history", and so does
   "build/runs/mainline/history.tsv.partial". */
static bool path_ends_with(const char *path, const char *name)
{
  size_t length = length_without_ending(path), n = strlen(name);
  if (n > length || strncmp(path + length - n, name, n) != 0) return false;
  return n == length || path[length - n - 1] == '/' || name[0] == '/';
}

static bool is_given(const struct Tables *tables, const char *name)
{
  for (size_t i = 0; i < tables->n; i++)
    if (path_ends_with(tables->paths[i], name)) return true;
  return false;
}

bool tables_leave_out(struct Tables *tables, const struct Section *section)
{
  const char *name = spec_text(section, KEY_TABLE);
  if (run_choice_leaves_out(&tables->run, name)) return true;
  if (!tables->partial || !name) return false;
  struct Error ignored; /* without memory, reading the mark fails too */
  char *drawn = run_choice_rename(&tables->run, name, &ignored);
  bool left_out = drawn && !is_given(tables, drawn);
  free(drawn);
  tables->left_out = tables->left_out || left_out;
  return left_out;
}

static bool find_operand(const struct Tables *tables, const char *name, size_t *found,
                         struct Error *error)
{
  *found = tables->n;
  for (size_t i = 0; i < tables->n; i++) {
    if (!path_ends_with(tables->paths[i], name)) continue;
    if (*found < tables->n)
      return error_set(error, "table '%s': both %s and %s end with it", name, tables->paths[*found],
                       tables->paths[i]);
    *found = i;
  }
  return *found < tables->n ||
         error_set(error, "table '%s': none of the %zu tables given ends with it", name, tables->n);
}

/* Reads an operand unless it has been read, and keeps the longest of its names. */
static const struct Table *read_operand(struct Tables *tables, size_t i, const char *name,
                                        struct Error *error)
{
  struct Table *table = &tables->tables[i];
  if (!tables->read[i] && !table_read(table, tables->paths[i], error)) return NULL;
  tables->read[i] = true;
  if (!tables->names[i] || strlen(name) > strlen(tables->names[i])) {
    free(tables->names[i]);
    tables->names[i] = memory_copy_text(name, error);
    if (!tables->names[i]) return NULL;
  }
  if (table->n_rows > 0) return table;
  error_set(error, "%s: has no rows", table->path);
  return NULL;
}

/* The name of a section's table, in the run that is drawn; if not set, that of the only operand,
   with its folder. The caller frees it. */
static char *name_table(const struct Tables *tables, const struct Section *section,
                        struct Error *error)
{
  const char *name = spec_text(section, KEY_TABLE);
  if (name) return run_choice_rename(&tables->run, name, error);
  const char *only = tables->n == 1 ? tables->paths[0] : NULL;
  if (only && run_choice_admits(&tables->run, only))
    return memory_print(error, "%.*s", (int)length_without_ending(only), only);
  if (only)
    error_set(error, "%s is not a table of %s", only, tables->run.wanted);
  else
    error_set(error, "no 'table' is set for [%s %s], and %zu tables are given",
              spec_kind_name(section->kind), section->name, tables->n);
  return NULL;
}

/* *i is the number of its operand. */
static const struct Table *find_table(struct Tables *tables, const struct Section *section,
                                      size_t *i, struct Error *error)
{
  char *name = name_table(tables, section, error);
  const struct Table *table =
      name && find_operand(tables, name, i, error) ? read_operand(tables, *i, name, error) : NULL;
  free(name);
  return table;
}

/* ---- films ---- */

static const char epoch_column[] = "epoch";

/* The column along x; NULL if there is none. */
static const char *x_of(const struct Section *section)
{
  if (section->kind == SECTION_RULE) return spec_text(section, KEY_RULE_X);
  bool own = section->kind == SECTION_TEXT && spec_text(section, KEY_TEXT_X);
  return spec_text(section, own ? KEY_TEXT_X : KEY_X);
}

static bool has_epochs(const struct Table *table)
{
  struct Error ignored;
  return table_column(table, epoch_column, &ignored) >= 0;
}

/* Does a rule stand at a number, without a table? */
static bool has_no_table(const struct Section *section)
{
  if (section->kind != SECTION_RULE) return false;
  enum Key key = spec_text(section, KEY_RULE_X) ? KEY_RULE_X : KEY_RULE_Y;
  return !isnan(spec_number(section, key));
}

/* Whether a frame of a film has only the rows of its epoch. */
static bool moves(const struct Section *section, const struct Table *table)
{
  enum Frames frames = (enum Frames)spec_choice(section, KEY_FRAMES);
  const char *x = x_of(section);
  if (frames != FRAMES_AUTO) return frames == FRAMES_EACH;
  return has_epochs(table) && !(x && strcmp(x, epoch_column) == 0);
}

/* The rows of the frame's epoch, if the mark moves. NULL: an error. */
static const struct Table *of_frame(struct Tables *tables, const struct Section *section, size_t i,
                                    struct Error *error)
{
  const struct Table *table = &tables->tables[i];
  if (isnan(tables->epoch) || !moves(section, table)) return table;
  const struct Block *block = blocks_at(&tables->blocks[i], tables->epoch);
  if (!block) {
    error_set(error, "%s: has no rows of epoch %g", table->path, tables->epoch);
    return NULL;
  }
  tables->view = *table;
  tables->view.cells = table->cells + block->first * table->n_columns;
  tables->view.n_rows = block->n;
  tables->view.first_line = table->first_line + (int)block->first;
  return &tables->view;
}

/* Finds the blocks of a mark's table, if it moves, and keeps those of *common that are there, too.
 */
static bool keep_epochs(struct Tables *tables, const struct Section *section, struct Blocks *common,
                        struct Error *error)
{
  size_t i;
  const struct Table *table = find_table(tables, section, &i, error);
  if (!table) return spec_error_at(tables->spec, section, KEY_TABLE, error);
  if (!moves(section, table)) return true;
  struct Blocks *blocks = &tables->blocks[i];
  if (!blocks->block && !blocks_find(blocks, table, epoch_column, error))
    return spec_error_at(tables->spec, section, KEY_FRAMES, error);
  return blocks_intersect(common, blocks, error);
}

bool tables_find_epochs(struct Tables *tables, double **epochs, size_t *n, struct Error *error)
{
  const struct Spec *spec = tables->spec;
  struct Blocks common = {0};
  bool found = true;
  for (size_t i = 0; found && i < spec->n_sections; i++) {
    const struct Section *section = spec->sections[i];
    if (!spec_is_mark(section) || has_no_table(section) || tables_leave_out(tables, section))
      continue;
    found = keep_epochs(tables, section, &common, error);
  }
  if (found && !common.block)
    found =
        error_set(error, "%s: nothing moves: no mark has a table with a column '%s' that is not x",
                  spec->path, epoch_column);
  if (found && common.n == 0)
    found = error_set(error, "%s: there is no epoch of which all marks that move have rows",
                      spec->path);
  *n = common.n;
  *epochs = found ? memory_new(common.n, sizeof **epochs, "epochs of frames", error) : NULL;
  for (size_t i = 0; *epochs && i < common.n; i++)
    (*epochs)[i] = common.block[i].epoch;
  blocks_release(&common);
  return *epochs;
}

/* ---- conditions ---- */

enum Comparison { EQUAL, UNEQUAL, BELOW, BELOW_OR_EQUAL, ABOVE, ABOVE_OR_EQUAL, N_COMPARISONS };

static const char *const comparisons[N_COMPARISONS] = {"=", "!=", "<", "<=", ">", ">="};

struct Condition {
  int column;
  enum Comparison comparison;
  char value[64];
};

enum { MAX_CONDITIONS = 8 };

/* Parses "name = value and name > value ..."; returns the number of conditions, or -1 with an
   error. */
static int parse_conditions(const char *text, const struct Table *table,
                            struct Condition conditions[MAX_CONDITIONS], struct Error *error)
{
  int n = 0, used;
  char name[64], comparison[8], word[8];
  for (const char *rest = text; n < MAX_CONDITIONS;) {
    struct Condition *condition = &conditions[n++];
    if (sscanf(rest, " %63s %7s %63s%n", name, comparison, condition->value, &used) != 3) break;
    condition->column = table_column(table, name, error);
    if (condition->column < 0) return -1;
    int i = 0;
    while (i < N_COMPARISONS && strcmp(comparisons[i], comparison) != 0)
      i++;
    if (i == N_COMPARISONS) break;
    condition->comparison = (enum Comparison)i;
    rest += used;
    if (sscanf(rest, " %7s%n", word, &used) != 1) return n;
    if (strcmp(word, "and") != 0) break;
    rest += used;
  }
  error_set(error,
            "where: expected up to %d conditions such as 'key = 1 and fve > 0.5' (= != < <= > >=), "
            "found '%s'",
            MAX_CONDITIONS, text);
  return -1;
}

static bool holds(const struct Condition *condition, const char *cell)
{
  double a, b;
  bool numbers = number_parse_real(cell, &a) && number_parse_real(condition->value, &b);
  bool equal = numbers ? a == b || (isnan(a) && isnan(b)) : strcmp(cell, condition->value) == 0;
  switch (condition->comparison) {
  case EQUAL:
    return equal;
  case UNEQUAL:
    return !equal;
  case BELOW:
    return numbers && a < b;
  case BELOW_OR_EQUAL:
    return numbers && a <= b;
  case ABOVE:
    return numbers && a > b;
  default:
    return numbers && a >= b;
  }
}

/* ---- rows ---- */

static bool filter(struct Rows *rows, const char *where, struct Error *error)
{
  struct Condition conditions[MAX_CONDITIONS];
  int n_conditions = where ? parse_conditions(where, rows->table, conditions, error) : 0;
  if (n_conditions < 0) return false;
  for (size_t row = 0; row < rows->table->n_rows; row++) {
    bool all = true;
    for (int i = 0; all && i < n_conditions; i++)
      all = holds(&conditions[i], table_cell(rows->table, row, (size_t)conditions[i].column));
    if (all) rows->row[rows->n++] = row;
  }
  return true;
}

bool rows_select(struct Rows *rows, struct Tables *tables, const struct Section *section,
                 struct Error *error)
{
  size_t i;
  *rows = (struct Rows){0};
  if (find_table(tables, section, &i, error)) rows->table = of_frame(tables, section, i, error);
  if (!rows->table) return spec_error_at(tables->spec, section, KEY_TABLE, error);
  rows->row = memory_new(rows->table->n_rows, sizeof *rows->row, "rows of a table", error);
  if (!rows->row) return false;
  const char *where = spec_text(section, KEY_WHERE);
  if (!filter(rows, where, error)) return spec_error_at(tables->spec, section, KEY_WHERE, error);
  if (rows->n > 0 || spec_choice(section, KEY_OPTIONAL)) return true;
  error_set(error,
            "where: no row of %s meets '%s'; 'optional = yes' leaves out a mark without rows",
            rows->table->path, where);
  return spec_error_at(tables->spec, section, KEY_WHERE, error);
}

void rows_release(struct Rows *rows)
{
  free(rows->row);
  *rows = (struct Rows){0};
}

static const char *const column_keys[N_KEYS] = {
    [KEY_X] = "x",       [KEY_Y] = "y",        [KEY_RULE_X] = "x",    [KEY_RULE_Y] = "y",
    [KEY_TEXT_X] = "x",  [KEY_TEXT_Y] = "y",   [KEY_VALUE] = "value", [KEY_PHASE] = "phase",
    [KEY_BASE] = "base", [KEY_GROUP] = "group"};

double *rows_numbers(const struct Rows *rows, const struct Spec *spec,
                     const struct Section *section, enum Key key, struct Error *error)
{
  const char *name = spec_text(section, key);
  if (!name) {
    error_set(error, "[%s %s] needs '%s', a column", spec_kind_name(section->kind), section->name,
              column_keys[key]);
    error_prefix(error, "%s:%d", spec->path, section->line);
    return NULL;
  }
  double *all = table_numbers(rows->table, name, error);
  if (!all) {
    spec_error_at(spec, section, key, error);
    return NULL;
  }
  /* rows are in table order, so the selected ones can be compacted in place */
  for (size_t i = 0; i < rows->n; i++)
    all[i] = all[rows->row[i]];
  even_out(section, key, all, rows->n);
  return all;
}

/* The cell of a row in the group column. */
struct Label {
  const char *text;
  double number; /* NaN for a word */
  size_t i;      /* of the row */
};

/* Numbers by value, then words; numbers of equal value but different text by text. */
static int compare_labels(const void *left, const void *right)
{
  const struct Label *a = left, *b = right;
  if (isnan(a->number) != isnan(b->number)) return isnan(a->number) ? 1 : -1;
  if (a->number < b->number || a->number > b->number) return a->number < b->number ? -1 : 1;
  int order = strcmp(a->text, b->text);
  return order != 0 ? order : (a->i > b->i) - (a->i < b->i);
}

static struct Label *sort_labels(const struct Rows *rows, size_t column, struct Error *error)
{
  struct Label *labels = memory_new(rows->n, sizeof *labels, "groups", error);
  for (size_t i = 0; labels && i < rows->n; i++) {
    labels[i] = (struct Label){table_cell(rows->table, rows->row[i], column), NAN, i};
    if (!number_parse_real(labels[i].text, &labels[i].number)) labels[i].number = NAN;
  }
  if (labels) qsort(labels, rows->n, sizeof *labels, compare_labels);
  return labels;
}

bool rows_group(const struct Rows *rows, const struct Spec *spec, const struct Section *section,
                size_t **group, size_t **first, size_t *n_groups, struct Error *error)
{
  const char *name = spec_text(section, KEY_GROUP);
  int column = table_column(rows->table, name, error);
  if (column < 0) return spec_error_at(spec, section, KEY_GROUP, error);
  *n_groups = 0;
  *group = memory_new(rows->n, sizeof **group, "groups", error);
  *first = memory_new(GROUP_LIMIT, sizeof **first, "groups", error);
  struct Label *labels = *group && *first ? sort_labels(rows, (size_t)column, error) : NULL;
  bool grouped = labels != NULL;
  for (size_t k = 0; grouped && k < rows->n; k++) {
    bool another = k == 0 || strcmp(labels[k].text, labels[k - 1].text) != 0;
    if (another && *n_groups == GROUP_LIMIT) {
      error_set(error, "%s: column \"%s\" has more than %d different values to group by",
                rows->table->path, name, GROUP_LIMIT);
      grouped = spec_error_at(spec, section, KEY_GROUP, error);
      break;
    }
    if (another) (*first)[(*n_groups)++] = labels[k].i;
    (*group)[labels[k].i] = *n_groups - 1;
  }
  free(labels);
  return grouped;
}
