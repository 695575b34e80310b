#include "plot/scene.h"

#include "base/memory.h"
#include "plot/even.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static size_t count_sections(const struct Spec *spec, enum SectionKind kind)
{
  size_t n = 0;
  for (size_t i = 0; i < spec->n_sections; i++)
    n += spec->sections[i]->kind == kind;
  return n;
}

/* A panel shows the marks that follow it, and those before the first panel. */
static bool read_marks(struct Scene *scene, struct Panel *panel, struct Error *error)
{
  for (size_t i = 0; i < scene->spec.n_sections; i++) {
    const struct Section *section = scene->spec.sections[i];
    bool here = section->outer == panel->section || section->outer == panel->section->outer;
    if (!spec_is_mark(section) || !here || tables_leave_out(&scene->tables, section)) continue;
    if (!even_check_mark(&scene->spec, panel->section, section, error) ||
        !marks_read(&panel->marks, section, &scene->tables, error))
      return false;
  }
  if (panel->marks.n > 0) return true;
  return error_set(error, "%s:%d: [panel %s] shows nothing%s%s", scene->spec.path,
                   panel->section->line, panel->section->name,
                   scene->tables.run.wanted ? " of " : "",
                   scene->tables.run.wanted ? scene->tables.run.wanted : "");
}

static bool find_colors(struct Scene *scene, struct Panel *panel, struct Error *error)
{
  for (size_t i = 0; i < panel->marks.n; i++) {
    const struct Section *section = panel->marks.mark[i].section;
    if (section->kind != SECTION_MAP) continue;
    const char *name = spec_text(section, KEY_MAP_COLORS);
    struct ColorScale *found = NULL;
    for (size_t c = 0; name && c < scene->n_colors; c++)
      if (strcmp(scene->colors[c].section->name, name) == 0) found = &scene->colors[c];
    if (!found) {
      error_set(error, "[map %s] needs 'colors', the name of a [colors NAME]%s%s", section->name,
                name ? "; there is no " : "", name ? name : "");
      return spec_error_at(&scene->spec, section, KEY_MAP_COLORS, error);
    }
    panel->colors = found;
  }
  return true;
}

/* An even axis is a linear one of positions. */
static enum ScaleKind kind_of_axis(const struct Section *panel, enum Key key)
{
  int kind = spec_choice(panel, key);
  return kind == AXIS_EVEN ? SCALE_LINEAR : (enum ScaleKind)kind;
}

static bool read_panels(struct Scene *scene, struct Error *error)
{
  scene->n_panels = 0;
  size_t n = count_sections(&scene->spec, SECTION_PANEL);
  scene->panels = memory_new(n, sizeof *scene->panels, "panels", error);
  if (!scene->panels) return false;
  for (size_t i = 0; i < scene->spec.n_sections; i++) {
    const struct Section *section = scene->spec.sections[i];
    if (section->kind != SECTION_PANEL) continue;
    struct Panel *panel = &scene->panels[scene->n_panels++];
    *panel = (struct Panel){.section = section};
    panel->x.label = spec_text(section, KEY_X_LABEL);
    panel->y.label = spec_text(section, KEY_Y_LABEL);
    panel->place = (enum PanelLegend)spec_choice(section, KEY_PANEL_LEGEND);
    panel->cell.n_columns = spec_choice(section, KEY_SPAN_COLUMNS);
    panel->cell.n_rows = spec_choice(section, KEY_SPAN_ROWS);
    panel->cell.aspect = spec_number(section, KEY_ASPECT);
    panel->cell.keep_aspect = spec_is_set(section, KEY_ASPECT);
    panel->x.scale.kind = kind_of_axis(section, KEY_X_SCALE);
    panel->y.scale.kind = kind_of_axis(section, KEY_Y_SCALE);
    panel->x.scale.range = panel->y.scale.range = range_empty;
    if (!even_check_panel(&scene->spec, section, error)) return false;
  }
  return true;
}

static bool read_colors(struct Scene *scene, struct Error *error)
{
  size_t n = count_sections(&scene->spec, SECTION_COLORS);
  scene->colors = memory_new(n, sizeof *scene->colors, "colour scales", error);
  if (!scene->colors) return false;
  for (size_t i = 0; i < scene->spec.n_sections; i++) {
    const struct Section *section = scene->spec.sections[i];
    if (section->kind != SECTION_COLORS) continue;
    struct ColorScale *colors = &scene->colors[scene->n_colors++];
    colors->section = section;
    colors->map = (enum ColorMap)spec_choice(section, KEY_COLORS_MAP);
    colors->axis.scale.kind = (enum ScaleKind)spec_choice(section, KEY_COLORS_SCALE);
    colors->axis.scale.range = range_empty;
    colors->has_bar = spec_choice(section, KEY_COLORS_BAR);
    colors->axis.label = spec_text(section, KEY_COLORS_LABEL);
    colors->axis.labelled = true;
  }
  return true;
}

