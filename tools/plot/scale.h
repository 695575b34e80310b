/*
 * Scales: from values to places on the page, and the range of values that an axis shows.
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
  double from, to;    /* points on the page of low and of high */
};

/* log10 with bits of its own, whatever the math library. value > 0. */
double scale_log10(double value);

/* The axis can show the value: finite, and above 0 if logarithmic. */
bool scale_shows(enum ScaleKind kind, double value);

/* The place of a value that the scale can show; values out of range lie beyond the ends. */
double scale_map(const struct Scale *scale, double value);

/* 0 at the low end, 1 at the high end. */
double scale_fraction(const struct Scale *scale, double value);

extern const struct Range range_empty;
bool range_is_empty(struct Range range);

/* Widens the range by what the axis can show of n values. */
void range_include(struct Range *range, enum ScaleKind kind, const double *values, size_t n);
void range_include_value(struct Range *range, enum ScaleKind kind, double value);

/* A range that can be drawn: an empty one becomes 0 ... 1 (log: 0.1 ... 1), a single value or one
   narrower than double precision resolves gets room on both sides. */
struct Range range_sane(struct Range range, enum ScaleKind kind);

/* Adds the share `below` and `above` of the range (of its logarithm) at its ends. */
struct Range range_pad(struct Range range, enum ScaleKind kind, double below, double above);

#endif
