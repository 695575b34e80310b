#include "base/memory.h"
#include "plot/draw.h"
#include "plot/even.h"
#include "plot/legend_room.h"
#include "plot/scene.h"

#include <math.h>
#include <stdlib.h>

static const double outer_margin = 2, gap_x = 9, gap_y = 7, legend_gap = 4; /* points */

/* ---- ticks ---- */

static double widest_label(struct Font *font, const struct Ticks *ticks, double size)
{
  double widest = 0;
  for (size_t i = 0; i < ticks->n; i++)
    if (ticks->tick[i].label[0])
      widest = fmax(widest, text_extent(font, ticks->tick[i].label, size, TEXT_REGULAR).width);
  return widest;
}

/* Labels along x need their width, which is known only after choosing them: if they touch,
   choose again with that width. */
static void choose_ticks(const struct Scene *scene, struct Axis *axis,
                         const struct Section *section, enum Key ticks_key, double length,
                         bool along_x)
{
  const struct Value *given = spec_value(section, ticks_key);
  enum TickFormat format = (enum TickFormat)spec_choice(section, ticks_key + 1);
  enum ScaleKind kind = axis->scale.kind;
  const struct Value *even = even_values(section, ticks_key);
  if (even) {
    even_ticks(&axis->ticks, even, format);
    return;
  }
  if (given->text) {
    ticks_set(&axis->ticks, kind, axis->scale.range, given->list, (size_t)given->n_list, format);
    return;
  }
  /* long axes are easier to read with fewer labels than would fit */
  double room =
      kind == SCALE_LOG ? 1.7 * scene->small : fmax(2 * scene->small, fmin(length / 7, 30));
  if (format == TICK_COMPONENT) room = 1.4 * scene->small; /* names, not a scale: as many as fit */
  for (int attempt = 0; attempt < 3; attempt++) {
    ticks_choose(&axis->ticks, kind, axis->scale.range, length, room, format);
    double wanted = widest_label(scene->font, &axis->ticks, scene->small) + scene->small;
    if (!along_x || wanted <= room) return;
    room = wanted;
  }
}

/* ---- margins ---- */

static double text_height(const struct Scene *scene, const char *text, double size)
{
  return text_extent(scene->font, text, size, TEXT_REGULAR).height;
}

/* How far the labels along x extend beyond the ends of the plot. */
static void overhang(const struct Scene *scene, const struct Axis *axis, double *left,
                     double *right)
{
  *left = *right = 0;
  for (size_t i = 0; axis->labelled && i < axis->ticks.n; i++) {
    const struct Tick *tick = &axis->ticks.tick[i];
    if (!tick->label[0]) continue;
    double half = text_extent(scene->font, tick->label, scene->small, TEXT_REGULAR).width / 2;
    double place = scale_map(&axis->scale, tick->value);
    *left = fmax(*left, half - (place - axis->scale.from));
    *right = fmax(*right, half - (axis->scale.to - place));
  }
}

static double color_bar_width(const struct Scene *scene, const struct ColorScale *colors)
{
  double width = DRAW_BAR_GAP + DRAW_BAR_WIDTH + DRAW_TICK + DRAW_TICK_GAP +
                 widest_label(scene->font, &colors->axis.ticks, scene->small);
  if (!colors->axis.label) return width;
  return width + DRAW_LABEL_GAP + scene->size * TEXT_DESCENT +
         text_height(scene, colors->axis.label, scene->size);
}

static int last_column(const struct Panel *panel)
{
  return panel->cell.column + panel->cell.n_columns - 1;
}

/* The bar is to the right of the rightmost of its panels. */
static bool carries_bar(const struct Scene *scene, const struct Panel *panel)
{
  if (!panel->colors || !panel->colors->has_bar) return false;
  for (size_t i = 0; i < scene->n_panels; i++)
    if (scene->panels[i].colors == panel->colors &&
        last_column(&scene->panels[i]) > last_column(panel))
      return false;
  return true;
}

static double legend_height(const struct Panel *panel)
{
  return panel->place == PANEL_LEGEND_ABOVE ? panel->legend.height : 0;
}

/* Aligns the labels of a column and the titles of a row. */
static void align_labels(struct Scene *scene, struct Panel *panel)
{
  double widest = 0, highest = 0;
  for (size_t i = 0; i < scene->n_panels; i++) {
    const struct Panel *other = &scene->panels[i];
    if (other->cell.column == panel->cell.column && other->y.labelled)
      widest = fmax(widest, widest_label(scene->font, &other->y.ticks, scene->small));
    if (other->cell.row == panel->cell.row) highest = fmax(highest, legend_height(other));
  }
  panel->y_label_room = DRAW_TICK + (widest > 0 ? DRAW_TICK_GAP + widest : 0) + DRAW_LABEL_GAP;
  panel->title_rise = DRAW_TITLE_GAP + highest;
}

