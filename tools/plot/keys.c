#include "plot/keys.h"

#include "base/memory.h"
#include "base/number.h"
#include "plot/each.h"
#include "plot/list.h"
#include "plot/text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ValueType {
  TYPE_MARKUP,
  TYPE_MARKUPS, /* a list; each item is set separately, so markup must not span a comma */
  TYPE_WORDS,   /* a list, no item of which is empty */
  TYPE_COLORS,  /* the same, of colours; or viridis */
  TYPE_WORD,    /* a column, table or font: plain text, not empty */
  TYPE_PLACE,   /* a number or a column */
  TYPE_REAL,
  TYPE_INTEGER,
  TYPE_REALS,
  TYPE_PAIR, /* two numbers, or one that stands for both */
  TYPE_CHOICE,
  TYPE_COLOR
};

/* Sets of sections. */
enum {
  FIGURE = 1 << SECTION_FIGURE,
  PANEL = 1 << SECTION_PANEL | FIGURE,
  COLORS = 1 << SECTION_COLORS,
  LINE = 1 << SECTION_LINE,
  SCATTER = 1 << SECTION_SCATTER,
  BARS = 1 << SECTION_BARS,
  HISTOGRAM = 1 << SECTION_HISTOGRAM,
  MAP = 1 << SECTION_MAP,
  RULE = 1 << SECTION_RULE,
  PHASES = 1 << SECTION_PHASES,
  TEXT = 1 << SECTION_TEXT,
  POINTS = LINE | SCATTER,
  COLUMNS = POINTS | BARS | HISTOGRAM | MAP | PHASES,
  MARK = COLUMNS | RULE | TEXT,
  EXPLAINED = POINTS | BARS | HISTOGRAM | RULE,
  COLORED = EXPLAINED | TEXT
};

static const char *const scales = "linear log";
static const char *const axes = "linear log even";
static const char *const formats = "auto plain comma k power component none";

