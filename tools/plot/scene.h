/*
 * A scene: a figure with all data read and checked, ready for layout and drawing. Lengths are in
 * points.
 */
#ifndef PLOT_SCENE_H
#define PLOT_SCENE_H

#include "base/error.h"
#include "plot/data.h"
#include "plot/layout.h"
#include "plot/legend.h"
#include "plot/marks.h"
#include "plot/request.h"
#include "plot/scale.h"
#include "plot/spec.h"
#include "plot/text.h"
#include "plot/ticks.h"

#include <stddef.h>

struct Axis {
  struct Scale scale;
  struct Ticks ticks;
  const char *label; /* NULL: none */
  bool labelled;     /* false: tick labels and label are at another panel of the row or column */
};

/* A [colors NAME] section, shared by all maps that name it. */
struct ColorScale {
  const struct Section *section;
  enum ColorMap map;
  struct Axis axis; /* drawn upwards along the bar */
  bool has_bar;
  struct Box bar;
};

struct Panel {
  const struct Section *section;
  struct Marks marks;
  struct Axis x, y;
  struct Cell cell;
  double y_label_room;       /* from plot to y label: the same for all panels of a column */
  double title_rise;         /* from plot to title: the same for all panels of a row */
  struct ColorScale *colors; /* of its maps; NULL: none */
  enum PanelLegend place;    /* where the legend goes; decided by the layout */
  struct Legend legend;
  struct Box legend_box;
};

struct Scene {
  struct Spec spec;
  struct Tables tables;
  struct Font *font;
  double size, small; /* of labels; of ticks and legends */
  struct Panel *panels;
  size_t n_panels;
  struct ColorScale *colors;
  size_t n_colors;
  struct Page page;
  struct Legend legend;
  struct Box legend_box;
};

/* Reads the specification and the tables. The scene may be released even after an error; the
   request's paths are borrowed and must outlive it. */
bool scene_read(struct Scene *scene, const struct FigureRequest *request, struct Error *error);

/* Its parts, for films. Reads the specification, whose panels have no marks yet. */
bool scene_open(struct Scene *scene, const struct FigureRequest *request, struct Error *error);

/* Reads the marks of all panels, which have none, and extends the ranges of axes and colours to
   include them: scene->tables.epoch is that of a film's frame. */
bool scene_read_marks(struct Scene *scene, struct Error *error);

/* Fixes the axes, the colours and the legends: by the ranges of all marks that were read, and
   otherwise by those that the panels have now. */
bool scene_settle(struct Scene *scene, struct Error *error);
void scene_release(struct Scene *scene);

/* Chooses ticks and places everything; sets page.height. */
bool scene_layout(struct Scene *scene, struct Error *error);

#endif
