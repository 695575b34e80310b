/* Axes: scales and ranges, ticks and their labels, colours. */
#include "plot/color.h"
#include "plot/even.h"
#include "plot/scale.h"
#include "plot/ticks.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))
#define MINUS         "\xE2\x88\x92"
#define TIMES         "\xC3\x97"

static void expect_range(struct Range range, double low, double high)
{
  ck_assert_double_le(fabs(range.low - low), 1e-12 * fabs(low));
  ck_assert_double_le(fabs(range.high - high), 1e-12 * fabs(high));
}

/* ---- scales ---- */

START_TEST(a_linear_scale_maps_equal_steps_to_equal_distances)
{
  struct Scale scale = {SCALE_LINEAR, {-10, 30}, 100, 500};
  ck_assert_double_eq(scale_map(&scale, -10), 100);
  ck_assert_double_eq(scale_map(&scale, 0), 200);
  ck_assert_double_eq(scale_map(&scale, 30), 500);
  ck_assert_double_eq(scale_map(&scale, 40), 600);
  ck_assert_double_eq(scale_fraction(&scale, 20), 0.75);
}
END_TEST

START_TEST(a_log_scale_maps_equal_ratios_to_equal_distances)
{
  struct Scale scale = {SCALE_LOG, {0.01, 100}, 500, 100}; /* upwards, as y axes are */
  ck_assert_double_eq(scale_map(&scale, 0.01), 500);
  ck_assert_double_eq(scale_map(&scale, 0.1), 400);
  ck_assert_double_eq(scale_map(&scale, 1), 300);
  ck_assert_double_eq(scale_map(&scale, 100), 100);
  ck_assert_double_eq_tol(scale_fraction(&scale, 2), 0.5 + 0.25 * log10(2), 1e-12);
}
END_TEST

START_TEST(a_scale_shows_what_it_can_place)
{
  static const enum ScaleKind kinds[] = {SCALE_LINEAR, SCALE_LOG};
  for (int i = 0; i < LENGTH(kinds); i++) {
    enum ScaleKind kind = kinds[i];
    ck_assert(scale_shows(kind, 1e-300));
    ck_assert(!scale_shows(kind, NAN));
    ck_assert(!scale_shows(kind, INFINITY));
    ck_assert_int_eq(scale_shows(kind, 0), kind == SCALE_LINEAR);
    ck_assert_int_eq(scale_shows(kind, -1), kind == SCALE_LINEAR);
  }
}
END_TEST

START_TEST(logarithms_of_powers_of_ten_are_whole)
{
  for (int i = -300; i <= 300; i += 20) {
    char text[8];
    snprintf(text, sizeof text, "1e%d", i);
    ck_assert_double_eq(scale_log10(atof(text)), i);
  }
  ck_assert_double_eq_tol(scale_log10(2), 0.30102999566398120, 1e-15);
}
END_TEST

/* ---- ranges ---- */

START_TEST(a_range_includes_the_values_that_the_axis_shows)
{
  static const double values[] = {3, -2, NAN, 0, INFINITY, 7, 0.5};
  struct Range linear = range_empty, log = range_empty;
  ck_assert(range_is_empty(linear));
  range_include(&linear, SCALE_LINEAR, values, LENGTH(values));
  range_include(&log, SCALE_LOG, values, LENGTH(values));
  expect_range(linear, -2, 7);
  expect_range(log, 0.5, 7);
  ck_assert(!range_is_empty(log));
}
END_TEST

START_TEST(a_range_that_cannot_be_drawn_is_widened)
{
  expect_range(range_sane(range_empty, SCALE_LINEAR), 0, 1);
  expect_range(range_sane(range_empty, SCALE_LOG), 0.1, 1);
  expect_range(range_sane((struct Range){5, 5}, SCALE_LINEAR), 4.5, 5.5);
  expect_range(range_sane((struct Range){-5, -5}, SCALE_LINEAR), -5.5, -4.5);
  expect_range(range_sane((struct Range){0, 0}, SCALE_LINEAR), -0.5, 0.5);
  expect_range(range_sane((struct Range){6, 6}, SCALE_LOG), 2, 18);
  expect_range(range_sane((struct Range){6, 6.1}, SCALE_LINEAR), 6, 6.1);
  expect_range(range_sane((struct Range){6, 6.1}, SCALE_LOG), 6, 6.1);
}
END_TEST

