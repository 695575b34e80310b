#include "plot/ticks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUS "\xE2\x88\x92" /* U+2212 */
#define TIMES "\xC3\x97"     /* U+00D7 */

static struct Tick *add_tick(struct Ticks *ticks, double value, bool major)
{
  if (ticks->n == TICK_LIMIT) return &ticks->tick[TICK_LIMIT - 1];
  struct Tick *tick = &ticks->tick[ticks->n++];
  *tick = (struct Tick){.value = value, .major = major};
  return tick;
}

/* ---- labels ---- */

/* The number with a true minus sign and, optionally, commas between thousands. */
static void write_number(char *label, double value, int decimals, bool commas, const char *suffix)
{
  char digits[400];
  snprintf(digits, sizeof digits, "%.*f", decimals, fabs(value));
  bool zero = strspn(digits, "0.") == strlen(digits);
  size_t whole = strcspn(digits, ".");
  char text[TICK_TEXT_SIZE] = "";
  size_t n = 0;
  for (size_t i = 0; digits[i] && n + 2 < sizeof text; i++) {
    if (commas && i > 0 && i < whole && (whole - i) % 3 == 0) text[n++] = ',';
    text[n++] = digits[i];
  }
  snprintf(label, TICK_TEXT_SIZE, "%s%s%s", value < 0 && !zero ? MINUS : "", text, suffix);
}

static void write_power(char *label, int exponent)
{
  snprintf(label, TICK_TEXT_SIZE, "10<sup>%s%d</sup>", exponent < 0 ? MINUS : "", abs(exponent));
}

/* mantissa x 10^exponent */
static void write_scientific(char *label, double value, int exponent, int decimals)
{
  double mantissa = value / pow(10, exponent);
  if (fabs(value) < 1e-320 || fabs(mantissa) < 1e-9) {
    snprintf(label, TICK_TEXT_SIZE, "0");
    return;
  }
  char power[TICK_TEXT_SIZE];
  write_power(power, exponent);
  if (decimals == 0 && fabs(fabs(mantissa) - 1) < 1e-9) {
    snprintf(label, TICK_TEXT_SIZE, "%s%.40s", value < 0 ? MINUS : "", power);
    return;
  }
  snprintf(label, TICK_TEXT_SIZE, "%s%.*f" TIMES "%.40s", value < 0 ? MINUS : "",
           decimals < 17 ? decimals : 17, fabs(mantissa), power);
}

static void write_component(char *label, double value)
{
  bool whole = value >= 0 && value <= 1e6 && value == floor(value);
  int component = whole ? (int)value : 0;
  if (!whole)
    label[0] = '\0';
  else if (component == 0)
    snprintf(label, TICK_TEXT_SIZE, "constant");
  else
    snprintf(label, TICK_TEXT_SIZE, "%s <i>w</i><sub>%d</sub>", component % 2 ? "cos" : "sin",
             (component + 1) / 2);
}

/* The number of decimals that distinguishes numbers `step` apart. */
static int decimals_of(double step)
{
  int decimals = 0;
  while (decimals < 20 && fabs(step - round(step)) > 1e-6 * fabs(step)) {
    step *= 10;
    decimals++;
  }
  return decimals;
}

/* Labels all major ticks with the same number of decimals and exponent. */
static void label_linear(struct Ticks *ticks, double step, enum TickFormat format)
{
  double size = 0;
  for (size_t i = 0; i < ticks->n; i++)
    size = fmax(size, fabs(ticks->tick[i].value));
  bool extreme = size >= 1e6 || (size > 0 && size < 1e-3);
  int exponent = size > 0 ? (int)floor(scale_log10(size)) : 0;
  for (size_t i = 0; i < ticks->n; i++) {
    struct Tick *tick = &ticks->tick[i];
    if (!tick->major) continue;
    if (format == TICK_POWER || (format == TICK_AUTO && extreme))
      write_scientific(tick->label, tick->value, exponent, decimals_of(step / pow(10, exponent)));
    else if (format == TICK_COMPONENT)
      write_component(tick->label, tick->value);
    else if (format == TICK_K)
      write_number(tick->label, tick->value / 1000, decimals_of(step / 1000), false,
                   tick->value == 0 ? "" : "k");
    else
      write_number(tick->label, tick->value, decimals_of(step),
                   format == TICK_COMMA || (format == TICK_AUTO && size >= 1e4), "");
  }
}

/* A single number, not 0, on a log axis. */
static void label_log(struct Tick *tick, enum TickFormat format)
{
  double value = tick->value;
  int exponent = (int)floor(scale_log10(fabs(value)) + 1e-9);
  double mantissa = value / pow(10, exponent);
  bool plain = format == TICK_PLAIN || format == TICK_COMMA;
  if (format == TICK_K)
    write_number(tick->label, value / 1000, decimals_of(value / 1000), false, "k");
  else if (plain ||
           (format == TICK_AUTO && fabs(mantissa - 1) > 1e-9 && value > 9e-4 && value < 1e4))
    write_number(tick->label, value, decimals_of(value), format == TICK_COMMA, "");
  else
    write_scientific(tick->label, value, exponent, decimals_of(mantissa));
}

