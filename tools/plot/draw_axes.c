#include "plot/draw.h"
#include "plot/pen.h"

#include <cairo.h>
#include <stdio.h>

static const struct Color ink = {0.1, 0.1, 0.1};
static const double axis_stroke = 0.6;

static void segment(cairo_t *cairo, double x, double y, double dx, double dy)
{
  cairo_move_to(cairo, x, y);
  cairo_rel_line_to(cairo, dx, dy);
}

static void draw_x_ticks(cairo_t *cairo, const struct Scene *scene, const struct Axis *axis,
                         double bottom)
{
  for (size_t i = 0; i < axis->ticks.n; i++) {
    const struct Tick *tick = &axis->ticks.tick[i];
    double x = scale_map(&axis->scale, tick->value);
    segment(cairo, x, bottom, 0, tick->major ? DRAW_TICK : DRAW_MINOR_TICK);
    cairo_stroke(cairo);
    if (axis->labelled && tick->label[0])
      text_draw(scene->font, cairo, tick->label, scene->small, TEXT_REGULAR, x,
                bottom + DRAW_TICK + DRAW_TICK_GAP, (struct Anchor){0.5, 0}, false);
  }
}

/* Upwards along `edge`; `side` is -1 for labels on its left, 1 on its right. Returns the width
   of the labels. */
static double draw_y_ticks(cairo_t *cairo, const struct Scene *scene, const struct Axis *axis,
                           double edge, int side)
{
  double widest = 0;
  for (size_t i = 0; i < axis->ticks.n; i++) {
    const struct Tick *tick = &axis->ticks.tick[i];
    double y = scale_map(&axis->scale, tick->value);
    segment(cairo, edge, y, side * (tick->major ? DRAW_TICK : DRAW_MINOR_TICK), 0);
    cairo_stroke(cairo);
    if (!axis->labelled || !tick->label[0]) continue;
    double width = text_extent(scene->font, tick->label, scene->small, TEXT_REGULAR).width;
    widest = width > widest ? width : widest;
    text_draw(scene->font, cairo, tick->label, scene->small, TEXT_REGULAR,
              edge + side * (DRAW_TICK + DRAW_TICK_GAP), y, (struct Anchor){side < 0 ? 1 : 0, 0.5},
              false);
  }
  return widest;
}

static void set_axis_stroke(cairo_t *cairo)
{
  pen_set_color(cairo, ink);
  cairo_set_line_width(cairo, axis_stroke);
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_SQUARE);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_MITER);
  cairo_set_dash(cairo, NULL, 0, 0);
}

/* Maps have a frame; other plots only the two axes. */
static void draw_frame(cairo_t *cairo, const struct Panel *panel)
{
  const struct Box *plot = &panel->cell.plot;
  if (panel->colors) {
    cairo_rectangle(cairo, plot->x, plot->y, plot->width, plot->height);
  } else {
    cairo_move_to(cairo, plot->x, plot->y);
    cairo_rel_line_to(cairo, 0, plot->height);
    cairo_rel_line_to(cairo, plot->width, 0);
  }
  cairo_stroke(cairo);
}

bool draw_title_text(const struct Panel *panel, char letter, char *text, size_t size)
{
  const char *title = spec_text(panel->section, KEY_TITLE);
  if (!letter && !title) return false;
  if (letter)
    snprintf(text, size, "<b>%c</b>%s%s", letter, title ? "\xE2\x80\x82" : "", title ? title : "");
  else
    snprintf(text, size, "%s", title);
  return true;
}

void draw_axes(cairo_t *cairo, const struct Scene *scene, const struct Panel *panel, char letter)
{
  const struct Box *plot = &panel->cell.plot;
  double bottom = plot->y + plot->height;
  set_axis_stroke(cairo);
  draw_frame(cairo, panel);
  draw_x_ticks(cairo, scene, &panel->x, bottom);
  draw_y_ticks(cairo, scene, &panel->y, plot->x, -1);
  if (panel->x.labelled && panel->x.label) {
    double tick_labels = text_extent(scene->font, "0", scene->small, TEXT_REGULAR).height;
    text_draw(scene->font, cairo, panel->x.label, scene->size, TEXT_REGULAR,
              plot->x + plot->width / 2,
              bottom + DRAW_TICK + DRAW_TICK_GAP + tick_labels + DRAW_LABEL_GAP,
              (struct Anchor){0.5, 0}, false);
  }
  if (panel->y.labelled && panel->y.label)
    text_draw(scene->font, cairo, panel->y.label, scene->size, TEXT_REGULAR,
              plot->x - panel->y_label_room, plot->y + plot->height / 2, (struct Anchor){0.5, 1},
              true);
  char title[512];
  if (draw_title_text(panel, letter, title, sizeof title))
    text_draw(scene->font, cairo, title, scene->size, TEXT_REGULAR, plot->x,
              plot->y - panel->title_rise, (struct Anchor){0, 1}, false);
}

void draw_color_bar(cairo_t *cairo, const struct Scene *scene, const struct ColorScale *colors)
{
  enum { N_STEPS = 240 };
  unsigned rgb[N_STEPS];
  for (int i = 0; i < N_STEPS; i++) {
    struct Color c = color_map(colors->map, (i + 0.5) / N_STEPS);
    rgb[i] = (unsigned)(c.red * 255 + 0.5) << 16 | (unsigned)(c.green * 255 + 0.5) << 8 |
             (unsigned)(c.blue * 255 + 0.5);
  }
  const struct Box *bar = &colors->bar;
  draw_image(cairo, rgb, 1, N_STEPS, *bar);
  set_axis_stroke(cairo);
  cairo_rectangle(cairo, bar->x, bar->y, bar->width, bar->height);
  cairo_stroke(cairo);
  double edge = bar->x + bar->width;
  double width = draw_y_ticks(cairo, scene, &colors->axis, edge, 1);
  if (!colors->axis.label) return;
  double height = text_extent(scene->font, colors->axis.label, scene->size, TEXT_REGULAR).height;
  text_draw(scene->font, cairo, colors->axis.label, scene->size, TEXT_REGULAR,
            edge + DRAW_TICK + DRAW_TICK_GAP + width + DRAW_LABEL_GAP + height,
            bar->y + bar->height / 2, (struct Anchor){0.5, 1}, true);
}