START_TEST(padding_is_a_share_of_the_range_or_of_its_decades)
{
  expect_range(range_pad((struct Range){10, 20}, SCALE_LINEAR, 0.1, 0.5), 9, 25);
  expect_range(range_pad((struct Range){1, 100}, SCALE_LOG, 0.5, 1), 0.1, 1e4);
}
END_TEST

/* ---- ticks ---- */

/* Writes ticks as "0 '0', 5, 10 '10'": those without a label are minor. */
static void write_ticks(const struct Ticks *ticks, char *text, size_t size)
{
  size_t n = 0;
  text[0] = '\0';
  for (size_t i = 0; i < ticks->n && n < size; i++) {
    const struct Tick *tick = &ticks->tick[i];
    n += (size_t)snprintf(text + n, size - n, "%s%.10g", i > 0 ? ", " : "", tick->value);
    if (tick->major && n < size)
      n += (size_t)snprintf(text + n, size - n, " '%s'", tick->label);
    else
      ck_assert_str_eq(tick->label, "");
  }
}

/* An axis of 100 points on which `most` labels fit. */
static void expect_ticks(enum ScaleKind kind, double low, double high, int most,
                         enum TickFormat format, const char *expected)
{
  static struct Ticks ticks;
  char found[4096];
  ticks_choose(&ticks, kind, (struct Range){low, high}, 100, 100.0 / most, format);
  write_ticks(&ticks, found, sizeof found);
  ck_assert_str_eq(found, expected);
}

START_TEST(linear_ticks_are_round_and_within_the_range)
{
  static const struct {
    double low, high;
    int most;
    const char *ticks;
  } cases[] = {
      {0, 100, 5, "0 '0', 20 '20', 40 '40', 60 '60', 80 '80', 100 '100'"},
      {0, 100, 4, "0 '0', 25 '25', 50 '50', 75 '75', 100 '100'"},
      {0, 100, 2, "0 '0', 50 '50', 100 '100'"},
      {0, 1, 10,
       "0 '0.0', 0.1 '0.1', 0.2 '0.2', 0.3 '0.3', 0.4 '0.4', 0.5 '0.5', 0.6 '0.6', 0.7 '0.7', "
       "0.8 '0.8', 0.9 '0.9', 1 '1.0'"},
      {3, 97, 5, "20 '20', 40 '40', 60 '60', 80 '80'"},
      {-1.2, 1.2, 5, "-1 '" MINUS "1.0', -0.5 '" MINUS "0.5', 0 '0.0', 0.5 '0.5', 1 '1.0'"},
      {0, 40000, 4, "0 '0', 10000 '10,000', 20000 '20,000', 30000 '30,000', 40000 '40,000'"},
      {0, 9000, 3, "0 '0', 5000 '5000'"},
      {0, 0.5, 5, "0 '0.0', 0.1 '0.1', 0.2 '0.2', 0.3 '0.3', 0.4 '0.4', 0.5 '0.5'"},
      {0, 1, 4, "0 '0.00', 0.25 '0.25', 0.5 '0.50', 0.75 '0.75', 1 '1.00'"},
      {0, 2e6, 2, "0 '0', 1000000 '10<sup>6</sup>', 2000000 '2" TIMES "10<sup>6</sup>'"},
      {0, 2e-4, 2,
       "0 '0', 0.0001 '10<sup>" MINUS "4</sup>', 0.0002 '2" TIMES "10<sup>" MINUS "4</sup>'"},
  };
  for (int i = 0; i < LENGTH(cases); i++)
    expect_ticks(SCALE_LINEAR, cases[i].low, cases[i].high, cases[i].most, TICK_AUTO,
                 cases[i].ticks);
}
END_TEST

START_TEST(labels_have_the_format_that_is_set)
{
  static const struct {
    enum TickFormat format;
    const char *ticks;
  } cases[] = {
      {TICK_PLAIN, "0 '0', 20000 '20000', 40000 '40000'"},
      {TICK_COMMA, "0 '0', 20000 '20,000', 40000 '40,000'"},
      {TICK_K, "0 '0', 20000 '20k', 40000 '40k'"},
      {TICK_POWER, "0 '0', 20000 '2" TIMES "10<sup>4</sup>', 40000 '4" TIMES "10<sup>4</sup>'"},
      {TICK_NO_LABELS, "0 '', 20000 '', 40000 ''"},
  };
  for (int i = 0; i < LENGTH(cases); i++)
    expect_ticks(SCALE_LINEAR, 0, 40000, 2, cases[i].format, cases[i].ticks);
  expect_ticks(SCALE_LINEAR, 0, 1e6, 2, TICK_COMMA, "0 '0', 500000 '500,000', 1000000 '1,000,000'");
  expect_ticks(SCALE_LINEAR, 0, 500, 2, TICK_K, "0 '0.00', 250 '0.25k', 500 '0.50k'");
}
END_TEST