static const struct KeyRow {
  const char *name;
  int sections; /* sections where it is allowed */
  enum ValueType type;
  const char *fallback; /* NULL: none */
  double min, max;      /* of numbers */
  const char *choices;  /* of choices, separated by spaces, numbered from 0 */
} keys[N_KEYS] = {
    [KEY_EACH] = {"each", PANEL | MARK, TYPE_WORDS, NULL, 0, 0, NULL},
    [KEY_EACH_LABEL] = {"each.label", PANEL | MARK, TYPE_WORDS, NULL, 0, 0, NULL},
    [KEY_EACH_COLOR] = {"each.color", PANEL | MARK, TYPE_COLORS, NULL, 0, 0, NULL},
    [KEY_WIDTH] = {"width", FIGURE, TYPE_REAL, "6.75", 1, 40, NULL},
    [KEY_HEIGHT] = {"height", FIGURE, TYPE_REAL, NULL, 0.5, 40, NULL},
    [KEY_COLUMNS] = {"columns", FIGURE, TYPE_INTEGER, NULL, 1, KEY_LIST_LIMIT, NULL},
    [KEY_WIDTHS] = {"widths", FIGURE, TYPE_REALS, NULL, 0.01, 100, NULL},
    [KEY_HEIGHTS] = {"heights", FIGURE, TYPE_REALS, NULL, 0.01, 100, NULL},
    [KEY_SHARE_X] = {"share.x", FIGURE, TYPE_CHOICE, "none", 0, 0, "none column row all"},
    [KEY_SHARE_Y] = {"share.y", FIGURE, TYPE_CHOICE, "none", 0, 0, "none row column all"},
    [KEY_FIGURE_LEGEND] = {"legend", FIGURE, TYPE_CHOICE, "top", 0, 0, "top bottom right none"},
    [KEY_LETTERS] = {"letters", FIGURE, TYPE_CHOICE, "no", 0, 0, "no yes"},
    [KEY_FONT] = {"font", FIGURE, TYPE_WORD, "Inter", 0, 0, NULL},
    [KEY_SIZE] = {"size", FIGURE, TYPE_REAL, "8", 4, 30, NULL},
    [KEY_RESOLUTION] = {"resolution", FIGURE, TYPE_REAL, "300", 20, 2400, NULL},
    [KEY_TITLE] = {"title", PANEL, TYPE_MARKUP, NULL, 0, 0, NULL},
    [KEY_ASPECT] = {"aspect", PANEL, TYPE_REAL, "1.5", 0.05, 20, NULL},
    [KEY_SPAN_COLUMNS] = {"span.columns", PANEL, TYPE_INTEGER, "1", 1, KEY_LIST_LIMIT, NULL},
    [KEY_SPAN_ROWS] = {"span.rows", PANEL, TYPE_INTEGER, "1", 1, KEY_LIST_LIMIT, NULL},
    [KEY_PANEL_LEGEND] = {"legend", 1 << SECTION_PANEL, TYPE_CHOICE, "figure", 0, 0,
                          "figure above inside none"},
    [KEY_PANEL_BARS] = {"bars", PANEL, TYPE_CHOICE, "grouped", 0, 0, "grouped overlaid"},
    [KEY_X_LABEL] = {"x.label", PANEL, TYPE_MARKUP, NULL, 0, 0, NULL},
    [KEY_X_SCALE] = {"x.scale", PANEL, TYPE_CHOICE, "linear", 0, 0, axes},
    [KEY_X_PADDING] = {"x.padding", PANEL, TYPE_PAIR, NULL, 0, 10, NULL},
    [KEY_X_MIN] = {"x.min", PANEL, TYPE_REAL, NULL, -1e300, 1e300, NULL},
    [KEY_X_MAX] = {"x.max", PANEL, TYPE_REAL, NULL, -1e300, 1e300, NULL},
    [KEY_X_TICKS] = {"x.ticks", PANEL, TYPE_REALS, NULL, -1e300, 1e300, NULL},
    [KEY_X_FORMAT] = {"x.format", PANEL, TYPE_CHOICE, "auto", 0, 0, formats},
    [KEY_Y_LABEL] = {"y.label", PANEL, TYPE_MARKUP, NULL, 0, 0, NULL},
    [KEY_Y_SCALE] = {"y.scale", PANEL, TYPE_CHOICE, "linear", 0, 0, axes},
    [KEY_Y_PADDING] = {"y.padding", PANEL, TYPE_PAIR, NULL, 0, 10, NULL},
    [KEY_Y_MIN] = {"y.min", PANEL, TYPE_REAL, NULL, -1e300, 1e300, NULL},
    [KEY_Y_MAX] = {"y.max", PANEL, TYPE_REAL, NULL, -1e300, 1e300, NULL},
    [KEY_Y_TICKS] = {"y.ticks", PANEL, TYPE_REALS, NULL, -1e300, 1e300, NULL},
    [KEY_Y_FORMAT] = {"y.format", PANEL, TYPE_CHOICE, "auto", 0, 0, formats},
    [KEY_COLORS_LABEL] = {"label", COLORS, TYPE_MARKUP, NULL, 0, 0, NULL},
    [KEY_COLORS_SCALE] = {"scale", COLORS, TYPE_CHOICE, "linear", 0, 0, scales},
    [KEY_COLORS_MIN] = {"min", COLORS, TYPE_REAL, NULL, -1e300, 1e300, NULL},
    [KEY_COLORS_MAX] = {"max", COLORS, TYPE_REAL, NULL, -1e300, 1e300, NULL},
    [KEY_COLORS_TICKS] = {"ticks", COLORS, TYPE_REALS, NULL, -1e300, 1e300, NULL},
    [KEY_COLORS_FORMAT] = {"format", COLORS, TYPE_CHOICE, "auto", 0, 0, formats},
    [KEY_COLORS_MAP] = {"map", COLORS, TYPE_CHOICE, "viridis", 0, 0,
                        "viridis blues blue-white-red"},
    [KEY_COLORS_BAR] = {"bar", COLORS, TYPE_CHOICE, "yes", 0, 0, "no yes"},
    [KEY_TABLE] = {"table", MARK | PANEL, TYPE_WORD, NULL, 0, 0, NULL},
    [KEY_WHERE] = {"where", MARK | PANEL, TYPE_WORD, NULL, 0, 0, NULL},
    [KEY_OPTIONAL] = {"optional", MARK | PANEL, TYPE_CHOICE, "no", 0, 0, "no yes"},
    [KEY_FRAMES] = {"frames", MARK, TYPE_CHOICE, "auto", 0, 0, "auto each all"},
    [KEY_X] = {"x", COLUMNS | PANEL, TYPE_WORD, NULL, 0, 0, NULL},
    [KEY_Y] = {"y", POINTS | BARS | MAP | PANEL, TYPE_WORD, NULL, 0, 0, NULL},
    [KEY_RULE_X] = {"x", RULE, TYPE_PLACE, NULL, -1e300, 1e300, NULL},
    [KEY_RULE_Y] = {"y", RULE, TYPE_PLACE, NULL, -1e300, 1e300, NULL},
    [KEY_TEXT_X] = {"x", TEXT, TYPE_PLACE, NULL, -1e300, 1e300, NULL},
    [KEY_TEXT_Y] = {"y", TEXT, TYPE_PLACE, NULL, -1e300, 1e300, NULL},
    [KEY_ALIGN] = {"align", TEXT, TYPE_CHOICE, "center", 0, 0, "left center right"},
    [KEY_SHIFT] = {"shift", TEXT, TYPE_PAIR, "0 0", -1000, 1000, NULL},
    [KEY_VALUE] = {"value", MAP | TEXT | PANEL, TYPE_WORD, NULL, 0, 0, NULL},
    [KEY_MAP_COLORS] = {"colors", MAP | PANEL, TYPE_WORD, NULL, 0, 0, NULL},
    [KEY_ZOOM_X] = {"zoom.x", MAP, TYPE_INTEGER, NULL, 1, 20000, NULL},
    [KEY_ZOOM_Y] = {"zoom.y", MAP, TYPE_INTEGER, NULL, 1, 20000, NULL},
    [KEY_PHASE] = {"phase", PHASES, TYPE_WORD, "phase", 0, 0, NULL},
    [KEY_PHASE_LABELS] = {"labels", PHASES, TYPE_MARKUPS, NULL, 0, 0, NULL},
    [KEY_PHASE_REST] = {"rest", PHASES, TYPE_MARKUP, NULL, 0, 0, NULL},
    [KEY_GROUP] = {"group", POINTS, TYPE_WORD, NULL, 0, 0, NULL},
    [KEY_CYCLE] = {"cycle", POINTS, TYPE_CHOICE, "yes", 0, 0, "no yes"},
    [KEY_LABEL] = {"label", COLORED, TYPE_MARKUP, NULL, 0, 0, NULL},
    [KEY_COLOR] = {"color", COLORED, TYPE_COLOR, "black", 0, 0, NULL},
    [KEY_TINT] = {"tint", COLORED, TYPE_REAL, "0", 0, 1, NULL},
    [KEY_OPACITY] = {"opacity", COLORED, TYPE_REAL, "1", 0, 1, NULL},
    [KEY_STROKE] = {"stroke", POINTS | RULE, TYPE_REAL, "1", 0.1, 10, NULL},
    [KEY_DASH] = {"dash", LINE | RULE, TYPE_CHOICE, "solid", 0, 0, "solid dashed dotted dashdot"},
    [KEY_LINE_MARKER] = {"marker", LINE, TYPE_CHOICE, "none", 0, 0,
                         "none circle square triangle diamond"},
    [KEY_SCATTER_MARKER] = {"marker", SCATTER, TYPE_CHOICE, "circle", 0, 0,
                            "none circle square triangle diamond"},
    [KEY_MARKER_SIZE] = {"marker.size", POINTS, TYPE_REAL, "3", 0.2, 30, NULL},
    [KEY_BASE] = {"base", BARS, TYPE_PLACE, "0", -1e300, 1e300, NULL},
    [KEY_FILL] = {"fill", BARS, TYPE_REAL, "0.8", 0.01, 1, NULL},
    [KEY_BINS] = {"bins", HISTOGRAM, TYPE_INTEGER, "40", 1, 10000, NULL},
    [KEY_FROM] = {"from", HISTOGRAM, TYPE_REAL, NULL, -1e300, 1e300, NULL},
    [KEY_TO] = {"to", HISTOGRAM, TYPE_REAL, NULL, -1e300, 1e300, NULL},
};

