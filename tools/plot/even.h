/*
 * Even axes: the values of `x.ticks` lie at equal distances, whatever they are, which suits
 * settings such as 0, 0.1, 0.3 and 1. Such an axis is a linear one of positions 0 ... n - 1 that is
 * labelled with the values; marks have positions in place of values from when they are read.
 */
#ifndef PLOT_EVEN_H
#define PLOT_EVEN_H

#include "base/error.h"
#include "plot/scale.h"
#include "plot/spec.h"
#include "plot/ticks.h"

/* The values of the axis that a key of a panel or mark belongs to, such as KEY_X_SCALE, or KEY_X
   and KEY_RULE_X of marks; NULL if that axis is not even. */
const struct Value *even_values(const struct Section *section, enum Key key);

/* The position of a value; of one between two of them, in proportion; NaN outside. */
double even_position(const struct Value *values, double value);

/* Puts positions in the place of the n values that a mark has for the key, if its axis is even. */
void even_out(const struct Section *mark, enum Key key, double *values, size_t n);

/* The positions, with half a step at both ends. */
struct Range even_range(const struct Value *values);

/* A tick at every position, labelled with its value. */
void even_ticks(struct Ticks *ticks, const struct Value *values, enum TickFormat format);

/* Whether the even axes of a panel are sound: the values are given and increase, and there are no
   limits. Errors name the line. */
bool even_check_panel(const struct Spec *spec, const struct Section *panel, struct Error *error);

/* Whether a mark can be drawn in the panel: on even axes there are lines, points, maps, rules and
   texts, and a mark of all panels finds its axes in [figure]. Errors name the line. */
bool even_check_mark(const struct Spec *spec, const struct Section *panel,
                     const struct Section *mark, struct Error *error);

#endif
