/*
 * Scales: mapping of values to positions on the page, and the range of values of an axis.
 */
#ifndef PLOT_SCALE_H
#define PLOT_SCALE_H

#include <stdbool.h>
#include <stddef.h>

enum ScaleKind { SCALE_LINEAR, SCALE_LOG };

/* A range of values; empty while low > high. */
struct Range {
  double low, high;
};

struct Scale {
  enum ScaleKind kind;
  struct Range range; /* low < high; above 0 if logarithmic */
  double from, to;    /* positions of low and high on the page, in points */
};

/* log10 with the same bits for any math library. value > 0. */
double scale_log10(double value);

/* Whether the axis can show the value: finite, and positive if logarithmic. */
bool scale_shows(enum ScaleKind kind, double value);

/* The position of a value that the scale can show; values out of range map beyond the ends. */
double scale_map(const struct Scale *scale, double value);

/* The position of the base of a bar, or the low end of a logarithmic axis, which cannot show 0. */
double scale_map_base(const struct Scale *scale, double base);

/* 0 at the low end, 1 at the high end. */
double scale_fraction(const struct Scale *scale, double value);

extern const struct Range range_empty;
bool range_is_empty(struct Range range);

/* Extends the range to those of n values that the axis can show. */
void range_include(struct Range *range, enum ScaleKind kind, const double *values, size_t n);
void range_include_value(struct Range *range, enum ScaleKind kind, double value);

/* A range that can be drawn: an empty one becomes 0 ... 1 (log: 0.1 ... 1); a single value, or a
   range too narrow for double precision, is widened on both sides. */
struct Range range_sane(struct Range range, enum ScaleKind kind);

/* Pads the ends by the fractions `below` and `above` of the range (of its logarithm). */
struct Range range_pad(struct Range range, enum ScaleKind kind, double below, double above);

#endif
