/* The parts of figures other than drawing: ticks, grids, ranges, runs. */
#include "plot/grid.h"
#include "plot/run.h"
#include "plot/scale.h"
#include "plot/ticks.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- ticks ---- */

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
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    ticks_set(&ticks, SCALE_LINEAR, (struct Range){-2, 120}, &names[i].component, 1,
              TICK_COMPONENT);
    ck_assert_uint_eq(ticks.n, 1);
    ck_assert_str_eq(ticks.tick[0].label, names[i].name);
  }
}
END_TEST

/* ---- ranges ---- */

START_TEST(padding_is_a_share_of_the_range_or_of_its_decades)
{
  struct Range linear = range_pad((struct Range){10, 20}, SCALE_LINEAR, 0.1, 0.5);
  ck_assert_double_eq_tol(linear.low, 9, 1e-12);
  ck_assert_double_eq_tol(linear.high, 25, 1e-12);
  struct Range log = range_pad((struct Range){1, 100}, SCALE_LOG, 0.5, 1);
  ck_assert_double_eq_tol(log.low, 0.1, 1e-12);
  ck_assert_double_eq_tol(log.high, 1e4, 1e-8);
}
END_TEST

/* ---- grids ---- */

enum { WIDE = 3, HIGH = 6 };

/* A grid whose strongest row is `strong` and strongest column 1; the other cells count up. */
static struct Grid make_grid(size_t strong)
{
  struct Grid grid = {.n_x = WIDE, .n_y = HIGH, .x = 10, .y = -1, .dx = 2, .dy = 0.5};
  grid.cells = calloc((size_t)WIDE * HIGH, sizeof *grid.cells);
  ck_assert_ptr_nonnull(grid.cells);
  for (size_t j = 0; j < HIGH; j++)
    for (size_t i = 0; i < WIDE; i++)
      grid.cells[j * WIDE + i] =
          (double)(j * WIDE + i) - (j == strong ? 1000 : 0) - (i == 1 ? 200 : 0);
  grid.cells[0] = NAN;
  return grid;
}

START_TEST(zoom_keeps_the_rows_about_the_strongest)
{
  static const struct {
    size_t strong, kept, first;
  } cases[] = {{3, 2, 2}, {3, 1, 3}, {0, 4, 0},  {5, 4, 2},
               {5, 1, 5}, {2, 6, 0}, {2, 99, 0}, {2, 0, 0}};
  for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
    struct Grid whole = make_grid(cases[c].strong), grid = make_grid(cases[c].strong);
    grid_zoom(&grid, 0, cases[c].kept);
    size_t kept = cases[c].kept == 0 || cases[c].kept > HIGH ? HIGH : cases[c].kept;
    ck_assert_uint_eq(grid.n_y, kept);
    ck_assert_uint_eq(grid.n_x, WIDE);
    ck_assert_double_eq_tol(grid.y, -1 + 0.5 * (double)cases[c].first, 1e-12);
    ck_assert_double_eq(grid.x, 10);
    for (size_t i = 0; i < kept * WIDE; i++) {
      double expected = whole.cells[cases[c].first * WIDE + i];
      ck_assert(grid.cells[i] == expected || (isnan(grid.cells[i]) && isnan(expected)));
    }
    free(grid.cells);
    free(whole.cells);
  }
}
END_TEST

START_TEST(zoom_in_both_directions)
{
  struct Grid whole = make_grid(4), grid = make_grid(4);
  grid_zoom(&grid, 1, 2);
  ck_assert_uint_eq(grid.n_x, 1);
  ck_assert_uint_eq(grid.n_y, 2);
  ck_assert_double_eq_tol(grid.x, 12, 1e-12);
  ck_assert_double_eq_tol(grid.y, 0.5, 1e-12);
  ck_assert_double_eq(grid.cells[0], whole.cells[3 * WIDE + 1]);
  ck_assert_double_eq(grid.cells[1], whole.cells[4 * WIDE + 1]);
  free(grid.cells);
  free(whole.cells);
}
END_TEST

/* ---- runs ---- */

static struct Spec read_spec(const char *text)
{
  char path[] = "/tmp/check_plot.XXXXXX";
  int descriptor = mkstemp(path);
  ck_assert_int_ge(descriptor, 0);
  FILE *stream = fdopen(descriptor, "w");
  ck_assert(stream && fputs(text, stream) >= 0 && fclose(stream) == 0);
  struct Spec spec;
  struct Error error = {0};
  ck_assert_msg(spec_read(&spec, path, &error), "%s", error.message);
  ck_assert_int_eq(unlink(path), 0);
  return spec;
}

START_TEST(tables_are_renamed_in_the_component_of_their_run)
{
  struct Spec spec = read_spec("[figure]\ntable = runs/mainline/history\n[panel a]\n");
  struct RunChoice choice;
  struct Error error = {0};
  ck_assert_msg(run_choice_init(&choice, &spec, "seed-1", &error), "%s", error.message);
  ck_assert_str_eq(choice.own, "mainline");
  static const char *const names[][2] = {{"runs/mainline/history", "runs/seed-1/history"},
                                         {"mainline/spectrum", "seed-1/spectrum"},
                                         {"seeds", "seeds"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char *name = run_choice_rename(&choice, names[i][0], &error);
    ck_assert_str_eq(name, names[i][1]);
    free(name);
  }
  ck_assert(run_choice_leaves_out(&choice, "main/history"));
  ck_assert(run_choice_leaves_out(&choice, "runs/seed-2/history"));
  ck_assert(!run_choice_leaves_out(&choice, "mainline/spectrum"));
  ck_assert(!run_choice_leaves_out(&choice, "seeds"));
  ck_assert(!run_choice_leaves_out(&choice, NULL));
  run_choice_release(&choice);
  spec_release(&spec);
}
END_TEST

START_TEST(without_another_run_nothing_is_renamed)
{
  struct Spec spec = read_spec("[figure]\ntable = mainline/history\n[panel a]\n");
  struct RunChoice choice;
  struct Error error = {0};
  ck_assert(run_choice_init(&choice, &spec, NULL, &error));
  char *name = run_choice_rename(&choice, "mainline/history", &error);
  ck_assert_str_eq(name, "mainline/history");
  ck_assert(!run_choice_leaves_out(&choice, "seed-1/history"));
  free(name);
  run_choice_release(&choice);
  spec_release(&spec);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("plot");
  TCase *tests = tcase_create("plot");
  tcase_add_test(tests, fourier_components_have_names);
  tcase_add_test(tests, padding_is_a_share_of_the_range_or_of_its_decades);
  tcase_add_test(tests, zoom_keeps_the_rows_about_the_strongest);
  tcase_add_test(tests, zoom_in_both_directions);
  tcase_add_test(tests, tables_are_renamed_in_the_component_of_their_run);
  tcase_add_test(tests, without_another_run_nothing_is_renamed);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