static double top_margin(const struct Scene *scene, const struct Panel *panel)
{
  char title[512];
  bool letters = spec_choice(scene->spec.figure, KEY_LETTERS);
  /* half a label at the upper end of the y axis */
  double top = scene->small / 2 + legend_height(panel);
  if (!draw_title_text(panel, letters ? 'a' : 0, title, sizeof title)) return top;
  return fmax(top, panel->title_rise + text_height(scene, title, scene->size) +
                       scene->size * TEXT_ASCENT_OVER_CAPITAL);
}

static double bottom_margin(const struct Scene *scene, const struct Panel *panel)
{
  if (!panel->x.labelled) return DRAW_TICK;
  double bottom = DRAW_TICK + DRAW_TICK_GAP + text_height(scene, "0", scene->small);
  if (!panel->x.label) return bottom;
  return bottom + DRAW_LABEL_GAP + text_height(scene, panel->x.label, scene->size) +
         scene->size * TEXT_DESCENT;
}

static double left_margin(const struct Scene *scene, const struct Panel *panel)
{
  if (!panel->y.labelled) return DRAW_TICK;
  if (!panel->y.label) return panel->y_label_room - DRAW_LABEL_GAP;
  return panel->y_label_room + text_height(scene, panel->y.label, scene->size) +
         scene->size * TEXT_ASCENT_OVER_CAPITAL;
}

static void measure_margins(const struct Scene *scene, struct Panel *panel)
{
  double left, right;
  overhang(scene, &panel->x, &left, &right);
  if (carries_bar(scene, panel)) right = fmax(right, color_bar_width(scene, panel->colors));
  panel->cell.margins = (struct Margins){.left = fmax(left, left_margin(scene, panel)),
                                         .right = right,
                                         .top = top_margin(scene, panel),
                                         .bottom = bottom_margin(scene, panel)};
}

/* ---- placing ---- */

static void set_scales(struct Panel *panel)
{
  const struct Box *plot = &panel->cell.plot;
  panel->x.scale.from = plot->x;
  panel->x.scale.to = plot->x + plot->width;
  panel->y.scale.from = plot->y + plot->height;
  panel->y.scale.to = plot->y;
}

static void place_color_bar(struct Scene *scene, struct ColorScale *colors)
{
  double right = 0, top = INFINITY, bottom = 0;
  for (size_t i = 0; i < scene->n_panels; i++) {
    const struct Panel *panel = &scene->panels[i];
    const struct Box *plot = &panel->cell.plot;
    if (panel->colors != colors) continue;
    top = fmin(top, plot->y);
    bottom = fmax(bottom, plot->y + plot->height);
    right = fmax(right, plot->x + plot->width);
  }
  colors->bar = (struct Box){right + DRAW_BAR_GAP, top, DRAW_BAR_WIDTH, bottom - top};
  colors->axis.scale.from = bottom;
  colors->axis.scale.to = top;
}

static bool is_used(const struct Scene *scene, const struct ColorScale *colors)
{
  for (size_t i = 0; i < scene->n_panels; i++)
    if (scene->panels[i].colors == colors) return true;
  return false;
}

static bool place_panels(struct Scene *scene, double height, struct Error *error)
{
  struct Cell *cells = memory_new(scene->n_panels, sizeof *cells, "the grid", error);
  if (!cells) return false;
  for (size_t i = 0; i < scene->n_panels; i++)
    cells[i] = scene->panels[i].cell;
  scene->page.height = height;
  bool placed = layout_place(cells, scene->n_panels, &scene->page, error);
  for (size_t i = 0; i < scene->n_panels; i++) {
    scene->panels[i].cell = cells[i];
    set_scales(&scene->panels[i]);
  }
  for (size_t c = 0; c < scene->n_colors; c++)
    place_color_bar(scene, &scene->colors[c]);
  free(cells);
  return placed || error_prefix(error, "%s", scene->spec.path);
}

/* Labels depend on the space they have, and the space on the labels: one iteration of both,
   starting from the plots of the previous one. */