START_TEST(log_ticks_are_powers_of_ten_with_minor_ticks_between_them)
{
  expect_ticks(SCALE_LOG, 0.05, 20, 10, TICK_AUTO,
               "0.05, 0.06, 0.07, 0.08, 0.09, 0.1 '10<sup>" MINUS "1</sup>', 0.2, 0.3, 0.4, 0.5, "
               "0.6, 0.7, 0.8, 0.9, 1 '10<sup>0</sup>', 2, 3, 4, 5, 6, 7, 8, 9, "
               "10 '10<sup>1</sup>', 20");
  /* ten points a decade are too few for minor ticks */
  expect_ticks(SCALE_LOG, 1, 1e10, 4, TICK_AUTO,
               "1 '10<sup>0</sup>', 10, 100, 1000 '10<sup>3</sup>', 10000, 100000, "
               "1000000 '10<sup>6</sup>', 10000000, 100000000, 1000000000 '10<sup>9</sup>', "
               "1e+10");
  expect_ticks(SCALE_LOG, 1e-9, 1, 3, TICK_AUTO,
               "1e-09, 1e-08 '10<sup>" MINUS "8</sup>', 1e-07, 1e-06, 1e-05, "
               "0.0001 '10<sup>" MINUS "4</sup>', 0.001, 0.01, 0.1, 1 '10<sup>0</sup>'");
  expect_ticks(SCALE_LOG, 1, 1e6, 10, TICK_K,
               "1 '0.001k', 10 '0.01k', 100 '0.1k', 1000 '1k', 10000 '10k', 100000 '100k', "
               "1000000 '1000k'");
}
END_TEST

START_TEST(less_than_two_decades_have_more_labels)
{
  expect_ticks(SCALE_LOG, 1, 30, 10, TICK_AUTO,
               "1 '10<sup>0</sup>', 2 '2', 3, 4, 5 '5', 6, 7, 8, 9, 10 '10<sup>1</sup>', 20 '20', "
               "30");
  expect_ticks(SCALE_LOG, 1, 30, 10, TICK_PLAIN,
               "1 '1', 2 '2', 3, 4, 5 '5', 6, 7, 8, 9, 10 '10', 20 '20', 30");
  expect_ticks(SCALE_LOG, 20000, 60000, 4, TICK_AUTO,
               "20000 '2" TIMES "10<sup>4</sup>', 30000, 40000, 50000 '5" TIMES
               "10<sup>4</sup>', 60000");
  /* one label is no scale: linear ones instead */
  expect_ticks(SCALE_LOG, 6, 9, 4, TICK_AUTO, "6 '6', 7 '7', 8 '8', 9 '9'");
  expect_ticks(SCALE_LOG, 1, 30, 3, TICK_AUTO, "10 '10', 20 '20', 30 '30'");
}
END_TEST

static void expect_given_ticks(enum ScaleKind kind, const double *values, size_t n,
                               enum TickFormat format, const char *expected)
{
  static struct Ticks ticks;
  char found[1024];
  ticks_set(&ticks, kind, (struct Range){1, 1000}, values, n, format);
  write_ticks(&ticks, found, sizeof found);
  ck_assert_str_eq(found, expected);
}

START_TEST(given_ticks_are_kept_within_the_range)
{
  static const double values[] = {0, 1, 2.5, 1000, 1001};
  expect_given_ticks(SCALE_LINEAR, values, 5, TICK_AUTO, "1 '1.0', 2.5 '2.5', 1000 '1000.0'");
  expect_given_ticks(SCALE_LOG, values, 5, TICK_AUTO,
                     "1 '10<sup>0</sup>', 2.5 '2.5', 1000 '10<sup>3</sup>'");
  expect_given_ticks(SCALE_LINEAR, values, 5, TICK_NO_LABELS, "1 '', 2.5 '', 1000 ''");
}
END_TEST