/* ---- values ---- */

static bool parse_real(const struct KeyRow *key, const char *text, double *number,
                       struct Error *error)
{
  if (!number_parse_real(text, number) || !isfinite(*number))
    return error_set(error, "%s: expected a number, found '%s'", key->name, text);
  if (*number < key->min || *number > key->max)
    return error_set(error, "%s: expected %g to %g, found %s", key->name, key->min, key->max, text);
  return true;
}

static bool parse_integer(const struct KeyRow *key, const char *text, int *number,
                          struct Error *error)
{
  int64_t integer;
  if (!number_parse_integer(text, &integer))
    return error_set(error, "%s: expected an integer, found '%s'", key->name, text);
  if ((double)integer < key->min || (double)integer > key->max)
    return error_set(error, "%s: expected %g to %g, found %s", key->name, key->min, key->max, text);
  *number = (int)integer;
  return true;
}

static bool parse_reals(const struct KeyRow *key, struct Value *value, struct Error *error)
{
  static const char blanks[] = " \t";
  const char *rest = value->text + strspn(value->text, blanks);
  while (*rest) {
    char word[64];
    size_t length = strcspn(rest, blanks);
    snprintf(word, sizeof word, "%.*s", (int)length, rest);
    if (length >= sizeof word)
      return error_set(error, "%s: expected numbers, found '%s...'", key->name, word);
    if (value->n_list == KEY_LIST_LIMIT)
      return error_set(error, "%s: more than %d numbers", key->name, KEY_LIST_LIMIT);
    if (!parse_real(key, word, &value->list[value->n_list++], error)) return false;
    rest += length + strspn(rest + length, blanks);
  }
  return true;
}

