#include "plot/legend.h"

#include "base/memory.h"
#include "plot/pen.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double line_sample = 16, patch_sample = 9, sample_gap = 4, entry_gap = 12; /* points */
static const double row_height = 1.6;                                                   /* sizes */

static bool is_patch(enum SectionKind kind)
{
  return kind == SECTION_BARS || kind == SECTION_HISTOGRAM || kind == SECTION_PHASES;
}

static double sample_width(const struct LegendEntry *entry)
{
  return is_patch(entry->kind) || entry->kind == SECTION_SCATTER ? patch_sample : line_sample;
}

static bool looks_alike(const struct LegendEntry *a, const struct LegendEntry *b)
{
  const struct Style *s = &a->style, *t = &b->style;
  return a->kind == b->kind && strcmp(a->label, b->label) == 0 && s->dash == t->dash &&
         s->marker == t->marker && s->opacity == t->opacity && color_equal(s->color, t->color);
}

static bool add_entry(struct Legend *legend, enum SectionKind kind, struct Style style,
                      const char *label, size_t label_length, struct Error *error)
{
  struct LegendEntry entry = {.kind = kind, .style = style};
  entry.label = memory_print(error, "%.*s", (int)label_length, label);
  if (!entry.label) return false;
  for (size_t i = 0; i < legend->n; i++) {
    if (!looks_alike(&legend->entry[i], &entry)) continue;
    free(entry.label);
    return true;
  }
  struct LegendEntry *grown = realloc(legend->entry, (legend->n + 1) * sizeof *grown);
  if (!grown) {
    free(entry.label);
    return error_set(error, "no memory for the legend");
  }
  legend->entry = grown;
  legend->entry[legend->n++] = entry;
  return true;
}

static const struct Color paper = {1, 1, 1};

/* Phases without a label are not shaded; `rest` is their label. */
static bool add_rest(struct Legend *legend, const struct Mark *mark, int n_labels,
                     struct Error *error)
{
  const char *rest = spec_text(mark->section, KEY_PHASE_REST);
  bool there = false;
  for (size_t i = 0; i < mark->n; i++)
    there = there || mark->y[i] >= n_labels;
  if (!rest || !there) return true;
  return add_entry(legend, SECTION_PHASES, (struct Style){.color = paper, .opacity = 1}, rest,
                   strlen(rest), error);
}

/* The labels of phases are one comma-separated text. */
static bool add_phases(struct Legend *legend, const struct Mark *mark, struct Error *error)
{
  const char *labels = spec_text(mark->section, KEY_PHASE_LABELS);
  int phase = 0;
  for (; labels; phase++) {
    labels += strspn(labels, " ");
    size_t length = strcspn(labels, ",");
    struct Style style = {.color = color_phase(phase), .opacity = 1};
    bool there = false;
    for (size_t i = 0; i < mark->n; i++)
      there = there || (int)mark->y[i] == phase;
    if (there && length > 0 && !add_entry(legend, SECTION_PHASES, style, labels, length, error))
      return false;
    labels = labels[length] ? labels + length + 1 : NULL;
  }
  return add_rest(legend, mark, phase, error);
}

bool legend_add(struct Legend *legend, const struct Mark *mark, struct Error *error)
{
  if (mark->kind == SECTION_PHASES) return add_phases(legend, mark, error);
  return !mark->label ||
         add_entry(legend, mark->kind, mark->style, mark->label, strlen(mark->label), error);
}

void legend_release(struct Legend *legend)
{
  for (size_t i = 0; i < legend->n; i++)
    free(legend->entry[i].label);
  free(legend->entry);
  *legend = (struct Legend){0};
}

/* The width of the entries column, column + n_columns, ... */
static double column_width(const struct Legend *legend, size_t column, size_t n_columns)
{
  double width = 0;
  for (size_t i = column; i < legend->n; i += n_columns)
    width = fmax(width, legend->entry[i].width);
  return width;
}

static double width_in_columns(const struct Legend *legend, size_t n_columns)
{
  double width = entry_gap * (double)(n_columns - 1);
  for (size_t column = 0; column < n_columns; column++)
    width += column_width(legend, column, n_columns);
  return width;
}

void legend_arrange(struct Legend *legend, struct Font *font, double size, double width)
{
  legend->width = legend->height = 0;
  if (legend->n == 0) return;
  for (size_t i = 0; i < legend->n; i++)
    legend->entry[i].width = sample_width(&legend->entry[i]) + sample_gap +
                             text_extent(font, legend->entry[i].label, size, TEXT_REGULAR).width;
  size_t n_columns = legend->n;
  while (n_columns > 1 && width_in_columns(legend, n_columns) > width)
    n_columns--;
  size_t n_rows = (legend->n + n_columns - 1) / n_columns;
  n_columns = (legend->n + n_rows - 1) / n_rows;
  double x = 0;
  for (size_t column = 0; column < n_columns; column++) {
    for (size_t i = column; i < legend->n; i += n_columns) {
      legend->entry[i].x = x;
      legend->entry[i].y = ((double)(i / n_columns) + 0.5) * row_height * size;
    }
    x += column_width(legend, column, n_columns) + entry_gap;
  }
  legend->width = x - entry_gap;
  legend->height = (double)n_rows * row_height * size;
}

/* White patches need a frame to be visible. */
static void frame_patch(cairo_t *cairo, double x, double y, double width, double height)
{
  static const struct Style frame = {.color = {0.6, 0.6, 0.6}, .opacity = 1, .stroke = 0.5};
  pen_set_stroke(cairo, &frame);
  cairo_rectangle(cairo, x + frame.stroke / 2, y + frame.stroke / 2, width - frame.stroke,
                  height - frame.stroke);
  cairo_stroke(cairo);
}

static void draw_sample(const struct LegendEntry *entry, cairo_t *cairo, double x, double y)
{
  double width = sample_width(entry);
  pen_set_paint(cairo, &entry->style);
  if (is_patch(entry->kind)) {
    cairo_rectangle(cairo, x, y - 3, width, 6);
    cairo_fill(cairo);
    if (color_equal(entry->style.color, paper)) frame_patch(cairo, x, y - 3, width, 6);
    return;
  }
  if (entry->kind != SECTION_SCATTER) {
    pen_set_stroke(cairo, &entry->style);
    cairo_move_to(cairo, x, y);
    cairo_line_to(cairo, x + width, y);
    cairo_stroke(cairo);
  }
  pen_marker(cairo, &entry->style, x + width / 2, y);
}

void legend_draw(const struct Legend *legend, cairo_t *cairo, struct Font *font, double size,
                 double x, double y)
{
  for (size_t i = 0; i < legend->n; i++) {
    const struct LegendEntry *entry = &legend->entry[i];
    draw_sample(entry, cairo, x + entry->x, y + entry->y);
    pen_set_color(cairo, (struct Color){0, 0, 0});
    text_draw(font, cairo, entry->label, size, TEXT_REGULAR,
              x + entry->x + sample_width(entry) + sample_gap, y + entry->y,
              (struct Anchor){0, 0.5}, false);
  }
}
