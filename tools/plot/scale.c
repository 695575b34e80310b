#include "plot/scale.h"

#include "base/elementary.h"

#include <float.h>
#include <math.h>

const struct Range range_empty = {INFINITY, -INFINITY};

double scale_log10(double value)
{
  /* 1 / ln 10; rounding restores integers for powers of ten */
  double log = elementary_log(value) * 0.43429448190325182765;
  double whole = round(log);
  return fabs(log - whole) < 1e-13 * fmax(1, fabs(whole)) ? whole : log;
}

bool scale_shows(enum ScaleKind kind, double value)
{
  return isfinite(value) && (kind == SCALE_LINEAR || value > 0);
}

double scale_fraction(const struct Scale *scale, double value)
{
  double low = scale->range.low, high = scale->range.high;
  if (scale->kind == SCALE_LOG)
    return (scale_log10(value) - scale_log10(low)) / (scale_log10(high) - scale_log10(low));
  /* halved, so that the difference of huge values of opposite sign stays finite */
  return (value / 2 - low / 2) / (high / 2 - low / 2);
}

double scale_map(const struct Scale *scale, double value)
{
  /* cairo's coordinates are limited, so clamp positions well outside the ends */
  double fraction = fmin(1e3, fmax(-1e3, scale_fraction(scale, value)));
  return scale->from + fraction * (scale->to - scale->from);
}

double scale_map_base(const struct Scale *scale, double base)
{
  return scale_shows(scale->kind, base) ? scale_map(scale, base) : scale->from;
}

bool range_is_empty(struct Range range)
{
  return !(range.low <= range.high);
}

void range_include_value(struct Range *range, enum ScaleKind kind, double value)
{
  if (!scale_shows(kind, value)) return;
  range->low = fmin(range->low, value);
  range->high = fmax(range->high, value);
}

void range_include(struct Range *range, enum ScaleKind kind, const double *values, size_t n)
{
  for (size_t i = 0; i < n; i++)
    range_include_value(range, kind, values[i]);
}

struct Range range_sane(struct Range range, enum ScaleKind kind)
{
  if (range_is_empty(range))
    return kind == SCALE_LOG ? (struct Range){0.1, 1} : (struct Range){0, 1};
  double low = range.low, high = range.high;
  double size = fmax(fabs(low), fabs(high));
  if (kind == SCALE_LOG) {
    if (high / low > 1 + 1e-9) return range;
    return (struct Range){fmax(low / 3, DBL_MIN), fmin(high * 3, DBL_MAX)};
  }
  if (high - low > 1e-12 * size) return range;
  double room = size > DBL_MIN ? fmin(size, DBL_MAX / 2) * 0.1 : 0.5;
  return (struct Range){low - room, high + room};
}

struct Range range_pad(struct Range range, enum ScaleKind kind, double below, double above)
{
  if (kind == SCALE_LOG) {
    double decades = scale_log10(range.high) - scale_log10(range.low);
    return (struct Range){fmax(range.low * pow(10, -below * decades), DBL_MIN),
                          fmin(range.high * pow(10, above * decades), DBL_MAX)};
  }
  double span = range.high / 2 - range.low / 2;
  return (struct Range){fmax(range.low - 2 * below * span, -DBL_MAX),
                        fmin(range.high + 2 * above * span, DBL_MAX)};
}