START_TEST(fourier_components_have_names)
{
  static const struct {
    double component;
    const char *name;
  } names[] = {{0, "constant"},
               {1, "cos <i>w</i><sub>1</sub>"},
               {2, "sin <i>w</i><sub>1</sub>"},
               {111, "cos <i>w</i><sub>56</sub>"},
               {112, "sin <i>w</i><sub>56</sub>"},
               {0.5, ""},
               {-1, ""}};
  static struct Ticks ticks;
  for (int i = 0; i < LENGTH(names); i++) {
    ticks_set(&ticks, SCALE_LINEAR, (struct Range){-2, 120}, &names[i].component, 1,
              TICK_COMPONENT);
    ck_assert_uint_eq(ticks.n, 1);
    ck_assert_str_eq(ticks.tick[0].label, names[i].name);
  }
}
END_TEST

START_TEST(ticks_of_an_even_axis_have_labels_of_their_own)
{
  static const struct {
    enum TickFormat format;
    const char *ticks;
  } cases[] = {
      {TICK_AUTO, "0 '0', 1 '0.25', 2 '3', 3 '20,000', 4 '2×10<sup>6</sup>'"},
      {TICK_PLAIN, "0 '0', 1 '0.25', 2 '3', 3 '20000', 4 '2000000'"},
      {TICK_K, "0 '0', 1 '0.00025k', 2 '0.003k', 3 '20k', 4 '2000k'"},
      {TICK_NO_LABELS, "0 '', 1 '', 2 '', 3 '', 4 ''"},
  };
  static const struct Value values = {.list = {0, 0.25, 3, 20000, 2e6}, .n_list = 5};
  static struct Ticks ticks;
  char found[1024];
  for (int i = 0; i < LENGTH(cases); i++) {
    even_ticks(&ticks, &values, cases[i].format);
    write_ticks(&ticks, found, sizeof found);
    ck_assert_str_eq(found, cases[i].ticks);
  }
  static const struct Value negative = {.list = {-3e-4, -2}, .n_list = 2};
  even_ticks(&ticks, &negative, TICK_AUTO);
  write_ticks(&ticks, found, sizeof found);
  ck_assert_str_eq(found, "0 '−3×10<sup>−4</sup>', 1 '−2'");
}
END_TEST

START_TEST(positions_on_an_even_axis)
{
  static const struct Value values = {.list = {0, 0.25, 3, 7}, .n_list = 4};
  static const double cases[][2] = {{0, 0}, {0.25, 1}, {3, 2}, {7, 3}, {0.125, 0.5}, {4, 2.25}};
  for (int i = 0; i < LENGTH(cases); i++)
    ck_assert_double_eq(even_position(&values, cases[i][0]), cases[i][1]);
  static const double outside[] = {-1e-9, 7.001, NAN, INFINITY, -INFINITY};
  for (int i = 0; i < LENGTH(outside); i++)
    ck_assert(isnan(even_position(&values, outside[i])));
  static const struct Value one = {.list = {2}, .n_list = 1};
  ck_assert_double_eq(even_position(&one, 2), 0);
  ck_assert(isnan(even_position(&one, 3)));
  expect_range(even_range(&values), -0.5, 3.5);
}
END_TEST

/* ---- colours ---- */

static void expect_color(struct Color color, unsigned rgb)
{
  ck_assert_double_eq_tol(color.red * 255, (double)(rgb >> 16), 0.5);
  ck_assert_double_eq_tol(color.green * 255, (double)(rgb >> 8 & 255), 0.5);
  ck_assert_double_eq_tol(color.blue * 255, (double)(rgb & 255), 0.5);
}

static struct Color named(const char *name)
{
  struct Color color;
  ck_assert(color_parse(name, &color));
  return color;
}

START_TEST(colours_have_the_published_values)
{
  static const struct {
    const char *name;
    unsigned rgb;
  } colors[] = {{"black", 0x000000},      {"orange", 0xE69F00}, {"sky-blue", 0x56B4E9},
                {"green", 0x009E73},      {"yellow", 0xF0E442}, {"blue", 0x0072B2},
                {"vermillion", 0xD55E00}, {"purple", 0xCC79A7}, {"#12aBef", 0x12ABEF}};
  for (int i = 0; i < LENGTH(colors); i++)
    expect_color(named(colors[i].name), colors[i].rgb);
  struct Color color;
  ck_assert(!color_parse("#12345", &color));
  ck_assert(!color_parse("#12345g", &color));
  ck_assert(!color_parse("Blue", &color));
}
END_TEST

START_TEST(groups_take_the_palette_in_turn)
{
  static const char *const cycle[] = {"blue",   "vermillion", "green", "purple",
                                      "orange", "sky-blue",   "black", "blue"};
  for (int i = 0; i + 1 < LENGTH(cycle); i++)
    ck_assert(color_equal(color_next(named(cycle[i]), 1), named(cycle[i + 1])));
  ck_assert(color_equal(color_next(named("green"), 4), named("black")));
  ck_assert(color_equal(color_next(named("#123456"), 0), named("#123456")));
  ck_assert(color_equal(color_next(named("#123456"), 1), named("blue")));
}
END_TEST

