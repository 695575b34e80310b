#include "plot/marks.h"

#include "base/memory.h"
#include "plot/even.h"
#include "plot/grid.h"
#include "plot/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void release_mark(struct Mark *mark)
{
  free(mark->label);
  free(mark->x);
  free(mark->y);
  free(mark->base);
  free(mark->grid.cells);
  for (size_t i = 0; mark->texts && i < mark->n; i++)
    free(mark->texts[i]);
  free(mark->texts);
}

void marks_release(struct Marks *marks)
{
  for (size_t i = 0; i < marks->n; i++)
    release_mark(&marks->mark[i]);
  free(marks->mark);
  *marks = (struct Marks){0};
}

static struct Style style_of(const struct Section *section)
{
  bool scatter = section->kind == SECTION_SCATTER;
  int marker = spec_choice(section, scatter ? KEY_SCATTER_MARKER : KEY_LINE_MARKER);
  return (struct Style){
      .color = color_tint(spec_value(section, KEY_COLOR)->color, spec_number(section, KEY_TINT)),
      .opacity = spec_number(section, KEY_OPACITY),
      .stroke = spec_number(section, KEY_STROKE),
      .dash = (enum Dash)spec_choice(section, KEY_DASH),
      .marker = scatter || section->kind == SECTION_LINE ? (enum Marker)marker : MARKER_NONE,
      .marker_size = spec_number(section, KEY_MARKER_SIZE)};
}

/* Appends an empty mark with the section's style and label. */
static struct Mark *append(struct Marks *marks, const struct Section *section, struct Error *error)
{
  struct Mark *grown = realloc(marks->mark, (marks->n + 1) * sizeof *grown);
  if (!grown) {
    error_set(error, "no memory for another mark");
    return NULL;
  }
  marks->mark = grown;
  struct Mark *mark = &marks->mark[marks->n];
  *mark = (struct Mark){.kind = section->kind, .section = section, .style = style_of(section)};
  const char *label = section->kind == SECTION_TEXT ? NULL : spec_text(section, KEY_LABEL);
  if (label && !(mark->label = memory_copy_text(label, error))) return NULL;
  marks->n++;
  return mark;
}

/* ---- line and scatter ---- */

/* A label with {} replaced by the value, which is plain text, not markup. */
static char *fill_label(const char *label, const char *value, struct Error *error)
{
  const char *place = strstr(label, "{}");
  if (!place) return memory_copy_text(label, error);
  char *escaped = text_escape(value, error);
  char *filled =
      escaped ? memory_print(error, "%.*s%s%s", (int)(place - label), label, escaped, place + 2)
              : NULL;
  free(escaped);
  return filled;
}

static bool label_group(struct Mark *mark, const char *value, struct Error *error)
{
  if (!mark->label) return true;
  char *label = fill_label(mark->label, value, error);
  if (!label) return false;
  free(mark->label);
  mark->label = label;
  return true;
}

static bool read_group(struct Marks *marks, const struct Section *section, const struct Rows *rows,
                       const double *x, const double *y, const size_t *group, size_t g,
                       size_t first, struct Error *error)
{
  struct Mark *mark = append(marks, section, error);
  if (!mark) return false;
  size_t n = 0; /* only its own rows: with a thousand groups, each may have one */
  for (size_t i = 0; i < rows->n; i++)
    n += !group || group[i] == g;
  mark->x = memory_new(n, sizeof *mark->x, "points", error);
  mark->y = memory_new(n, sizeof *mark->y, "points", error);
  if (!mark->x || !mark->y) return false;
  for (size_t i = 0; i < rows->n; i++) {
    if (group && group[i] != g) continue;
    mark->x[mark->n] = x[i];
    mark->y[mark->n++] = y[i];
  }
  if (!group) return true;
  if (spec_choice(section, KEY_CYCLE)) {
    struct Color color = color_next(spec_value(section, KEY_COLOR)->color, (int)g);
    mark->style.color = color_tint(color, spec_number(section, KEY_TINT));
  }
  int column = table_column(rows->table, spec_text(section, KEY_GROUP), error);
  const char *value = table_cell(rows->table, rows->row[first], (size_t)column);
  return label_group(mark, value, error) || error_prefix(error, "%s", rows->table->path);
}

