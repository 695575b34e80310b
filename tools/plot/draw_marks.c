#include "plot/draw.h"
#include "plot/list.h"
#include "plot/pen.h"

#include <cairo.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static bool shows(const struct Panel *panel, double x, double y)
{
  return scale_shows(panel->x.scale.kind, x) && scale_shows(panel->y.scale.kind, y);
}

/* ---- lines and points ---- */

/* Decimates dense lines: of consecutive points within a hair's breadth in x, only the first,
   lowest, highest and last are drawn, which looks the same. */
struct Thinning {
  cairo_t *cairo;
  double column; /* of the run */
  size_t n;      /* of its points */
  double x, first, low, high, last;
  bool started;
};

static const double hair = 0.15; /* points */

static void flush_run(struct Thinning *run)
{
  if (run->n == 0) return;
  if (!run->started) cairo_move_to(run->cairo, run->x, run->first);
  run->started = true;
  cairo_line_to(run->cairo, run->x, run->first);
  if (run->n > 2) {
    cairo_line_to(run->cairo, run->x, run->low);
    cairo_line_to(run->cairo, run->x, run->high);
  }
  if (run->n > 1) cairo_line_to(run->cairo, run->x, run->last);
  run->n = 0;
}

static void add_point(struct Thinning *run, double x, double y)
{
  double column = floor(x / hair);
  if (run->n > 0 && column != run->column) flush_run(run);
  if (run->n++ == 0) {
    run->column = column;
    run->x = x;
    run->first = run->low = run->high = y;
  }
  run->low = fmin(run->low, y);
  run->high = fmax(run->high, y);
  run->last = y;
}

static void draw_line(cairo_t *cairo, const struct Panel *panel, const struct Mark *mark)
{
  struct Thinning run = {.cairo = cairo};
  for (size_t i = 0; i < mark->n; i++) {
    if (shows(panel, mark->x[i], mark->y[i])) {
      add_point(&run, scale_map(&panel->x.scale, mark->x[i]),
                scale_map(&panel->y.scale, mark->y[i]));
      continue;
    }
    flush_run(&run);
    run.started = false;
  }
  flush_run(&run);
  pen_set_stroke(cairo, &mark->style);
  cairo_stroke(cairo);
}

static void draw_points(cairo_t *cairo, const struct Panel *panel, const struct Mark *mark)
{
  const struct Box *plot = &panel->cell.plot;
  for (size_t i = 0; i < mark->n; i++) {
    if (!shows(panel, mark->x[i], mark->y[i])) continue;
    double x = scale_map(&panel->x.scale, mark->x[i]) - plot->x;
    double y = scale_map(&panel->y.scale, mark->y[i]) - plot->y;
    bool inside = x > -0.5 && x < plot->width + 0.5 && y > -0.5 && y < plot->height + 0.5;
    if (inside) pen_marker(cairo, &mark->style, plot->x + x, plot->y + y);
  }
}

/* ---- bars ---- */

static void draw_bar(cairo_t *cairo, const struct Panel *panel, double left, double right,
                     double base, double y)
{
  if (!shows(panel, left, y) || !shows(panel, right, y)) return;
  double x = scale_map(&panel->x.scale, left), end = scale_map(&panel->x.scale, right);
  double foot = scale_map_base(&panel->y.scale, base), top = scale_map(&panel->y.scale, y);
  cairo_rectangle(cairo, x, fmin(foot, top), end - x, fabs(foot - top));
}

/* Grouped bars divide the space between two x in the order of their marks. */
static void draw_bars(cairo_t *cairo, const struct Panel *panel, const struct Mark *mark)
{
  int n = 0, place = 0;
  for (size_t i = 0; i < panel->marks.n; i++) {
    if (&panel->marks.mark[i] == mark) place = n;
    n += panel->marks.mark[i].kind == SECTION_BARS;
  }
  if (spec_choice(panel->section, KEY_PANEL_BARS) == BARS_OVERLAID) n = 1, place = 0;
  double room = mark->step * spec_number(mark->section, KEY_FILL), width = room / n;
  for (size_t i = 0; i < mark->n; i++) {
    double left = mark->x[i] - room / 2 + place * width;
    draw_bar(cairo, panel, left, left + width, mark->base[i], mark->y[i]);
  }
  pen_set_paint(cairo, &mark->style);
  cairo_fill(cairo);
}