START_TEST(a_tint_is_a_share_of_white)
{
  expect_color(color_tint(named("#204060"), 0), 0x204060);
  expect_color(color_tint(named("#204060"), 0.25), 0x587088);
  expect_color(color_tint(named("#204060"), 1), 0xFFFFFF);
}
END_TEST

START_TEST(maps_run_from_low_to_high_through_their_anchors)
{
  static const struct {
    enum ColorMap map;
    unsigned rgb;
    double position;
  } anchors[] = {{COLOR_MAP_VIRIDIS, 0x440154, 0},
                 {COLOR_MAP_VIRIDIS, 0x21908C, 0.5},
                 {COLOR_MAP_VIRIDIS, 0xBBDF27, 0.9},
                 {COLOR_MAP_VIRIDIS, 0xFDE725, 1},
                 {COLOR_MAP_VIRIDIS, 0xFDE725, 2},
                 {COLOR_MAP_BLUES, 0xF7FBFF, 0},
                 {COLOR_MAP_BLUES, 0x08306B, 1},
                 {COLOR_MAP_BLUE_WHITE_RED, 0x053061, 0},
                 {COLOR_MAP_BLUE_WHITE_RED, 0xF7F7F7, 0.5},
                 {COLOR_MAP_BLUE_WHITE_RED, 0x67001F, 1},
                 {COLOR_MAP_BLUE_WHITE_RED, 0x053061, -1}};
  for (int i = 0; i < LENGTH(anchors); i++)
    expect_color(color_map(anchors[i].map, anchors[i].position), anchors[i].rgb);
  /* between two anchors lightness is in the middle */
  double low = color_lightness(color_map(COLOR_MAP_VIRIDIS, 0.6));
  double high = color_lightness(color_map(COLOR_MAP_VIRIDIS, 0.7));
  ck_assert_double_eq_tol(color_lightness(color_map(COLOR_MAP_VIRIDIS, 0.65)), (low + high) / 2,
                          1e-6);
  ck_assert(color_map_is_diverging(COLOR_MAP_BLUE_WHITE_RED));
  ck_assert(!color_map_is_diverging(COLOR_MAP_VIRIDIS) && !color_map_is_diverging(COLOR_MAP_BLUES));
}
END_TEST

START_TEST(lightness_is_that_of_cie)
{
  ck_assert_double_eq_tol(color_lightness(named("#ffffff")), 100, 1e-3);
  ck_assert_double_eq_tol(color_lightness(named("#000000")), 0, 1e-9);
  ck_assert_double_eq_tol(color_lightness(named("#777777")), 50.03, 0.01);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("scales");
  TCase *tests = tcase_create("scales");
  tcase_add_test(tests, a_linear_scale_maps_equal_steps_to_equal_distances);
  tcase_add_test(tests, a_log_scale_maps_equal_ratios_to_equal_distances);
  tcase_add_test(tests, a_scale_shows_what_it_can_place);
  tcase_add_test(tests, logarithms_of_powers_of_ten_are_whole);
  tcase_add_test(tests, a_range_includes_the_values_that_the_axis_shows);
  tcase_add_test(tests, a_range_that_cannot_be_drawn_is_widened);
  tcase_add_test(tests, padding_is_a_share_of_the_range_or_of_its_decades);
  tcase_add_test(tests, linear_ticks_are_round_and_within_the_range);
  tcase_add_test(tests, labels_have_the_format_that_is_set);
  tcase_add_test(tests, log_ticks_are_powers_of_ten_with_minor_ticks_between_them);
  tcase_add_test(tests, less_than_two_decades_have_more_labels);
  tcase_add_test(tests, given_ticks_are_kept_within_the_range);
  tcase_add_test(tests, ticks_of_an_even_axis_have_labels_of_their_own);
  tcase_add_test(tests, positions_on_an_even_axis);
  tcase_add_test(tests, fourier_components_have_names);
  tcase_add_test(tests, colours_have_the_published_values);
  tcase_add_test(tests, groups_take_the_palette_in_turn);
  tcase_add_test(tests, a_tint_is_a_share_of_white);
  tcase_add_test(tests, maps_run_from_low_to_high_through_their_anchors);
  tcase_add_test(tests, lightness_is_that_of_cie);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