static bool read_points(struct Marks *marks, const struct Section *section, const struct Rows *rows,
                        const struct Spec *spec, struct Error *error)
{
  size_t n_groups = 1, *group = NULL, *first = NULL;
  double *x = rows_numbers(rows, spec, section, KEY_X, error);
  double *y = x ? rows_numbers(rows, spec, section, KEY_Y, error) : NULL;
  bool read = x && y;
  if (read && spec_text(section, KEY_GROUP))
    read = rows_group(rows, spec, section, &group, &first, &n_groups, error);
  for (size_t g = 0; read && g < n_groups; g++)
    read = read_group(marks, section, rows, x, y, group, g, first ? first[g] : 0, error);
  free(x);
  free(y);
  free(group);
  free(first);
  return read;
}

/* ---- bars ---- */

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The smallest distance between two different x; 1 if all are equal. */
static bool smallest_step(const double *x, size_t n, double *step, struct Error *error)
{
  double *sorted = memory_new(n, sizeof *sorted, "places of bars", error);
  if (!sorted) return false;
  size_t n_finite = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i])) sorted[n_finite++] = x[i];
  qsort(sorted, n_finite, sizeof *sorted, compare);
  *step = INFINITY;
  for (size_t i = 1; i < n_finite; i++)
    if (sorted[i] > sorted[i - 1]) *step = fmin(*step, sorted[i] - sorted[i - 1]);
  if (isinf(*step)) *step = 1;
  free(sorted);
  return true;
}

/* The step of bars is that of the whole table, ignoring `where`, so that bars of two marks that
   split one table are equally wide. */
static bool find_bar_step(struct Mark *mark, const struct Rows *rows, const struct Spec *spec,
                          struct Error *error)
{
  struct Rows all = {rows->table, rows->row, 0};
  double *x = rows_numbers(&all, spec, mark->section, KEY_X, error);
  bool found = x && smallest_step(x, rows->table->n_rows, &mark->step, error);
  free(x);
  return found;
}

static bool read_bars(struct Marks *marks, const struct Section *section, const struct Rows *rows,
                      const struct Spec *spec, struct Error *error)
{
  struct Mark *mark = append(marks, section, error);
  if (!mark) return false;
  mark->n = rows->n;
  mark->x = rows_numbers(rows, spec, section, KEY_X, error);
  mark->y = mark->x ? rows_numbers(rows, spec, section, KEY_Y, error) : NULL;
  if (!mark->y || !find_bar_step(mark, rows, spec, error)) return false;
  double base = spec_number(section, KEY_BASE);
  if (isnan(base)) {
    mark->base = rows_numbers(rows, spec, section, KEY_BASE, error);
    return mark->base != NULL;
  }
  mark->base = memory_new(rows->n, sizeof *mark->base, "bases of bars", error);
  for (size_t i = 0; mark->base && i < rows->n; i++)
    mark->base[i] = base;
  return mark->base != NULL;
}

/* ---- histogram ---- */

static bool count_bins(struct Mark *mark, const double *values, size_t n, struct Range range,
                       const struct Rows *rows, struct Error *error)
{
  mark->step = (range.high - range.low) / (double)mark->n;
  for (size_t i = 0; i < mark->n; i++)
    mark->x[i] = range.low + (double)i * mark->step;
  for (size_t i = 0; i < n; i++) {
    if (isnan(values[i])) continue;
    double place = (values[i] - range.low) / mark->step;
    /* a fraction may exceed 1 by rounding to the nine digits of a table */
    double slack = 1e-6 * (double)mark->n;
    if (place < -slack || place > (double)mark->n + slack)
      return error_set(error, "%s:%zu: %g is outside the histogram's range, %g to %g",
                       rows->table->path, (size_t)rows->table->first_line + rows->row[i], values[i],
                       range.low, range.high);
    size_t bin = (size_t)fmax(0, fmin(floor(place), (double)mark->n - 1));
    mark->y[bin]++;
  }
  return true;
}

static bool read_histogram(struct Marks *marks, const struct Section *section,
                           const struct Rows *rows, const struct Spec *spec, struct Error *error)
{
  struct Mark *mark = append(marks, section, error);
  if (!mark) return false;
  mark->n = (size_t)spec_choice(section, KEY_BINS);
  mark->x = memory_new(mark->n, sizeof *mark->x, "bins", error);
  mark->y = memory_new(mark->n, sizeof *mark->y, "bins", error);
  double *values = rows_numbers(rows, spec, section, KEY_X, error);
  bool read = mark->x && mark->y && values;
  if (read) {
    struct Range range = range_empty;
    range_include(&range, SCALE_LINEAR, values, rows->n);
    if (spec_text(section, KEY_FROM)) range.low = spec_number(section, KEY_FROM);
    if (spec_text(section, KEY_TO)) range.high = spec_number(section, KEY_TO);
    range = range_sane(range, SCALE_LINEAR);
    read = count_bins(mark, values, rows->n, range, rows, error) ||
           spec_error_at(spec, section, KEY_X, error);
  }
  free(values);
  return read;
}