/* Characters that the font lacks are found before anything is drawn. */
static bool check_texts(struct Scene *scene, struct Error *error)
{
  static const enum Key texts[] = {KEY_TITLE,        KEY_X_LABEL,    KEY_Y_LABEL, KEY_COLORS_LABEL,
                                   KEY_PHASE_LABELS, KEY_PHASE_REST, KEY_LABEL};
  for (size_t i = 0; i < scene->spec.n_sections; i++)
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
      const struct Section *section = scene->spec.sections[i];
      const char *text = spec_text(section, texts[k]);
      if (text && !text_check_glyphs(scene->font, text, error))
        return spec_error_at(&scene->spec, section, texts[k], error);
    }
  return true;
}

/* ---- ranges ---- */

/* A limit that is set is exact; the other end follows the data. */
static bool apply_limits(const struct Spec *spec, const struct Section *section, enum Key min,
                         enum ScaleKind kind, struct Range *range, struct Error *error)
{
  enum Key max = min + 1;
  if (spec_text(section, min)) range->low = spec_number(section, min);
  if (spec_text(section, max)) range->high = spec_number(section, max);
  enum Key set = spec_text(section, max) ? max : min;
  if (kind == SCALE_LOG && range->low <= 0) {
    error_set(error, "a logarithmic axis cannot start at %g", range->low);
    return spec_error_at(spec, section, min, error);
  }
  if (range->low < range->high) return true;
  error_set(error, "the axis would run from %g to %g", range->low, range->high);
  return spec_error_at(spec, section, set, error);
}

static bool has_kind(const struct Panel *panel, enum SectionKind kind)
{
  for (size_t i = 0; i < panel->marks.n; i++)
    if (panel->marks.mark[i].kind == kind) return true;
  return false;
}

/* Extends the ranges of a panel's axes, and of its colours, to include its marks. */
static void include_marks(struct Panel *panel)
{
  for (size_t i = 0; i < panel->marks.n; i++) {
    const struct Mark *mark = &panel->marks.mark[i];
    const struct Grid *grid = &mark->grid;
    mark_include(mark, panel->x.scale.kind, &panel->x.scale.range, panel->y.scale.kind,
                 &panel->y.scale.range);
    if (grid->cells)
      range_include(&panel->colors->axis.scale.range, panel->colors->axis.scale.kind, grid->cells,
                    grid->n_x * grid->n_y);
  }
}

enum Direction { ALONG_X, ALONG_Y };

static struct Axis *axis_of(struct Panel *panel, enum Direction direction)
{
  return direction == ALONG_X ? &panel->x : &panel->y;
}

