/*
 * The keys of figure specifications, documented in figure.h. One table in keys.c gives for every
 * key its sections, type, range and default.
 */
#ifndef PLOT_KEYS_H
#define PLOT_KEYS_H

#include "base/error.h"
#include "plot/color.h"

#include <stddef.h>

enum SectionKind {
  SECTION_FIGURE,
  SECTION_PANEL,
  SECTION_COLORS,
  SECTION_LINE,
  SECTION_SCATTER,
  SECTION_BARS,
  SECTION_HISTOGRAM,
  SECTION_MAP,
  SECTION_RULE,
  SECTION_PHASES,
  SECTION_TEXT,
  N_SECTION_KINDS
};

enum Key {
  KEY_EACH,
  KEY_EACH_LABEL,
  KEY_EACH_COLOR,
  KEY_WIDTH,
  KEY_HEIGHT,
  KEY_COLUMNS,
  KEY_WIDTHS,
  KEY_HEIGHTS,
  KEY_SHARE_X,
  KEY_SHARE_Y,
  KEY_FIGURE_LEGEND,
  KEY_LETTERS,
  KEY_FONT,
  KEY_SIZE,
  KEY_RESOLUTION,
  KEY_TITLE,
  KEY_ASPECT,
  KEY_SPAN_COLUMNS,
  KEY_SPAN_ROWS,
  KEY_PANEL_LEGEND,
  KEY_PANEL_BARS,
  KEY_X_LABEL, /* the keys of x and y have the same order: KEY_X_LABEL + (KEY_Y_MIN - ...) */
  KEY_X_SCALE,
  KEY_X_PADDING,
  KEY_X_MIN,
  KEY_X_MAX,
  KEY_X_TICKS,
  KEY_X_FORMAT,
  KEY_Y_LABEL,
  KEY_Y_SCALE,
  KEY_Y_PADDING,
  KEY_Y_MIN,
  KEY_Y_MAX,
  KEY_Y_TICKS,
  KEY_Y_FORMAT,
  KEY_COLORS_LABEL,
  KEY_COLORS_SCALE,
  KEY_COLORS_MIN,
  KEY_COLORS_MAX,
  KEY_COLORS_TICKS,
  KEY_COLORS_FORMAT,
  KEY_COLORS_MAP,
  KEY_COLORS_BAR,
  KEY_TABLE,
  KEY_WHERE,
  KEY_OPTIONAL,
  KEY_FRAMES,
  KEY_X,
  KEY_Y,
  KEY_RULE_X,
  KEY_RULE_Y,
  KEY_TEXT_X,
  KEY_TEXT_Y,
  KEY_ALIGN,
  KEY_SHIFT,
  KEY_VALUE,
  KEY_MAP_COLORS,
  KEY_ZOOM_X,
  KEY_ZOOM_Y,
  KEY_PHASE,
  KEY_PHASE_LABELS,
  KEY_PHASE_REST,
  KEY_GROUP,
  KEY_CYCLE,
  KEY_LABEL,
  KEY_COLOR,
  KEY_TINT,
  KEY_OPACITY,
  KEY_STROKE,
  KEY_DASH,
  KEY_LINE_MARKER,
  KEY_SCATTER_MARKER,
  KEY_MARKER_SIZE,
  KEY_BASE,
  KEY_FILL,
  KEY_BINS,
  KEY_FROM,
  KEY_TO,
  N_KEYS
};

/* The values of choices, in the order of the key table. */
enum AxisKind { AXIS_LINEAR, AXIS_LOG, AXIS_EVEN }; /* the first two as in enum ScaleKind */
enum SharedBy {
  SHARE_NONE,
  SHARE_ALONG,  /* the x axes of a column of panels, the y axes of a row */
  SHARE_ACROSS, /* the x axes of a row, the y axes of a column */
  SHARE_ALL
};
enum FigureLegend { LEGEND_TOP, LEGEND_BOTTOM, LEGEND_RIGHT, LEGEND_NONE };
enum PanelLegend {
  PANEL_LEGEND_FIGURE,
  PANEL_LEGEND_ABOVE,
  PANEL_LEGEND_INSIDE,
  PANEL_LEGEND_NONE
};
enum BarsArrangement { BARS_GROUPED, BARS_OVERLAID };
enum Frames { FRAMES_AUTO, FRAMES_EACH, FRAMES_ALL };

/* Far more than a page can show. */
enum { KEY_LIST_LIMIT = 24 };

struct Value {
  char *text;    /* NULL: not set; owned by the section */
  double number; /* of a number; for a number-or-column, NaN if it is a column */
  int choice;    /* of a choice or an integer */
  struct Color color;
  double list[KEY_LIST_LIMIT]; /* for a pair: its two numbers */
  int n_list;
  int line; /* in the specification; 0 for a default */
};

const char *key_name(enum Key key);

/* NULL: none. */
const char *key_default(enum Key key);

/* One of those above that say how a section is repeated. */
bool key_is_each(enum Key key);

/* Is it set in [figure] alone, and not for its panels or marks? */
bool key_is_of_figure(enum Key key);

/* The key of that name in sections of the kind. False: there is none. */
bool key_find(enum SectionKind kind, const char *name, enum Key *key);

/* Their names, each after a blank. */
void key_list(enum SectionKind kind, char *text, size_t size);

/* Sets the rest of the value from its text. Errors name the key, what was found and what was
   expected. */
bool key_parse(enum Key key, struct Value *value, struct Error *error);

#endif