typedef bool ItemCheck(const char *item, struct Error *error);

/* Errors name the key. */
static bool check_items(const struct KeyRow *key, const char *list, ItemCheck *check,
                        struct Error *error)
{
  for (int i = 0; i < list_count(list); i++) {
    int length;
    const char *start = list_item(list, i, &length);
    char *item = memory_print(error, "%.*s", length, start);
    bool sound = item && (check(item, error) || error_prefix(error, "%s", key->name));
    free(item);
    if (!sound) return false;
  }
  return true;
}

static bool check_word(const char *item, struct Error *error)
{
  if (!*item) return error_set(error, "an item of the list is empty");
  return !each_is_in(item) || error_set(error, "'%s' cannot stand in a list of items", item);
}

static bool check_color(const char *item, struct Error *error)
{
  struct Color color;
  return color_parse(item, &color) ||
         error_set(error, "expected " EACH_VIRIDIS ", or a list of these: %s; found '%s'",
                   color_names(), item);
}

static bool parse_pair(const struct KeyRow *key, struct Value *value, struct Error *error)
{
  if (!parse_reals(key, value, error)) return false;
  if (value->n_list == 1) value->list[1] = value->list[0];
  return value->n_list <= 2 ||
         error_set(error, "%s: expected one or two numbers, found '%s'", key->name, value->text);
}

static bool parse_choice(const struct KeyRow *key, struct Value *value, struct Error *error)
{
  size_t length = strlen(value->text);
  int choice = 0;
  for (const char *c = key->choices; *c; choice++) {
    size_t n = strcspn(c, " ");
    if (n == length && strncmp(c, value->text, n) == 0) {
      value->choice = choice;
      return true;
    }
    c += n + (c[n] == ' ');
  }
  return error_set(error, "%s: expected one of: %s; found '%s'", key->name, key->choices,
                   value->text);
}

bool key_parse(enum Key id, struct Value *value, struct Error *error)
{
  const struct KeyRow *key = &keys[id];
  if (value->text[0] == '\0') return error_set(error, "%s: the value is missing", key->name);
  switch (key->type) {
  case TYPE_MARKUP:
    return text_check_markup(value->text, error) || error_prefix(error, "%s", key->name);
  case TYPE_MARKUPS:
    return check_items(key, value->text, text_check_markup, error);
  case TYPE_WORDS:
    return check_items(key, value->text, check_word, error);
  case TYPE_COLORS:
    return strcmp(value->text, EACH_VIRIDIS) == 0 ||
           check_items(key, value->text, check_color, error);
  case TYPE_WORD:
    return true;
  case TYPE_PLACE:
    if (number_parse_real(value->text, &value->number))
      return parse_real(key, value->text, &value->number, error);
    value->number = NAN;
    return true;
  case TYPE_REAL:
    return parse_real(key, value->text, &value->number, error);
  case TYPE_INTEGER:
    return parse_integer(key, value->text, &value->choice, error);
  case TYPE_REALS:
    return parse_reals(key, value, error);
  case TYPE_PAIR:
    return parse_pair(key, value, error);
  case TYPE_CHOICE:
    return parse_choice(key, value, error);
  case TYPE_COLOR:
    if (color_parse(value->text, &value->color)) return true;
    return error_set(error, "%s: expected one of: %s; found '%s'", key->name, color_names(),
                     value->text);
  }
  return true;
}

/* ---- keys ---- */

const char *key_name(enum Key key)
{
  return keys[key].name;
}

const char *key_default(enum Key key)
{
  return keys[key].fallback;
}

bool key_is_each(enum Key key)
{
  return key == KEY_EACH || key == KEY_EACH_LABEL || key == KEY_EACH_COLOR;
}

bool key_is_of_figure(enum Key key)
{
  return keys[key].sections == FIGURE;
}

bool key_find(enum SectionKind kind, const char *name, enum Key *key)
{
  for (int i = 0; i < N_KEYS; i++) {
    if (!(keys[i].sections & 1 << kind) || strcmp(keys[i].name, name) != 0) continue;
    *key = (enum Key)i;
    return true;
  }
  return false;
}

void key_list(enum SectionKind kind, char *text, size_t size)
{
  size_t length = 0;
  text[0] = '\0';
  for (int i = 0; i < N_KEYS && length < size; i++) {
    if (!(keys[i].sections & 1 << kind)) continue;
    int n = snprintf(text + length, size - length, " %s", keys[i].name);
    length += n > 0 ? (size_t)n : 0;
  }
}