static bool same_text(const char *a, const char *b)
{
  return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Axes with different labels show different quantities. */
static bool share_an_axis(const struct Panel *a, const struct Panel *b, enum Direction direction,
                          enum SharedBy share)
{
  if (share == SHARE_NONE || a == b) return a == b;
  if (!same_text(direction == ALONG_X ? a->x.label : a->y.label,
                 direction == ALONG_X ? b->x.label : b->y.label))
    return false;
  if (share == SHARE_ALL) return true;
  bool columns = (direction == ALONG_X) == (share == SHARE_ALONG);
  return columns ? a->cell.column == b->cell.column : a->cell.row == b->cell.row;
}

/* The union of the ranges of all panels that share the axis with this one. */
static struct Range shared_range(const struct Scene *scene, const struct Panel *panel,
                                 enum Direction direction, enum SharedBy share, enum ScaleKind kind)
{
  struct Range range = range_empty;
  for (size_t i = 0; i < scene->n_panels; i++) {
    struct Panel *other = &scene->panels[i];
    if (!share_an_axis(panel, other, direction, share)) continue;
    range_include_value(&range, kind, axis_of(other, direction)->scale.range.low);
    range_include_value(&range, kind, axis_of(other, direction)->scale.range.high);
  }
  return range;
}

/* Labels are at the lowest panel of a column and the leftmost of a row. */
static bool is_labelled(const struct Scene *scene, const struct Panel *panel,
                        enum Direction direction, enum SharedBy share)
{
  for (size_t i = 0; share != SHARE_NONE && i < scene->n_panels; i++) {
    const struct Panel *other = &scene->panels[i];
    if (!share_an_axis(panel, other, direction, share)) continue;
    if (direction == ALONG_X && other->cell.row > panel->cell.row &&
        other->cell.column == panel->cell.column)
      return false;
    if (direction == ALONG_Y && other->cell.column < panel->cell.column &&
        other->cell.row == panel->cell.row)
      return false;
  }
  return true;
}

static const struct Value *even_on(const struct Panel *panel, enum Direction direction)
{
  return even_values(panel->section, direction == ALONG_X ? KEY_X_SCALE : KEY_Y_SCALE);
}

/* Padding between the data and the ends of the axis. Default: none along x for lines, which run
   from edge to edge, none around maps, none below bars that start at the axis. */
static struct Range pad(const struct Panel *panel, enum Direction direction, enum ScaleKind kind,
                        struct Range range)
{
  const struct Value *padding =
      spec_value(panel->section, direction == ALONG_X ? KEY_X_PADDING : KEY_Y_PADDING);
  if (padding->text) return range_pad(range, kind, padding->list[0], padding->list[1]);
  if (has_kind(panel, SECTION_MAP) || even_on(panel, direction)) return range;
  if (direction == ALONG_X) {
    double share = has_kind(panel, SECTION_SCATTER) ? 0.02 : 0;
    return range_pad(range, kind, share, share);
  }
  bool standing = has_kind(panel, SECTION_BARS) || has_kind(panel, SECTION_HISTOGRAM);
  return range_pad(range, kind, standing && range.low == 0 ? 0 : 0.05, 0.05);
}

static bool settle_axes(struct Scene *scene, enum Direction direction, struct Error *error)
{
  const struct Section *figure = scene->spec.figure;
  enum SharedBy share =
      (enum SharedBy)spec_choice(figure, direction == ALONG_X ? KEY_SHARE_X : KEY_SHARE_Y);
  struct Range *ranges = memory_new(scene->n_panels, sizeof *ranges, "ranges of axes", error);
  bool settled = ranges != NULL;
  for (size_t i = 0; settled && i < scene->n_panels; i++) {
    struct Panel *panel = &scene->panels[i];
    enum ScaleKind kind = axis_of(panel, direction)->scale.kind;
    const struct Value *even = even_on(panel, direction);
    struct Range range =
        even ? even_range(even) : shared_range(scene, panel, direction, share, kind);
    range = range_sane(range, kind);
    ranges[i] = pad(panel, direction, kind, range);
    settled = apply_limits(&scene->spec, panel->section,
                           direction == ALONG_X ? KEY_X_MIN : KEY_Y_MIN, kind, &ranges[i], error);
  }
  for (size_t i = 0; settled && i < scene->n_panels; i++) {
    struct Axis *axis = axis_of(&scene->panels[i], direction);
    axis->scale.range = ranges[i];
    axis->labelled = is_labelled(scene, &scene->panels[i], direction, share);
  }
  free(ranges);
  return settled;
}

static bool settle_colors(struct Scene *scene, struct Error *error)
{
  for (size_t c = 0; c < scene->n_colors; c++) {
    struct ColorScale *colors = &scene->colors[c];
    struct Scale *scale = &colors->axis.scale;
    struct Range range = range_sane(scale->range, scale->kind);
    if (scale->kind == SCALE_LINEAR && color_map_is_diverging(colors->map)) {
      double size = fmax(fabs(range.low), fabs(range.high));
      range = (struct Range){-size, size};
    }
    scale->range = range;
    if (!apply_limits(&scene->spec, colors->section, KEY_COLORS_MIN, scale->kind, &scale->range,
                      error))
      return false;
  }
  return true;
}

/* ---- the grid and the legends ---- */

static bool read_weights(struct Scene *scene, enum Key key, int n, const double **weights,
                         struct Error *error)
{
  const struct Value *value = spec_value(scene->spec.figure, key);
  if (!value->text) return true;
  *weights = value->list;
  if (value->n_list == n) return true;
  error_set(error, "expected %d sizes, one per row or column of panels, found %d", n,
            value->n_list);
  return spec_error_at(&scene->spec, scene->spec.figure, key, error);
}

static bool fill_grid(struct Scene *scene, struct Error *error)
{
  const struct Section *figure = scene->spec.figure;
  struct Page *page = &scene->page;
  page->width = 72 * spec_number(figure, KEY_WIDTH);
  page->height = 72 * spec_number(figure, KEY_HEIGHT);
  page->n_columns = spec_choice(figure, KEY_COLUMNS);
  for (size_t i = 0; !spec_text(figure, KEY_COLUMNS) && i < scene->n_panels; i++)
    page->n_columns += scene->panels[i].cell.n_columns;
  struct Cell *cells = memory_new(scene->n_panels, sizeof *cells, "the grid", error);
  if (!cells) return false;
  for (size_t i = 0; i < scene->n_panels; i++)
    cells[i] = scene->panels[i].cell;
  bool filled = (page->n_columns <= KEY_LIST_LIMIT ||
                 error_set(error, "more than %d columns of panels", KEY_LIST_LIMIT)) &&
                layout_flow(cells, scene->n_panels, page->n_columns, &page->n_rows, error);
  if (!filled) error_prefix(error, "%s", scene->spec.path);
  for (size_t i = 0; i < scene->n_panels; i++)
    scene->panels[i].cell = cells[i];
  free(cells);
  return filled && read_weights(scene, KEY_WIDTHS, page->n_columns, &page->widths, error) &&
         read_weights(scene, KEY_HEIGHTS, page->n_rows, &page->heights, error);
}

/* The font must also have the characters that come from table cells. */
static bool check_written(const struct Scene *scene, struct Error *error)
{
  for (size_t i = 0; i < scene->n_panels; i++)
    for (size_t m = 0; m < scene->panels[i].marks.n; m++) {
      const struct Mark *mark = &scene->panels[i].marks.mark[m];
      for (size_t t = 0; mark->texts && t < mark->n; t++)
        if (!text_check_glyphs(scene->font, mark->texts[t], error))
          return spec_error_at(&scene->spec, mark->section, KEY_LABEL, error);
    }
  return true;
}

static bool collect_legends(struct Scene *scene, struct Error *error)
{
  bool has_one = spec_choice(scene->spec.figure, KEY_FIGURE_LEGEND) != LEGEND_NONE;
  for (size_t i = 0; i < scene->n_panels; i++) {
    struct Panel *panel = &scene->panels[i];
    if (panel->place == PANEL_LEGEND_NONE) continue;
    for (size_t m = 0; m < panel->marks.n; m++) {
      const struct Mark *mark = &panel->marks.mark[m];
      bool own = panel->place != PANEL_LEGEND_FIGURE && mark->section->outer == panel->section;
      if (!own && !has_one) continue;
      /* contains a group's value */
      if (mark->label && !text_check_glyphs(scene->font, mark->label, error))
        return spec_error_at(&scene->spec, mark->section, KEY_LABEL, error);
      if (!legend_add(own ? &panel->legend : &scene->legend, mark, error)) return false;
    }
  }
  return true;
}

bool scene_open(struct Scene *scene, const struct FigureRequest *request, struct Error *error)
{
  *scene = (struct Scene){0};
  if (!spec_read(&scene->spec, request->spec_path, error)) return false;
  const struct Section *figure = scene->spec.figure;
  scene->size = spec_number(figure, KEY_SIZE);
  scene->small = scene->size - 1;
  scene->font = font_new(spec_text(figure, KEY_FONT), error);
  if (!scene->font) return spec_error_at(&scene->spec, figure, KEY_FONT, error);
  if (!check_texts(scene, error)) return false;
  return tables_init(&scene->tables, &scene->spec, request->table_paths, request->n_tables,
                     request->run, error) &&
         read_colors(scene, error) && read_panels(scene, error);
}

bool scene_read_marks(struct Scene *scene, struct Error *error)
{
  for (size_t i = 0; i < scene->n_panels; i++) {
    struct Panel *panel = &scene->panels[i];
    if (!read_marks(scene, panel, error) || !find_colors(scene, panel, error)) return false;
    include_marks(panel);
  }
  return check_written(scene, error);
}

bool scene_settle(struct Scene *scene, struct Error *error)
{
  return fill_grid(scene, error) && settle_axes(scene, ALONG_X, error) &&
         settle_axes(scene, ALONG_Y, error) && settle_colors(scene, error) &&
         collect_legends(scene, error);
}

bool scene_read(struct Scene *scene, const struct FigureRequest *request, struct Error *error)
{
  return scene_open(scene, request, error) && scene_read_marks(scene, error) &&
         scene_settle(scene, error);
}

void scene_release(struct Scene *scene)
{
  for (size_t i = 0; i < scene->n_panels; i++) {
    marks_release(&scene->panels[i].marks);
    legend_release(&scene->panels[i].legend);
  }
  free(scene->panels);
  free(scene->colors);
  legend_release(&scene->legend);
  font_free(scene->font);
  tables_release(&scene->tables);
  spec_release(&scene->spec);
  *scene = (struct Scene){0};
}
