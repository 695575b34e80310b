#include "plot/spec.h"

#include "base/ini.h"
#include "base/memory.h"
#include "base/number.h"
#include "plot/text.h"

#include <ctype.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ValueType {
  TYPE_MARKUP,
  TYPE_MARKUPS, /* several, separated by commas */
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
static const char *const formats = "auto plain comma k power component none";

static const struct KeyRow {
  const char *name;
  int sections; /* sections where it is allowed */
  enum ValueType type;
  const char *fallback; /* NULL: none */
  double min, max;      /* of numbers */
  const char *choices;  /* of choices, separated by spaces, numbered from 0 */
} keys[N_KEYS] = {
    [KEY_WIDTH] = {"width", FIGURE, TYPE_REAL, "6.75", 1, 40, NULL},
    [KEY_HEIGHT] = {"height", FIGURE, TYPE_REAL, NULL, 0.5, 40, NULL},
    [KEY_COLUMNS] = {"columns", FIGURE, TYPE_INTEGER, NULL, 1, SPEC_LIST_LIMIT, NULL},
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
    [KEY_SPAN_COLUMNS] = {"span.columns", PANEL, TYPE_INTEGER, "1", 1, SPEC_LIST_LIMIT, NULL},
    [KEY_SPAN_ROWS] = {"span.rows", PANEL, TYPE_INTEGER, "1", 1, SPEC_LIST_LIMIT, NULL},
    [KEY_PANEL_LEGEND] = {"legend", 1 << SECTION_PANEL, TYPE_CHOICE, "figure", 0, 0,
                          "figure above inside none"},
    [KEY_PANEL_BARS] = {"bars", PANEL, TYPE_CHOICE, "grouped", 0, 0, "grouped overlaid"},
    [KEY_X_LABEL] = {"x.label", PANEL, TYPE_MARKUP, NULL, 0, 0, NULL},
    [KEY_X_SCALE] = {"x.scale", PANEL, TYPE_CHOICE, "linear", 0, 0, scales},
    [KEY_X_PADDING] = {"x.padding", PANEL, TYPE_PAIR, NULL, 0, 10, NULL},
    [KEY_X_MIN] = {"x.min", PANEL, TYPE_REAL, NULL, -1e300, 1e300, NULL},
    [KEY_X_MAX] = {"x.max", PANEL, TYPE_REAL, NULL, -1e300, 1e300, NULL},
    [KEY_X_TICKS] = {"x.ticks", PANEL, TYPE_REALS, NULL, -1e300, 1e300, NULL},
    [KEY_X_FORMAT] = {"x.format", PANEL, TYPE_CHOICE, "auto", 0, 0, formats},
    [KEY_Y_LABEL] = {"y.label", PANEL, TYPE_MARKUP, NULL, 0, 0, NULL},
    [KEY_Y_SCALE] = {"y.scale", PANEL, TYPE_CHOICE, "linear", 0, 0, scales},
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

static const char *const kinds[N_SECTION_KINDS] = {"figure",  "panel",  "colors",    "line",
                                                   "scatter", "bars",   "histogram", "map",
                                                   "rule",    "phases", "text"};

const char *spec_kind_name(enum SectionKind kind)
{
  return kinds[kind];
}

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
    if (value->n_list == SPEC_LIST_LIMIT)
      return error_set(error, "%s: more than %d numbers", key->name, SPEC_LIST_LIMIT);
    if (!parse_real(key, word, &value->list[value->n_list++], error)) return false;
    rest += length + strspn(rest + length, blanks);
  }
  return true;
}