/* ---- map, rule, phases ---- */

static bool read_map(struct Marks *marks, const struct Section *section, const struct Rows *rows,
                     const struct Spec *spec, struct Error *error)
{
  struct Mark *mark = append(marks, section, error);
  if (!mark) return false;
  double *x = rows_numbers(rows, spec, section, KEY_X, error);
  double *y = x ? rows_numbers(rows, spec, section, KEY_Y, error) : NULL;
  double *values = y ? rows_numbers(rows, spec, section, KEY_VALUE, error) : NULL;
  bool read = values && grid_build(&mark->grid, x, y, values, rows->n, error);
  if (read) {
    grid_zoom(&mark->grid, (size_t)spec_choice(section, KEY_ZOOM_X),
              (size_t)spec_choice(section, KEY_ZOOM_Y));
  } else if (values) {
    error_prefix(error, "%s", rows->table->path);
    error_prefix(error, "%s:%d", spec->path, section->line);
  }
  free(x);
  free(y);
  free(values);
  return read;
}

/* A column gives one rule per distinct value. */
static size_t remove_repeats(double *values, size_t n)
{
  qsort(values, n, sizeof *values, compare);
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(values[i]) && (kept == 0 || values[i] > values[kept - 1]))
      values[kept++] = values[i];
  return kept;
}

/* A rule at the given number, or at the values of the given column. */
static bool place_rule(struct Marks *marks, const struct Section *section, enum Key key,
                       const struct Rows *rows, const struct Spec *spec, struct Error *error)
{
  struct Mark *mark = append(marks, section, error);
  if (!mark) return false;
  double **values = key == KEY_RULE_X ? &mark->x : &mark->y;
  *values = rows ? rows_numbers(rows, spec, section, key, error)
                 : memory_new(1, sizeof **values, "a rule", error);
  if (!*values) return false;
  mark->n = rows ? remove_repeats(*values, rows->n) : 1;
  if (rows) return true;
  (*values)[0] = spec_number(section, key);
  even_out(section, key, *values, 1);
  return true;
}

static bool read_rule(struct Marks *marks, const struct Section *section, struct Tables *tables,
                      struct Error *error)
{
  bool vertical = spec_text(section, KEY_RULE_X) != NULL;
  if (vertical == (spec_text(section, KEY_RULE_Y) != NULL)) {
    error_set(error, "[rule %s] needs either 'x' or 'y'", section->name);
    return error_prefix(error, "%s:%d", tables->spec->path, section->line);
  }
  enum Key key = vertical ? KEY_RULE_X : KEY_RULE_Y;
  if (!isnan(spec_number(section, key)))
    return place_rule(marks, section, key, NULL, tables->spec, error);
  struct Rows rows;
  bool read = rows_select(&rows, tables, section, error) &&
              (rows.n == 0 || place_rule(marks, section, key, &rows, tables->spec, error));
  rows_release(&rows);
  return read;
}

static bool read_phases(struct Marks *marks, const struct Section *section, const struct Rows *rows,
                        const struct Spec *spec, struct Error *error)
{
  struct Mark *mark = append(marks, section, error);
  if (!mark) return false;
  mark->x = rows_numbers(rows, spec, section, KEY_X, error);
  mark->y = mark->x ? rows_numbers(rows, spec, section, KEY_PHASE, error) : NULL;
  if (!mark->y) return false;
  mark->n = rows->n;
  for (size_t i = 0; i < mark->n; i++)
    if (!(mark->y[i] >= 0 && mark->y[i] <= 1000 && mark->y[i] == floor(mark->y[i]))) {
      error_set(error, "%s:%zu: column '%s': expected a phase 0, 1, 2, ..., found %g",
                rows->table->path, (size_t)rows->table->first_line + rows->row[i],
                spec_text(section, KEY_PHASE), mark->y[i]);
      return spec_error_at(spec, section, KEY_PHASE, error);
    }
  return true;
}

/* ---- text ---- */

/* One position per row: the numbers of a column, possibly the panel's or the figure's x or y, or
   the same number for all. */