void tick_label(struct Tick *tick, double value, enum TickFormat format)
{
  bool extreme = fabs(value) >= 1e6 || fabs(value) < 1e-3;
  struct Tick alone = {.value = value};
  if (format == TICK_COMPONENT)
    write_component(alone.label, value);
  else if (value == 0 || (format == TICK_AUTO && !extreme))
    write_number(alone.label, value, decimals_of(value), fabs(value) >= 1e4, "");
  else if (format != TICK_NO_LABELS)
    label_log(&alone, format);
  if (format == TICK_NO_LABELS) alone.label[0] = '\0';
  memcpy(tick->label, alone.label, sizeof tick->label);
}

/* ---- choosing ---- */

/* The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `raw`. */
static double nice_step(double raw)
{
  double power = pow(10, floor(scale_log10(raw)));
  static const double steps[] = {1, 2, 2.5, 5};
  for (int i = 0; i < 4; i++)
    if (steps[i] * power >= raw * (1 - 1e-9)) return steps[i] * power;
  return 10 * power;
}

/* i * step; as a division if the step is a fraction, which is exact more often */
static double multiple(double i, double step)
{
  double inverse = round(1 / step);
  return step < 1 && fabs(inverse * step - 1) < 1e-9 ? i / inverse : i * step;
}

static double choose_linear(struct Ticks *ticks, struct Range range, double most)
{
  double step = nice_step(fmax(range.high / most - range.low / most, 1e-300));
  double slack = 1e-9 * (range.high / 2 - range.low / 2);
  double first = ceil((range.low - slack) / step);
  for (double i = first; ticks->n < TICK_LIMIT; i++) {
    double value = multiple(i, step);
    if (value > range.high + slack) break;
    /* if doubles are coarser than the step, a value repeats */
    if (ticks->n > 0 && value <= ticks->tick[ticks->n - 1].value) break;
    add_tick(ticks, value == 0 ? 0 : value, true);
  }
  return step;
}

static int decade_stride(int low, int high, double most)
{
  static const int strides[] = {1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500};
  for (size_t i = 0; i < sizeof strides / sizeof strides[0]; i++)
    if ((high - low) / strides[i] + 1 <= most) return strides[i];
  return 1000;
}

static void choose_decades(struct Ticks *ticks, struct Range range, double most, double per_decade)
{
  int low = (int)ceil(scale_log10(range.low) - 1e-9);
  int high = (int)floor(scale_log10(range.high) + 1e-9);
  int stride = decade_stride(low, high, most);
  bool between = stride == 1 && per_decade >= 20;
  for (int exponent = low - 1; exponent <= high; exponent++) {
    double power = pow(10, exponent);
    bool major = ((exponent % stride) + stride) % stride == 0;
    if (exponent >= low) add_tick(ticks, power, major);
    for (int digit = 2; between && digit <= 9; digit++)
      if (digit * power >= range.low && digit * power <= range.high)
        add_tick(ticks, digit * power, false);
  }
}

/* Less than two decades: 1, 2, 5 and minor ticks between them. False if that gives too few or
   too many labels. */
static bool choose_within_decades(struct Ticks *ticks, struct Range range, double most)
{
  int low = (int)floor(scale_log10(range.low)), high = (int)floor(scale_log10(range.high));
  int n_major = 0;
  for (int exponent = low; exponent <= high; exponent++)
    for (int digit = 1; digit <= 9; digit++) {
      double value = digit * pow(10, exponent);
      if (value < range.low * (1 - 1e-9) || value > range.high * (1 + 1e-9)) continue;
      bool major = digit == 1 || digit == 2 || digit == 5;
      n_major += major;
      add_tick(ticks, value, major);
    }
  return n_major >= 2 && n_major <= most;
}

void ticks_choose(struct Ticks *ticks, enum ScaleKind kind, struct Range range, double length,
                  double room, enum TickFormat format)
{
  ticks->n = 0;
  double most = fmax(2, floor(length / fmax(room, 1)));
  if (kind == SCALE_LINEAR) {
    label_linear(ticks, choose_linear(ticks, range, most), format);
  } else {
    double decades = scale_log10(range.high) - scale_log10(range.low);
    bool chosen = true;
    if (decades >= 2)
      choose_decades(ticks, range, most, length / decades);
    else
      chosen = choose_within_decades(ticks, range, most);
    if (!chosen) {
      ticks->n = 0;
      double step = choose_linear(ticks, range, fmin(most, 4));
      label_linear(ticks, step, format);
    }
    for (size_t i = 0; chosen && i < ticks->n; i++)
      if (ticks->tick[i].major) label_log(&ticks->tick[i], format);
  }
  for (size_t i = 0; format == TICK_NO_LABELS && i < ticks->n; i++)
    ticks->tick[i].label[0] = '\0';
}

void ticks_set(struct Ticks *ticks, enum ScaleKind kind, struct Range range, const double *values,
               size_t n, enum TickFormat format)
{
  ticks->n = 0;
  double slack = kind == SCALE_LINEAR ? 1e-9 * (range.high / 2 - range.low / 2) : 0;
  double step = 0;
  for (size_t i = 0; i < n; i++) {
    if (values[i] < range.low - slack || values[i] > range.high + slack) continue;
    struct Tick *tick = add_tick(ticks, values[i], true);
    if (kind == SCALE_LOG && format != TICK_NO_LABELS) label_log(tick, format);
    /* the value with the most decimals determines the format of all */
    if (decimals_of(values[i]) >= decimals_of(step)) step = values[i];
  }
  if (kind == SCALE_LINEAR && format != TICK_NO_LABELS) label_linear(ticks, step, format);
}