/* Each part is set separately, so markup must not span a comma. */
static bool parse_markups(const char *text, struct Error *error)
{
  while (*text) {
    size_t length = strcspn(text, ",");
    char *piece = memory_print(error, "%.*s", (int)length, text);
    bool sound = piece && text_check_markup(piece, error);
    free(piece);
    if (!sound) return false;
    text += length + (text[length] == ',');
  }
  return true;
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

static bool parse_value(const struct KeyRow *key, struct Value *value, struct Error *error)
{
  if (value->text[0] == '\0') return error_set(error, "%s: the value is missing", key->name);
  switch (key->type) {
  case TYPE_MARKUP:
    return text_check_markup(value->text, error) || error_prefix(error, "%s", key->name);
  case TYPE_MARKUPS:
    return parse_markups(value->text, error) || error_prefix(error, "%s", key->name);
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

static bool set_value(struct Section *section, enum Key key, const char *text, int line,
                      struct Error *error)
{
  struct Value *value = &section->values[key];
  if (value->text)
    return error_set(error, "%s: already set on line %d", keys[key].name, value->line);
  value->text = memory_copy_text(text, error);
  value->line = line;
  return value->text && parse_value(&keys[key], value, error);
}

/* ---- sections ---- */

static struct Section *new_section(enum SectionKind kind, const char *name, int line,
                                   struct Error *error)
{
  struct Section *section = memory_new(1, sizeof *section, "a section", error);
  if (!section) return NULL;
  section->kind = kind;
  section->line = line;
  section->name = memory_copy_text(name, error);
  if (section->name) return section;
  free(section);
  return NULL;
}

static void free_section(struct Section *section)
{
  if (!section) return;
  for (int key = 0; key < N_KEYS; key++)
    free(section->values[key].text);
  free(section->name);
  free(section);
}

/* Splits "line train" into the kind and "train". */
static bool parse_section(const char *text, enum SectionKind *kind, const char **name,
                          struct Error *error)
{
  size_t length = strcspn(text, " ");
  for (int i = 0; i < N_SECTION_KINDS; i++) {
    if (strlen(kinds[i]) != length || strncmp(text, kinds[i], length) != 0) continue;
    *kind = (enum SectionKind)i;
    *name = text + length + strspn(text + length, " ");
    if (i == SECTION_FIGURE && **name) return error_set(error, "[figure] takes no name");
    if ((i == SECTION_PANEL || i == SECTION_COLORS) && !**name)
      return error_set(error, "[%s NAME] needs a name", kinds[i]);
    return true;
  }
  return error_set(error,
                   "[%s]: expected [figure], or one of these and a name: panel colors line scatter "
                   "bars histogram map rule phases text",
                   text);
}

static struct Section *find_section(const struct Spec *spec, enum SectionKind kind,
                                    const char *name, const struct Section *outer)
{
  for (size_t i = 0; i < spec->n_sections; i++) {
    struct Section *section = spec->sections[i];
    if (section->kind == kind && strcmp(section->name, name) == 0 && section->outer == outer)
      return section;
  }
  return NULL;
}

static bool append_section(struct Spec *spec, struct Section *section, struct Error *error)
{
  if (spec->n_sections == SPEC_SECTION_LIMIT)
    return error_set(error, "more than %d sections", SPEC_SECTION_LIMIT);
  size_t size = (spec->n_sections + 1) * sizeof(struct Section *);
  struct Section **grown = realloc(spec->sections, size);
  if (!grown) return error_set(error, "no memory for another section");
  spec->sections = grown;
  spec->sections[spec->n_sections++] = section;
  return true;
}

/* Opens the section of a heading such as "line train". */
static bool add_section(struct Spec *spec, const char *heading, int line, struct Error *error)
{
  enum SectionKind kind = SECTION_FIGURE;
  const char *name = "";
  if (!parse_section(heading, &kind, &name, error)) return false;
  bool is_mark = kind != SECTION_FIGURE && kind != SECTION_PANEL && kind != SECTION_COLORS;
  const struct Section *outer = is_mark && spec->panel ? spec->panel : spec->figure;
  if (kind == SECTION_FIGURE) outer = spec->defaults;
  struct Section *twin = find_section(spec, kind, name, outer);
  if (twin) return error_set(error, "[%s]: repeated, first on line %d", heading, twin->line);
  struct Section *section = new_section(kind, name, line, error);
  if (!section) return false;
  section->outer = outer;
  if (!append_section(spec, section, error)) {
    free_section(section);
    return false;
  }
  if (kind == SECTION_PANEL) spec->panel = section;
  return true;
}

/* Creates all sections. The INI reader reports only entries, but a panel may have none, so
   headings are scanned first and entries assigned by line number. Anything before a bracket is
   skipped as in the INI reader; a line that it rejects (too long, or with a NUL byte) ends the
   scan. */
static bool scan_headings(struct Spec *spec, struct Error *error)
{
  FILE *stream = fopen(spec->path, "rb");
  if (!stream) return error_system(error, "%s: cannot open", spec->path);
  char text[256]; /* longer than the longest line */
  bool scanned = true;
  for (int line = 1; scanned && fgets(text, sizeof text, stream); line++) {
    if (!strchr(text, '\n') && !feof(stream)) break;
    char *start = text;
    if (line == 1 && strncmp(start, "\xEF\xBB\xBF", 3) == 0) start += 3;
    start += strspn(start, " \t\v\f\r");
    char *end = strchr(start, ']');
    if (*start != '[' || !end) continue;
    *end = '\0';
    scanned =
        add_section(spec, start + 1, line, error) || error_prefix(error, "%s:%d", spec->path, line);
  }
  if (ferror(stream)) scanned = error_system(error, "%s: cannot read", spec->path);
  fclose(stream);
  return scanned;
}

static struct Section *section_of_line(const struct Spec *spec, int line)
{
  struct Section *section = NULL;
  for (size_t i = 0; i < spec->n_sections && spec->sections[i]->line < line; i++)
    section = spec->sections[i];
  return section && section->kind == SECTION_FIGURE ? spec->figure : section;
}

static void list_keys(enum SectionKind kind, char *text, size_t size)
{
  size_t length = 0;
  text[0] = '\0';
  for (int i = 0; i < N_KEYS && length < size; i++) {
    if (!(keys[i].sections & 1 << kind)) continue;
    int n = snprintf(text + length, size - length, " %s", keys[i].name);
    length += n > 0 ? (size_t)n : 0;
  }
}

static bool read_entry(void *user, const char *heading, const char *name, const char *text,
                       int line, struct Error *error)
{
  (void)heading;
  struct Section *section = section_of_line(user, line);
  if (!section) return error_set(error, "expected a section such as [figure] first");
  for (int i = 0; i < N_KEYS; i++)
    if (keys[i].sections & 1 << section->kind && strcmp(keys[i].name, name) == 0)
      return set_value(section, (enum Key)i, text, line, error);
  char list[800];
  list_keys(section->kind, list, sizeof list);
  return error_set(error, "unknown key '%s'; [%s] takes:%s", name, kinds[section->kind], list);
}

static bool read_defaults(struct Section *defaults, struct Error *error)
{
  for (int i = 0; i < N_KEYS; i++)
    if (keys[i].fallback && !set_value(defaults, (enum Key)i, keys[i].fallback, 0, error))
      return error_prefix(error, "default of %s", keys[i].name);
  return true;
}

bool spec_read(struct Spec *spec, const char *path, struct Error *error)
{
  *spec = (struct Spec){.path = memory_copy_text(path, error)};
  spec->defaults = new_section(SECTION_FIGURE, "", 0, error);
  spec->figure = new_section(SECTION_FIGURE, "", 1, error);
  if (!spec->path || !spec->defaults || !spec->figure) return false;
  spec->figure->outer = spec->defaults;
  if (!read_defaults(spec->defaults, error)) return false;
  if (!scan_headings(spec, error)) return false;
  if (!ini_read_file(path, read_entry, spec, error)) return false;
  if (!spec->panel)
    return error_set(error, "%s: no [panel NAME], so there is nothing to draw", path);
  return true;
}

void spec_release(struct Spec *spec)
{
  for (size_t i = 0; i < spec->n_sections; i++)
    free_section(spec->sections[i]);
  free_section(spec->figure);
  free_section(spec->defaults);
  free(spec->sections);
  free(spec->path);
  *spec = (struct Spec){0};
}

/* ---- looking up ---- */

const struct Value *spec_value(const struct Section *section, enum Key key)
{
  while (!section->values[key].text && section->outer)
    section = section->outer;
  return &section->values[key];
}

const char *spec_text(const struct Section *section, enum Key key)
{
  return spec_value(section, key)->text;
}

double spec_number(const struct Section *section, enum Key key)
{
  return spec_value(section, key)->number;
}

int spec_choice(const struct Section *section, enum Key key)
{
  return spec_value(section, key)->choice;
}

bool spec_is_set(const struct Section *section, enum Key key)
{
  const struct Value *value = spec_value(section, key);
  return value->text && value->line > 0;
}

bool spec_error_at(const struct Spec *spec, const struct Section *section, enum Key key,
                   struct Error *error)
{
  int line = spec_value(section, key)->line;
  return error_prefix(error, "%s:%d", spec->path, line ? line : section->line);
}