static void draw_histogram(cairo_t *cairo, const struct Panel *panel, const struct Mark *mark)
{
  for (size_t i = 0; i < mark->n; i++) {
    double left = mark->x[i], right = left + mark->step;
    /* a thin gap between bars, at most a tenth of their width */
    double room = fabs(panel->x.scale.to - panel->x.scale.from) *
                  (scale_fraction(&panel->x.scale, right) - scale_fraction(&panel->x.scale, left));
    double gap = mark->step * fmin(0.1, 0.4 / room);
    if (mark->y[i] > 0) draw_bar(cairo, panel, left + gap / 2, right - gap / 2, 0, mark->y[i]);
  }
  pen_set_paint(cairo, &mark->style);
  cairo_fill(cairo);
}

/* ---- maps ---- */

/* Viewers smooth small images when enlarging them. So each cell is several pixels wide (which
   compresses well), and only a fraction of a cell is smoothed. */
static int pixels_per_cell(size_t n_x, size_t n_y)
{
  double largest = fmax((double)n_x, (double)n_y);
  return (int)fmax(1, fmin(32, ceil(300 / largest)));
}

void draw_image(cairo_t *cairo, const unsigned *rgb, size_t n_x, size_t n_y, struct Box box)
{
  int k = pixels_per_cell(n_x, n_y);
  int width = (int)n_x * k, height = (int)n_y * k;
  cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  unsigned char *data = cairo_image_surface_get_data(image);
  int stride = cairo_image_surface_get_stride(image);
  for (int y = 0; data && y < height; y++) {
    uint32_t *row = (uint32_t *)(void *)(data + (size_t)y * (size_t)stride);
    const unsigned *cells = rgb + (n_y - 1 - (size_t)(y / k)) * n_x;
    for (int x = 0; x < width; x++)
      row[x] = cells[x / k];
  }
  cairo_surface_mark_dirty(image);
  cairo_save(cairo);
  cairo_translate(cairo, box.x, box.y);
  cairo_scale(cairo, box.width / width, box.height / height);
  cairo_set_source_surface(cairo, image, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
  cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
  cairo_rectangle(cairo, 0, 0, width, height);
  cairo_fill(cairo);
  cairo_restore(cairo);
  cairo_surface_destroy(image);
}

static unsigned cell_color(const struct ColorScale *colors, double value)
{
  if (!scale_shows(colors->axis.scale.kind, value)) return 0xFFFFFF;
  struct Color c = color_map(colors->map, scale_fraction(&colors->axis.scale, value));
  return (unsigned)lround(c.red * 255) << 16 | (unsigned)lround(c.green * 255) << 8 |
         (unsigned)lround(c.blue * 255);
}

static void draw_map(cairo_t *cairo, const struct Panel *panel, const struct Mark *mark)
{
  const struct Grid *grid = &mark->grid;
  size_t n = grid->n_x * grid->n_y;
  unsigned *rgb = malloc(n * sizeof *rgb);
  if (!rgb) return;
  for (size_t i = 0; i < n; i++)
    rgb[i] = cell_color(panel->colors, grid->cells[i]);
  double left = scale_map(&panel->x.scale, grid->x - grid->dx / 2);
  double right = scale_map(&panel->x.scale, grid->x + ((double)grid->n_x - 0.5) * grid->dx);
  double bottom = scale_map(&panel->y.scale, grid->y - grid->dy / 2);
  double top = scale_map(&panel->y.scale, grid->y + ((double)grid->n_y - 0.5) * grid->dy);
  draw_image(cairo, rgb, grid->n_x, grid->n_y, (struct Box){left, top, right - left, bottom - top});
  free(rgb);
}

/* ---- rules and phases ---- */

static void draw_rules(cairo_t *cairo, const struct Panel *panel, const struct Mark *mark)
{
  const struct Box *plot = &panel->cell.plot;
  const struct Scale *scale = mark->x ? &panel->x.scale : &panel->y.scale;
  for (size_t i = 0; i < mark->n; i++) {
    double value = mark->x ? mark->x[i] : mark->y[i];
    if (!scale_shows(scale->kind, value)) continue;
    double place = scale_map(scale, value);
    cairo_move_to(cairo, mark->x ? place : plot->x, mark->x ? plot->y : place);
    cairo_line_to(cairo, mark->x ? place : plot->x + plot->width,
                  mark->x ? plot->y + plot->height : place);
  }
  pen_set_stroke(cairo, &mark->style);
  cairo_stroke(cairo);
}

/* The number of phases named by the labels. */
static int count_shaded(const struct Mark *mark)
{
  const char *labels = spec_text(mark->section, KEY_PHASE_LABELS);
  return labels ? list_count(labels) : 0;
}

/* A phase lasts from its first row to the first row of the next one. */
static void draw_phases(cairo_t *cairo, const struct Panel *panel, const struct Mark *mark)
{
  const struct Box *plot = &panel->cell.plot;
  int n_shaded = count_shaded(mark);
  for (size_t i = 0, next; i < mark->n; i = next) {
    for (next = i + 1; next < mark->n && mark->y[next] == mark->y[i];)
      next++;
    size_t end = next < mark->n ? next : mark->n - 1;
    if (mark->y[i] >= n_shaded) continue;
    if (!scale_shows(panel->x.scale.kind, mark->x[end])) continue;
    double left = scale_map_base(&panel->x.scale, mark->x[i]);
    double right = scale_map(&panel->x.scale, mark->x[end]);
    cairo_rectangle(cairo, left, plot->y, right - left, plot->height);
    pen_set_color(cairo, color_phase((int)mark->y[i]));
    cairo_fill(cairo);
  }
}

/* ---- texts ---- */

static void draw_texts(cairo_t *cairo, const struct Scene *scene, const struct Panel *panel,
                       const struct Mark *mark)
{
  static const double shares[] = {0, 0.5, 1}; /* in the order of the choices of `align` */
  struct Anchor anchor = {shares[spec_choice(mark->section, KEY_ALIGN)], 0.5};
  const double *shift = spec_value(mark->section, KEY_SHIFT)->list;
  pen_set_paint(cairo, &mark->style);
  for (size_t i = 0; i < mark->n; i++)
    if (shows(panel, mark->x[i], mark->y[i]))
      text_draw(scene->font, cairo, mark->texts[i], scene->small, TEXT_REGULAR,
                scale_map(&panel->x.scale, mark->x[i]) + shift[0],
                scale_map(&panel->y.scale, mark->y[i]) - shift[1], anchor, false);
}

/* ---- all marks ---- */

static void draw_mark(cairo_t *cairo, const struct Panel *panel, const struct Mark *mark)
{
  switch (mark->kind) {
  case SECTION_LINE:
    draw_line(cairo, panel, mark);
    break;
  case SECTION_BARS:
    draw_bars(cairo, panel, mark);
    break;
  case SECTION_HISTOGRAM:
    draw_histogram(cairo, panel, mark);
    break;
  case SECTION_MAP:
    draw_map(cairo, panel, mark);
    break;
  case SECTION_RULE:
    draw_rules(cairo, panel, mark);
    break;
  default:
    break;
  }
}

void draw_marks(cairo_t *cairo, const struct Scene *scene, const struct Panel *panel)
{
  const struct Box *plot = &panel->cell.plot;
  const struct Marks *marks = &panel->marks;
  cairo_save(cairo);
  cairo_rectangle(cairo, plot->x, plot->y, plot->width, plot->height);
  cairo_clip(cairo);
  for (size_t i = 0; i < marks->n; i++)
    if (marks->mark[i].kind == SECTION_PHASES) draw_phases(cairo, panel, &marks->mark[i]);
  cairo_restore(cairo);
  for (size_t i = 0; i < marks->n; i++) {
    const struct Mark *mark = &marks->mark[i];
    double room = mark->kind == SECTION_LINE ? mark->style.stroke / 2 : 0;
    cairo_save(cairo);
    cairo_rectangle(cairo, plot->x - room, plot->y - room, plot->width + 2 * room,
                    plot->height + 2 * room);
    cairo_clip(cairo);
    draw_mark(cairo, panel, mark);
    cairo_restore(cairo);
    /* not clipped: a marker at the edge of the plot stays whole */
    if (mark->kind == SECTION_LINE || mark->kind == SECTION_SCATTER)
      draw_points(cairo, panel, mark);
    if (mark->kind == SECTION_TEXT) draw_texts(cairo, scene, panel, mark);
  }
}
