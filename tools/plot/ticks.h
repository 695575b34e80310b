/*
 * Ticks: round numbers along an axis and their labels, in Pango markup.
 */
#ifndef PLOT_TICKS_H
#define PLOT_TICKS_H

#include "plot/scale.h"

#include <stdbool.h>
#include <stddef.h>

/* In the order of the choices of `x.format` in a specification. */
enum TickFormat {
  TICK_AUTO,
  TICK_PLAIN,
  TICK_COMMA,
  TICK_K,
  TICK_POWER,
  TICK_COMPONENT, /* of the Fourier basis: 0 constant, 2k - 1 cos w_k, 2k sin w_k */
  TICK_NO_LABELS
};

enum { TICK_LIMIT = 320, TICK_TEXT_SIZE = 64 };

struct Tick {
  double value;
  bool major;
  char label[TICK_TEXT_SIZE]; /* markup; empty for none */
};

struct Ticks {
  size_t n;
  struct Tick tick[TICK_LIMIT];
};

/*
 * Linear: multiples of 1, 2, 2.5 or 5 times a power of ten within the range. Logarithmic: powers of
 * ten, or every second, third ... if they do not fit, with minor ticks if these fit; less than two
 * decades are labelled at 1, 2, 5 as well, or linearly. `length` is the axis length and `room` the
 * space per label, in points.
 */
void ticks_choose(struct Ticks *ticks, enum ScaleKind kind, struct Range range, double length,
                  double room, enum TickFormat format);

/* Labels a tick with a value of its own, with as many decimals as that one needs. */
void tick_label(struct Tick *tick, double value, enum TickFormat format);

/* Sets the given values, those within the range. */
void ticks_set(struct Ticks *ticks, enum ScaleKind kind, struct Range range, const double *values,
               size_t n, enum TickFormat format);

#endif
