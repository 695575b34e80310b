#include "plot/even.h"

#include <math.h>

/* The axis of a key: the first of its keys, or N_KEYS for what is on no axis. */
static enum Key axis_of(enum Key key)
{
  switch (key) {
  case KEY_X_SCALE:
  case KEY_X_TICKS:
  case KEY_X:
  case KEY_RULE_X:
  case KEY_TEXT_X:
    return KEY_X_LABEL;
  case KEY_Y_SCALE:
  case KEY_Y_TICKS:
  case KEY_Y:
  case KEY_RULE_Y:
  case KEY_TEXT_Y:
    return KEY_Y_LABEL;
  default:
    return N_KEYS;
  }
}

/* The key of an axis that corresponds to one of x. */
static enum Key of_axis(enum Key axis, enum Key key)
{
  return axis + (key - KEY_X_LABEL);
}

const struct Value *even_values(const struct Section *section, enum Key key)
{
  enum Key axis = axis_of(key);
  if (axis == N_KEYS || spec_choice(section, of_axis(axis, KEY_X_SCALE)) != AXIS_EVEN) return NULL;
  return spec_value(section, of_axis(axis, KEY_X_TICKS));
}

double even_position(const struct Value *values, double value)
{
  const double *list = values->list;
  int last = values->n_list - 1;
  if (!(value >= list[0] && value <= list[last])) return NAN;
  int i = 0;
  while (i < last && list[i + 1] <= value)
    i++;
  return i == last ? last : i + (value - list[i]) / (list[i + 1] - list[i]);
}

void even_out(const struct Section *mark, enum Key key, double *values, size_t n)
{
  const struct Value *even = even_values(mark, key);
  for (size_t i = 0; even && i < n; i++)
    values[i] = even_position(even, values[i]);
}

struct Range even_range(const struct Value *values)
{
  return (struct Range){-0.5, values->n_list - 0.5};
}

void even_ticks(struct Ticks *ticks, const struct Value *values, enum TickFormat format)
{
  ticks->n = 0;
  for (int i = 0; i < values->n_list; i++) {
    struct Tick *tick = &ticks->tick[ticks->n++];
    *tick = (struct Tick){.value = i, .major = true};
    tick_label(tick, values->list[i], format);
  }
}

static bool check_axis(const struct Spec *spec, const struct Section *panel, enum Key axis,
                       struct Error *error)
{
  const struct Value *values = even_values(panel, of_axis(axis, KEY_X_SCALE));
  if (!values) return true;
  enum Key ticks = of_axis(axis, KEY_X_TICKS);
  if (!values->text) {
    error_set(error, "an even axis needs '%s', its values", key_name(ticks));
    return spec_error_at(spec, panel, of_axis(axis, KEY_X_SCALE), error);
  }
  for (int i = 1; i < values->n_list; i++)
    if (values->list[i] <= values->list[i - 1]) {
      error_set(error, "%s: of an even axis, %g cannot follow %g", key_name(ticks), values->list[i],
                values->list[i - 1]);
      return spec_error_at(spec, panel, ticks, error);
    }
  for (int limit = 0; limit < 2; limit++) {
    enum Key key = of_axis(axis, limit ? KEY_X_MAX : KEY_X_MIN);
    if (!spec_text(panel, key)) continue;
    error_set(error, "%s: an even axis has no limits but its values", key_name(key));
    return spec_error_at(spec, panel, key, error);
  }
  return true;
}

bool even_check_panel(const struct Spec *spec, const struct Section *panel, struct Error *error)
{
  return check_axis(spec, panel, KEY_X_LABEL, error) && check_axis(spec, panel, KEY_Y_LABEL, error);
}

bool even_check_mark(const struct Spec *spec, const struct Section *panel,
                     const struct Section *mark, struct Error *error)
{
  static const enum Key scales[] = {KEY_X_SCALE, KEY_Y_SCALE};
  for (int i = 0; i < 2; i++) {
    const struct Value *of_panel = even_values(panel, scales[i]);
    const struct Value *of_mark = even_values(mark, scales[i]);
    bool drawn = mark->kind != SECTION_BARS && mark->kind != SECTION_HISTOGRAM &&
                 mark->kind != SECTION_PHASES;
    if (of_panel == of_mark && (drawn || !of_panel)) continue;
    if (drawn)
      error_set(error, "[%s %s] is of all panels, and the even axis of [panel %s] is not",
                spec_kind_name(mark->kind), mark->name, panel->name);
    else
      error_set(error, "[%s %s] cannot be drawn on an even axis", spec_kind_name(mark->kind),
                mark->name);
    return error_prefix(error, "%s:%d", spec->path, mark->line);
  }
  return true;
}