static double *read_places(const struct Section *section, const struct Rows *rows,
                           const struct Spec *spec, enum Key own, enum Key common,
                           struct Error *error)
{
  if (!spec_text(section, own)) return rows_numbers(rows, spec, section, common, error);
  double place = spec_number(section, own);
  if (isnan(place)) return rows_numbers(rows, spec, section, own, error);
  double *places = memory_new(rows->n, sizeof *places, "places of texts", error);
  for (size_t i = 0; places && i < rows->n; i++)
    places[i] = place;
  if (places) even_out(section, own, places, rows->n);
  return places;
}

static bool write_texts(struct Mark *mark, const struct Rows *rows, const struct Spec *spec,
                        struct Error *error)
{
  const char *label = spec_text(mark->section, KEY_LABEL);
  const char *value = spec_text(mark->section, KEY_VALUE);
  if (!label) {
    error_set(error, "[text %s] needs 'label', the text to show", mark->section->name);
    return error_prefix(error, "%s:%d", spec->path, mark->section->line);
  }
  int column = value ? table_column(rows->table, value, error) : 0;
  if (column < 0) return spec_error_at(spec, mark->section, KEY_VALUE, error);
  mark->texts = memory_new(rows->n, sizeof *mark->texts, "texts", error);
  if (!mark->texts) return false;
  for (mark->n = 0; mark->n < rows->n; mark->n++) {
    size_t row = rows->row[mark->n];
    const char *cell = value ? table_cell(rows->table, row, (size_t)column) : "{}";
    if (!(mark->texts[mark->n] = fill_label(label, cell, error)))
      return error_prefix(error, "%s:%zu", rows->table->path,
                          (size_t)rows->table->first_line + row);
  }
  return true;
}

static bool read_text(struct Marks *marks, const struct Section *section, const struct Rows *rows,
                      const struct Spec *spec, struct Error *error)
{
  struct Mark *mark = append(marks, section, error);
  if (!mark) return false;
  mark->x = read_places(section, rows, spec, KEY_TEXT_X, KEY_X, error);
  mark->y = mark->x ? read_places(section, rows, spec, KEY_TEXT_Y, KEY_Y, error) : NULL;
  return mark->y && write_texts(mark, rows, spec, error);
}

bool marks_read(struct Marks *marks, const struct Section *section, struct Tables *tables,
                struct Error *error)
{
  typedef bool Reader(struct Marks *, const struct Section *, const struct Rows *,
                      const struct Spec *, struct Error *);
  static Reader *const readers[N_SECTION_KINDS] = {
      [SECTION_LINE] = read_points, [SECTION_SCATTER] = read_points,
      [SECTION_BARS] = read_bars,   [SECTION_HISTOGRAM] = read_histogram,
      [SECTION_MAP] = read_map,     [SECTION_PHASES] = read_phases,
      [SECTION_TEXT] = read_text};
  if (section->kind == SECTION_RULE) return read_rule(marks, section, tables, error);
  struct Rows rows;
  bool read = rows_select(&rows, tables, section, error) &&
              (rows.n == 0 || readers[section->kind](marks, section, &rows, tables->spec, error));
  rows_release(&rows);
  return read;
}

/* ---- ranges ---- */

static void include_both(struct Range *range, enum ScaleKind kind, double low, double high)
{
  range_include_value(range, kind, low);
  range_include_value(range, kind, high);
}

void mark_include(const struct Mark *mark, enum ScaleKind x_kind, struct Range *x,
                  enum ScaleKind y_kind, struct Range *y)
{
  const struct Grid *grid = &mark->grid;
  if (mark->kind == SECTION_MAP) {
    include_both(x, x_kind, grid->x - grid->dx / 2, grid->x + ((double)grid->n_x - 0.5) * grid->dx);
    include_both(y, y_kind, grid->y - grid->dy / 2, grid->y + ((double)grid->n_y - 0.5) * grid->dy);
    return;
  }
  double before = mark->kind == SECTION_BARS ? mark->step / 2 : 0;
  double after = mark->kind == SECTION_HISTOGRAM ? mark->step : before;
  for (size_t i = 0; mark->x && i < mark->n; i++)
    include_both(x, x_kind, mark->x[i] - before, mark->x[i] + after);
  if (mark->kind == SECTION_PHASES) return;
  if (mark->y) range_include(y, y_kind, mark->y, mark->n);
  if (mark->base) range_include(y, y_kind, mark->base, mark->n);
  if (mark->kind == SECTION_HISTOGRAM) range_include_value(y, y_kind, 0);
}