static bool layout_round(struct Scene *scene, double height, struct Error *error)
{
  for (size_t i = 0; i < scene->n_panels; i++) {
    struct Panel *panel = &scene->panels[i];
    const struct Box *plot = &panel->cell.plot;
    choose_ticks(scene, &panel->x, panel->section, KEY_X_TICKS, plot->width, true);
    choose_ticks(scene, &panel->y, panel->section, KEY_Y_TICKS, plot->height, false);
    legend_arrange(&panel->legend, scene->font, scene->small,
                   panel->place == PANEL_LEGEND_INSIDE ? 0 : plot->width);
  }
  for (size_t c = 0; c < scene->n_colors; c++)
    if (is_used(scene, &scene->colors[c]))
      choose_ticks(scene, &scene->colors[c].axis, scene->colors[c].section, KEY_COLORS_TICKS,
                   scene->colors[c].bar.height, false);
  for (size_t i = 0; i < scene->n_panels; i++) {
    align_labels(scene, &scene->panels[i]);
    measure_margins(scene, &scene->panels[i]);
  }
  return place_panels(scene, height, error);
}

/* Centred next to the plots, at the page edge named in [figure]. */
static void place_figure_legend(struct Scene *scene)
{
  struct Legend *legend = &scene->legend;
  double left = INFINITY, right = 0, top = INFINITY, bottom = 0;
  for (size_t i = 0; i < scene->n_panels; i++) {
    const struct Box *plot = &scene->panels[i].cell.plot;
    left = fmin(left, plot->x);
    right = fmax(right, plot->x + plot->width);
    top = fmin(top, plot->y);
    bottom = fmax(bottom, plot->y + plot->height);
  }
  struct Box box = {(left + right - legend->width) / 2, (top + bottom - legend->height) / 2,
                    legend->width, legend->height};
  double last_x = scene->page.width - outer_margin - legend->width;
  double last_y = scene->page.height - outer_margin - legend->height;
  box.x = fmax(outer_margin, fmin(box.x, last_x));
  int place = spec_choice(scene->spec.figure, KEY_FIGURE_LEGEND);
  if (place == LEGEND_TOP) box.y = outer_margin;
  if (place == LEGEND_BOTTOM) box.y = last_y;
  if (place == LEGEND_RIGHT) box.x = last_x;
  scene->legend_box = box;
}

/* The margins of the page, including the legend. */
static struct Margins outer_margins(struct Scene *scene)
{
  struct Margins outer = {outer_margin, outer_margin, outer_margin, outer_margin};
  struct Legend *legend = &scene->legend;
  int place = spec_choice(scene->spec.figure, KEY_FIGURE_LEGEND);
  legend_arrange(legend, scene->font, scene->small,
                 place == LEGEND_RIGHT ? 0 : scene->page.width - 2 * outer_margin);
  if (legend->n == 0) return outer;
  if (place == LEGEND_TOP) outer.top += legend->height + legend_gap;
  if (place == LEGEND_BOTTOM) outer.bottom += legend->height + legend_gap;
  if (place == LEGEND_RIGHT) outer.right += legend->width + 3 * legend_gap;
  return outer;
}

/* Places the panels' own legends. False if one that should be inside has to move above, which
   requires another layout. */
static bool place_panel_legends(struct Scene *scene)
{
  bool settled = true;
  for (size_t i = 0; i < scene->n_panels; i++) {
    struct Panel *panel = &scene->panels[i];
    const struct Box *plot = &panel->cell.plot;
    if (panel->place == PANEL_LEGEND_INSIDE &&
        !legend_find_room(panel, scene->font, scene->small)) {
      panel->place = PANEL_LEGEND_ABOVE;
      settled = false;
    }
    if (panel->place == PANEL_LEGEND_ABOVE)
      panel->legend_box = (struct Box){plot->x, plot->y - panel->legend.height - legend_gap / 2,
                                       panel->legend.width, panel->legend.height};
  }
  return settled;
}

bool scene_layout(struct Scene *scene, struct Error *error)
{
  enum { N_ROUNDS = 4 };
  struct Page *page = &scene->page;
  double height = page->height;
  page->outer = outer_margins(scene);
  page->gap_x = gap_x;
  page->gap_y = gap_y;
  for (size_t i = 0; i < scene->n_panels; i++) {
    double width = page->width / page->n_columns * 0.7;
    scene->panels[i].cell.plot = (struct Box){0, 0, width, width / scene->panels[i].cell.aspect};
    set_scales(&scene->panels[i]);
  }
  bool settled = false;
  for (int attempt = 0; !settled && attempt < 2; attempt++) {
    for (int i = 0; i < N_ROUNDS; i++)
      if (!layout_round(scene, height, error)) return false;
    settled = place_panel_legends(scene);
  }
  place_figure_legend(scene);
  return true;
}
