#include "plot/legend_room.h"

#include "plot/pen.h"

#include <math.h>

static const double clearance = 3; /* points around the legend */

/* Where no line or point of a mark may be. */
struct Reach {
  double left, right, top, bottom;
};

/* The legend with the clearance around it, or what thick lines and large markers need. */
static struct Reach reach_of(const struct Box *box, const struct Style *style)
{
  double marker = style->marker == MARKER_NONE ? 0 : PEN_MARKER_EXTENT * style->marker_size;
  double room = fmax(clearance, fmax(style->stroke / 2, marker));
  return (struct Reach){box->x - room, box->x + box->width + room, box->y - room,
                        box->y + box->height + room};
}

static bool covers(const struct Reach *reach, double x, double y)
{
  return x > reach->left && x < reach->right && y > reach->top && y < reach->bottom;
}

/* Samples the segment in steps smaller than the legend. */
static bool covers_segment(const struct Reach *reach, double x0, double y0, double x1, double y1)
{
  double length = hypot(x1 - x0, y1 - y0);
  double steps = ceil(fmin(length, 1e4) / 2) + 1;
  for (double i = 0; i <= steps; i++)
    if (covers(reach, x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps)) return true;
  return false;
}

static bool shows(const struct Panel *panel, double x, double y)
{
  return scale_shows(panel->x.scale.kind, x) && scale_shows(panel->y.scale.kind, y);
}

static bool covers_points(const struct Reach *reach, const struct Panel *panel,
                          const struct Mark *mark)
{
  double last_x = 0, last_y = 0;
  bool joined = false;
  for (size_t i = 0; i < mark->n; i++) {
    bool shown = shows(panel, mark->x[i], mark->y[i]);
    if (shown) {
      double x = scale_map(&panel->x.scale, mark->x[i]), y = scale_map(&panel->y.scale, mark->y[i]);
      bool segment = joined && mark->kind == SECTION_LINE;
      if (covers_segment(reach, segment ? last_x : x, segment ? last_y : y, x, y)) return true;
      last_x = x;
      last_y = y;
    }
    joined = shown;
  }
  return false;
}

/* A bar is taken to cover its whole column, from its base to its end. */
static bool covers_bars(const struct Reach *reach, const struct Panel *panel,
                        const struct Mark *mark)
{
  double before = mark->kind == SECTION_BARS ? mark->step / 2 : 0;
  for (size_t i = 0; i < mark->n; i++) {
    if (!shows(panel, mark->x[i], mark->y[i])) continue;
    double left = scale_map(&panel->x.scale, mark->x[i] - before);
    double right = scale_map(&panel->x.scale, mark->x[i] - before + mark->step);
    double base = scale_map_base(&panel->y.scale, mark->base ? mark->base[i] : 0);
    double end = scale_map(&panel->y.scale, mark->y[i]);
    if (right > reach->left && left < reach->right && fmax(base, end) > reach->top &&
        fmin(base, end) < reach->bottom)
      return true;
  }
  return false;
}

static bool covers_rules(const struct Reach *reach, const struct Panel *panel,
                         const struct Mark *mark)
{
  const struct Scale *scale = mark->x ? &panel->x.scale : &panel->y.scale;
  for (size_t i = 0; i < mark->n; i++) {
    double value = mark->x ? mark->x[i] : mark->y[i];
    if (!scale_shows(scale->kind, value)) continue;
    double place = scale_map(scale, value);
    if (mark->x ? place > reach->left && place < reach->right
                : place > reach->top && place < reach->bottom)
      return true;
  }
  return false;
}

static bool covers_texts(const struct Reach *reach, const struct Panel *panel,
                         const struct Mark *mark, struct Font *font, double size)
{
  static const double shares[] = {0, 0.5, 1}; /* fraction of the width left of x, by `align` */
  const double *shift = spec_value(mark->section, KEY_SHIFT)->list;
  for (size_t i = 0; i < mark->n; i++) {
    if (!shows(panel, mark->x[i], mark->y[i])) continue;
    double width = text_extent(font, mark->texts[i], size, TEXT_REGULAR).width;
    double left = scale_map(&panel->x.scale, mark->x[i]) + shift[0] -
                  shares[spec_choice(mark->section, KEY_ALIGN)] * width;
    double y = scale_map(&panel->y.scale, mark->y[i]) - shift[1];
    if (covers_segment(reach, left, y, left + width, y)) return true;
  }
  return false;
}

static bool covers_mark(const struct Reach *reach, const struct Panel *panel,
                        const struct Mark *mark, struct Font *font, double size)
{
  switch (mark->kind) {
  case SECTION_LINE:
  case SECTION_SCATTER:
    return covers_points(reach, panel, mark);
  case SECTION_BARS:
  case SECTION_HISTOGRAM:
    return covers_bars(reach, panel, mark);
  case SECTION_RULE:
    return covers_rules(reach, panel, mark);
  case SECTION_TEXT:
    return covers_texts(reach, panel, mark, font, size);
  case SECTION_MAP:
    return true;
  default:
    return false;
  }
}

static bool is_free(const struct Box *box, const struct Panel *panel, struct Font *font,
                    double size)
{
  for (size_t i = 0; i < panel->marks.n; i++) {
    const struct Mark *mark = &panel->marks.mark[i];
    struct Reach reach = reach_of(box, &mark->style);
    if (covers_mark(&reach, panel, mark, font, size)) return false;
  }
  return true;
}

bool legend_find_room(struct Panel *panel, struct Font *font, double size)
{
  const struct Box *plot = &panel->cell.plot;
  double room_x = plot->width - panel->legend.width - 2 * clearance;
  double room_y = plot->height - panel->legend.height - 2 * clearance;
  if (room_x < 0 || room_y < 0) return false;
  static const double places[] = {1, 0, 0.5, 0.75, 0.25};
  enum { N = sizeof places / sizeof places[0] };
  for (int row = 0; row < N; row++)
    for (int column = 0; column < N; column++) {
      /* vertical positions: top, bottom, then between */
      struct Box box = {plot->x + clearance + places[column] * room_x,
                        plot->y + clearance + (row < 2 ? 1 - places[row] : places[row]) * room_y,
                        panel->legend.width, panel->legend.height};
      if (!is_free(&box, panel, font, size)) continue;
      panel->legend_box = box;
      return true;
    }
  return false;
}
