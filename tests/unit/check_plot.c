/* Figures up to their drawing: rows of tables, marks, grids, axes, runs. check_scales has ticks and
   colours, check_legend the legends. */
#include "scenes.h"

#include "plot/grid.h"
#include "plot/run.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static void expect_numbers(const double *found, size_t n_found, const double *expected, size_t n)
{
  ck_assert_uint_eq(n_found, n);
  for (size_t i = 0; i < n; i++)
    ck_assert_double_eq_tol(found[i], expected[i], 1e-12);
}

/* The mark of a figure's first panel. */
static const struct Mark *mark_of(const struct Scene *scene, size_t i)
{
  ck_assert_uint_gt(scene->panels[0].marks.n, i);
  return &scene->panels[0].marks.mark[i];
}

/* ---- rows ---- */

START_TEST(a_condition_selects_rows)
{
  static const struct {
    const char *where, *rows;
  } cases[] = {
      {"x = 2", "b"},
      {"x != 2", "acdn"},
      {"x < 2", "a"},
      {"x <= 2", "ab"},
      {"x > 2", "cd"},
      {"x >= 2", "bcd"},
      {"x = 2.0", "b"},
      {"x = nan", "n"},
      {"x != nan", "abcd"},
      {"x <= nan", ""},
      {"x >= nan", ""},
      {"x < inf", "abc"},
      {"x <= inf", "abcd"},
      {"name = c", "c"},
      {"name != c", "abdn"},
      {"name > a", ""},
      {"x = 1 and name = b", ""},
      {"x > 1 and x < 3", "b"},
      {"x >= 2 and x != inf and name != c", "b"},
  };
  static const char table[] = "x\tname\n1\ta\n2\tb\n3\tc\ninf\td\nnan\tn\n";
  for (int i = 0; i < LENGTH(cases); i++) {
    char figure[512], found[8] = "";
    snprintf(figure, sizeof figure,
             "[panel p]\n[rule r]\ny = 0\n[text t]\nx = 0\ny = 0\nlabel = {}\nvalue = name\n"
             "where = %s\noptional = yes\n",
             cases[i].where);
    struct Scene scene;
    scene_make(&scene, figure, table);
    for (size_t t = 0; scene.panels[0].marks.n > 1 && t < mark_of(&scene, 1)->n; t++)
      found[t] = mark_of(&scene, 1)->texts[t][0];
    ck_assert_msg(strcmp(found, cases[i].rows) == 0, "%s: '%s', expected '%s'", cases[i].where,
                  found, cases[i].rows);
    scene_release(&scene);
  }
}
END_TEST

START_TEST(conditions_that_cannot_be_read)
{
  static const char *const conditions[] = {"x == 1", "x 1", "x = 1 or x = 2", "x = 1 and", "x"};
  for (int i = 0; i < LENGTH(conditions); i++) {
    char figure[256], message[1024];
    snprintf(figure, sizeof figure, "[panel p]\n[line l]\nx = x\ny = x\nwhere = %s\n",
             conditions[i]);
    scene_refuse(message, figure, "x\n1\n2\n");
    ck_assert_msg(strncmp(message, "5: where: expected up to 8 conditions", 37) == 0, "%s",
                  message);
  }
}
END_TEST

/* ---- lines ---- */

START_TEST(a_line_has_every_row_in_the_order_of_the_table)
{
  struct Scene scene;
  scene_make(&scene, "[panel p]\n[line l]\nx = x\ny = y\n", "y\tx\n5\t3\n6\t1\n7\t2\n");
  expect_numbers(mark_of(&scene, 0)->x, mark_of(&scene, 0)->n, (double[]){3, 1, 2}, 3);
  expect_numbers(mark_of(&scene, 0)->y, mark_of(&scene, 0)->n, (double[]){5, 6, 7}, 3);
  scene_release(&scene);
}
END_TEST

START_TEST(a_group_has_its_own_rows_colour_and_label)
{
  struct Scene scene;
  scene_make(&scene,
             "[panel p]\n[line l]\nx = x\ny = y\ngroup = g\nwhere = x > 0\ncolor = green\nlabel = "
             "<b>{}</b>!\n",
             "x\ty\tg\n0\t0\tnone\n1\t10\ta\n2\t20\t10\n3\t30\ta\n4\t40\t9\n");
  ck_assert_uint_eq(scene.panels[0].marks.n, 3);
  static const struct {
    const char *label, *color;
    size_t n;
    double x[2], y[2];
  } groups[] = {{"<b>9</b>!", "green", 1, {4}, {40}},
                {"<b>10</b>!", "purple", 1, {2}, {20}},
                {"<b>a</b>!", "orange", 2, {1, 3}, {10, 30}}};
  for (size_t g = 0; g < 3; g++) {
    const struct Mark *mark = mark_of(&scene, g);
    struct Color color;
    ck_assert_str_eq(mark->label, groups[g].label);
    ck_assert(color_parse(groups[g].color, &color) && color_equal(mark->style.color, color));
    expect_numbers(mark->x, mark->n, groups[g].x, groups[g].n);
    expect_numbers(mark->y, mark->n, groups[g].y, groups[g].n);
  }
  scene_release(&scene);
}
END_TEST

/* ---- bars and bins ---- */

START_TEST(bars_are_as_wide_as_the_table_is_dense)
{
  struct Scene scene;
  scene_make(&scene,
             "[panel p]\n[bars a]\nx = x\ny = y\nbase = z\nwhere = y > 1\n[bars b]\nx = x\ny = "
             "y\nbase = -1\n",
             "x\ty\tz\n10\t2\t0.5\n4\t3\t1.5\n6\t1\t2.5\n");
  const struct Mark *a = mark_of(&scene, 0), *b = mark_of(&scene, 1);
  ck_assert_double_eq(a->step, 2);
  ck_assert_double_eq(b->step, 2);
  expect_numbers(a->base, a->n, (double[]){0.5, 1.5}, 2);
  expect_numbers(b->base, b->n, (double[]){-1, -1, -1}, 3);
  /* half a bar stands out at both ends */
  ck_assert_double_eq(scene.panels[0].x.scale.range.low, 3);
  ck_assert_double_eq(scene.panels[0].x.scale.range.high, 11);
  scene_release(&scene);
}
END_TEST

START_TEST(a_histogram_counts_what_lies_in_each_bin)
{
  static const struct {
    const char *bins, *values;
    double low, step, counts[4];
  } cases[] = {
      /* a value at an edge is in the bin above it, but the last edge is in the last bin */
      {"bins = 4\nfrom = 0\nto = 8\n", "0\n1.99\n2\n3\n4\n6\n7\n8\n", 0, 2, {2, 2, 1, 3}},
      {"bins = 4\n", "1\n1.4\n1.6\n3\nnan\n", 1, 0.5, {2, 1, 0, 1}},
      {"bins = 4\nfrom = -1\n", "0.5\n3\n", -1, 1, {0, 1, 0, 1}},
      {"bins = 4\nto = 9\n", "1\n8.5\n", 1, 2, {1, 0, 0, 1}},
      /* tables have nine digits */
      {"bins = 4\nfrom = 0\nto = 1\n", "1.00000001\n-1e-9\n", 0, 0.25, {1, 0, 0, 1}},
  };
  for (int i = 0; i < LENGTH(cases); i++) {
    char figure[256], table[256];
    snprintf(figure, sizeof figure, "[panel p]\n[histogram h]\nx = x\n%s", cases[i].bins);
    snprintf(table, sizeof table, "x\n%s", cases[i].values);
    struct Scene scene;
    scene_make(&scene, figure, table);
    const struct Mark *mark = mark_of(&scene, 0);
    double low = cases[i].low, step = cases[i].step;
    ck_assert_double_eq_tol(mark->step, step, 1e-12);
    expect_numbers(mark->x, mark->n, (double[]){low, low + step, low + 2 * step, low + 3 * step},
                   4);
    expect_numbers(mark->y, mark->n, cases[i].counts, 4);
    ck_assert_double_eq_tol(scene.panels[0].x.scale.range.low, low, 1e-12);
    ck_assert_double_eq_tol(scene.panels[0].x.scale.range.high, low + 4 * step, 1e-12);
    ck_assert_double_eq(scene.panels[0].y.scale.range.low, 0);
    scene_release(&scene);
  }
}
END_TEST

START_TEST(a_value_beyond_the_bins_is_an_error)
{
  static const char *const values[] = {"9", "-0.1", "inf"};
  for (int i = 0; i < LENGTH(values); i++) {
    char table[32], message[1024], expected[128];
    snprintf(table, sizeof table, "x\n1\n%s\n", values[i]);
    scene_refuse(message, "[panel p]\n[histogram h]\nx = x\nfrom = 0\nto = 8\n", table);
    snprintf(expected, sizeof expected,
             "3: table.tsv:3: %s is outside the histogram's range, 0 to 8", values[i]);
    ck_assert_str_eq(message, expected);
  }
}
END_TEST

/* ---- rules, phases, texts ---- */

START_TEST(rules_are_at_each_value_once)
{
  struct Scene scene;
  scene_make(&scene,
             "[panel p]\n[rule a]\nx = x\n[rule b]\ny = x\nwhere = x < 9\n[rule c]\nx = 2.5\n",
             "x\n3\n1\nnan\n3\n9\n");
  expect_numbers(mark_of(&scene, 0)->x, mark_of(&scene, 0)->n, (double[]){1, 3, 9}, 3);
  expect_numbers(mark_of(&scene, 1)->y, mark_of(&scene, 1)->n, (double[]){1, 3}, 2);
  expect_numbers(mark_of(&scene, 2)->x, mark_of(&scene, 2)->n, (double[]){2.5}, 1);
  ck_assert_ptr_null(mark_of(&scene, 0)->y);
  ck_assert_ptr_null(mark_of(&scene, 1)->x);
  scene_release(&scene);
}
END_TEST

START_TEST(phases_are_counted_from_zero)
{
  struct Scene scene;
  static const char figure[] = "[panel p]\n[phases p]\nx = x\nphase = y\nlabels = A, B\n";
  scene_make(&scene, figure, "x\ty\n10\t0\n20\t0\n30\t1000\n");
  expect_numbers(mark_of(&scene, 0)->y, mark_of(&scene, 0)->n, (double[]){0, 0, 1000}, 3);
  ck_assert_double_eq(scene.panels[0].x.scale.range.low, 10);
  ck_assert_double_eq(scene.panels[0].x.scale.range.high, 30);
  scene_release(&scene);
  static const char *const wrong[] = {"-1", "0.5", "1001", "nan"};
  for (int i = 0; i < LENGTH(wrong); i++) {
    char table[32], message[1024], expected[128];
    snprintf(table, sizeof table, "x\ty\n10\t0\n20\t%s\n", wrong[i]);
    scene_refuse(message, figure, table);
    snprintf(expected, sizeof expected,
             "4: table.tsv:3: column 'y': expected a phase 0, 1, 2, ..., found %s", wrong[i]);
    ck_assert_str_eq(message, expected);
  }
}
END_TEST

START_TEST(texts_are_at_numbers_or_at_the_values_of_columns)
{
  struct Scene scene;
  scene_make(
      &scene,
      "[figure]\ny = x\n[panel p]\n[text t]\nx = 0.5\nlabel = {}-{}\nvalue = name\n[text u]\nx "
      "= x\ny = 7\nlabel = same\n",
      "x\tname\n1\ta<b\n2\tc\n");
  const struct Mark *t = mark_of(&scene, 0), *u = mark_of(&scene, 1);
  expect_numbers(t->x, t->n, (double[]){0.5, 0.5}, 2);
  expect_numbers(t->y, t->n, (double[]){1, 2}, 2);
  ck_assert_str_eq(t->texts[0], "a&lt;b-{}");
  ck_assert_str_eq(t->texts[1], "c-{}");
  expect_numbers(u->x, u->n, (double[]){1, 2}, 2);
  expect_numbers(u->y, u->n, (double[]){7, 7}, 2);
  ck_assert_str_eq(u->texts[1], "same");
  scene_release(&scene);
}
END_TEST

/* ---- axes ---- */

static void expect_axis(const struct Axis *axis, double low, double high)
{
  ck_assert_double_eq_tol(axis->scale.range.low, low, 1e-9);
  ck_assert_double_eq_tol(axis->scale.range.high, high, 1e-9);
}

START_TEST(axes_leave_the_room_that_their_marks_need)
{
  static const struct {
    const char *figure;
    double x[2], y[2];
  } cases[] = {
      {"[panel p]\n[line l]\n", {0, 10}, {0.8, 5.2}},
      {"[panel p]\n[scatter s]\n", {-0.2, 10.2}, {0.8, 5.2}},
      {"[panel p]\n[bars b]\n", {-2.5, 12.5}, {0, 5.25}},
      {"[panel p]\n[bars b]\nbase = 1\n", {-2.5, 12.5}, {0.8, 5.2}},
      {"[panel p]\nx.min = -5\ny.max = 9\n[line l]\n", {-5, 10}, {0.8, 9}},
      {"[panel p]\nx.max = 5\ny.min = 0\n[line l]\n", {0, 5}, {0, 5.2}},
      {"[panel p]\n[line l]\n[rule r]\nx = 20\n", {0, 20}, {0.8, 5.2}},
      {"[panel p]\nx.padding = 0.1 0.2\ny.padding = 0\n[line l]\n", {-1, 12}, {1, 5}},
      {"[panel p]\nx.scale = log\ny.scale = log\ny.padding = 0\n[line l]\n", {5, 10}, {1, 5}},
  };
  for (int i = 0; i < LENGTH(cases); i++) {
    struct Scene scene;
    char figure[256];
    snprintf(figure, sizeof figure, "[figure]\nx = x\ny = y\n%s", cases[i].figure);
    scene_make(&scene, figure, "x\ty\n0\t1\n5\t3\n10\t5\n");
    expect_axis(&scene.panels[0].x, cases[i].x[0], cases[i].x[1]);
    expect_axis(&scene.panels[0].y, cases[i].y[0], cases[i].y[1]);
    scene_release(&scene);
  }
}
END_TEST

START_TEST(axes_that_cannot_be)
{
  static const struct {
    const char *keys, *message;
  } cases[] = {{"x.scale = log\nx.min = -1", "4: a logarithmic axis cannot start at -1"},
               {"x.scale = log\nx.min = 0", "4: a logarithmic axis cannot start at 0"},
               {"x.min = 3\nx.max = 3", "4: the axis would run from 3 to 3"},
               {"x.min = 4\nx.max = 3", "4: the axis would run from 4 to 3"},
               {"x.min = 20", "3: the axis would run from 20 to 10"}};
  for (int i = 0; i < LENGTH(cases); i++) {
    char figure[256], message[1024];
    snprintf(figure, sizeof figure, "[figure]\n[panel p]\n%s\n[line l]\nx = x\ny = x\n",
             cases[i].keys);
    scene_refuse(message, figure, "x\n1\n10\n");
    ck_assert_str_eq(message, cases[i].message);
  }
}
END_TEST

/* Four panels in two columns: the y axes of a and b have one label, those of c and d others. */
START_TEST(panels_share_the_axes_of_the_same_label)
{
  static const struct {
    const char *share;
    double high[4];
    bool labelled[4];
  } cases[] = {
      {"none", {1, 2, 3, 4}, {true, true, true, true}},
      {"row", {2, 2, 3, 4}, {true, false, true, true}},
      {"column", {3, 2, 3, 4}, {true, true, true, true}},
      {"all", {3, 3, 3, 4}, {true, false, true, true}},
  };
  for (int i = 0; i < LENGTH(cases); i++) {
    struct Scene scene;
    char figure[512];
    snprintf(figure, sizeof figure,
             "[figure]\ncolumns = 2\nx = x\ny.padding = 0\ny.label = Y\nshare.y = %s\n"
             "[panel a]\n[line a]\ny = a\n[panel b]\n[line b]\ny = b\n"
             "[panel c]\n[line c]\ny = c\n[panel d]\ny.label = Z\n[line d]\ny = d\n",
             cases[i].share);
    scene_make(&scene, figure, "x\ta\tb\tc\td\n0\t0\t0\t0\t0\n1\t1\t2\t3\t4\n");
    for (int p = 0; p < 4; p++) {
      expect_axis(&scene.panels[p].y, 0, cases[i].high[p]);
      ck_assert_int_eq(scene.panels[p].y.labelled, cases[i].labelled[p]);
      ck_assert(scene.panels[p].x.labelled);
    }
    scene_release(&scene);
  }
}
END_TEST

START_TEST(only_the_lowest_panel_of_a_column_has_labels_along_x)
{
  struct Scene scene;
  scene_make(
      &scene,
      "[figure]\ncolumns = 2\nshare.x = column\n[panel a]\n[line a]\nx = a\ny = a\n[panel b]\n"
      "[line b]\nx = b\ny = b\n[panel c]\n[line c]\nx = c\ny = c\n",
      "a\tb\tc\n0\t0\t0\n1\t2\t3\n");
  static const double high[] = {3, 2, 3};
  for (int p = 0; p < 3; p++) {
    expect_axis(&scene.panels[p].x, 0, high[p]);
    ck_assert_int_eq(scene.panels[p].x.labelled, p > 0);
  }
  scene_release(&scene);
}
END_TEST

START_TEST(axes_have_as_many_labels_as_fit)
{
  struct Scene scene;
  scene_make(&scene, "[figure]\nwidth = 2\n[panel p]\nx.format = comma\n[line l]\nx = x\ny = x\n",
             "x\n0\n10000000\n");
  const struct Axis *axis = &scene.panels[0].x;
  double end = -INFINITY;
  ck_assert_uint_ge(axis->ticks.n, 2);
  for (size_t i = 0; i < axis->ticks.n; i++) {
    double width =
        text_extent(scene.font, axis->ticks.tick[i].label, scene.small, TEXT_REGULAR).width;
    double place = scale_map(&axis->scale, axis->ticks.tick[i].value);
    ck_assert_double_gt(place - width / 2, end);
    ck_assert_double_ge(place - width / 2, 0);
    ck_assert_double_le(place + width / 2, scene.page.width);
    end = place + width / 2;
  }
  scene_release(&scene);
}
END_TEST

START_TEST(the_range_of_colours_is_that_of_all_maps_of_a_scale)
{
  static const struct {
    const char *keys;
    double low, high;
  } cases[] = {{"", -1, 4},
               {"map = blue-white-red\n", -4, 4},
               {"map = blue-white-red\nmax = 2\n", -4, 2},
               {"min = -3\n", -3, 4},
               {"scale = log\n", 0.5, 4}};
  for (int i = 0; i < LENGTH(cases); i++) {
    struct Scene scene;
    char figure[512];
    snprintf(
        figure, sizeof figure,
        "[colors c]\n%s[colors other]\n[figure]\nx = x\ny = y\ncolors = c\n[panel a]\n[map a]\n"
        "value = a\n[panel b]\n[map b]\nvalue = b\n[panel c]\n[map c]\nvalue = c\ncolors = "
        "other\n",
        cases[i].keys);
    scene_make(&scene, figure, "x\ty\ta\tb\tc\n0\t0\t0.5\t-1\t9\n1\t0\t3\t4\tnan\n");
    expect_axis(&scene.colors[0].axis, cases[i].low, cases[i].high);
    ck_assert_ptr_eq(scene.panels[1].colors, &scene.colors[0]);
    ck_assert_ptr_eq(scene.panels[2].colors, &scene.colors[1]);
    /* cells reach half a step beyond their centres, and nothing is added */
    expect_axis(&scene.panels[0].x, -0.5, 1.5);
    expect_axis(&scene.panels[0].y, -0.5, 0.5);
    scene_release(&scene);
  }
}
END_TEST

/* ---- layout ---- */

START_TEST(panels_fill_the_grid_in_reading_order)
{
  struct Cell cells[] = {{.n_columns = 2, .n_rows = 1},
                         {.n_columns = 1, .n_rows = 2},
                         {.n_columns = 1, .n_rows = 1},
                         {.n_columns = 1, .n_rows = 1},
                         {.n_columns = 3, .n_rows = 1}};
  static const int columns[] = {0, 2, 0, 1, 0}, rows[] = {0, 0, 1, 1, 2};
  int n_rows;
  struct Error error = {0};
  ck_assert(layout_flow(cells, LENGTH(cells), 3, &n_rows, &error));
  ck_assert_int_eq(n_rows, 3);
  for (int i = 0; i < LENGTH(cells); i++) {
    ck_assert_int_eq(cells[i].column, columns[i]);
    ck_assert_int_eq(cells[i].row, rows[i]);
  }
  /* a wide panel that does not fit beside the others is below them */
  struct Cell wide[] = {
      {.n_columns = 1, .n_rows = 1}, {.n_columns = 1, .n_rows = 1}, {.n_columns = 2, .n_rows = 1}};
  ck_assert(layout_flow(wide, LENGTH(wide), 3, &n_rows, &error));
  ck_assert(wide[2].column == 0 && wide[2].row == 1 && n_rows == 2);
  ck_assert(!layout_flow(cells, LENGTH(cells), 2, &n_rows, &error));
  ck_assert_str_eq(error.message, "spans 3 columns of a grid with 2");
}
END_TEST

static void expect_box(struct Box box, double x, double y, double width, double height)
{
  ck_assert_double_eq_tol(box.x, x, 1e-9);
  ck_assert_double_eq_tol(box.y, y, 1e-9);
  ck_assert_double_eq_tol(box.width, width, 1e-9);
  ck_assert_double_eq_tol(box.height, height, 1e-9);
}

/* Columns of 100 and 200 points: 2 + 10 + 100 + 5 + 9 + 20 + 200 + 2. */
START_TEST(plots_of_a_column_and_of_a_row_are_in_line)
{
  static const double widths[] = {1, 2};
  struct Cell cells[] = {
      {.n_columns = 1, .n_rows = 1, .margins = {10, 0, 3, 8}, .aspect = 2},
      {.column = 1, .n_columns = 1, .n_rows = 1, .margins = {20, 0, 6, 4}, .aspect = 2},
      {.row = 1, .n_columns = 1, .n_rows = 1, .margins = {4, 5, 1, 7}, .aspect = 1},
      {.column = 1, .row = 1, .n_columns = 1, .n_rows = 1, .aspect = 5, .keep_aspect = true}};
  struct Page page = {.n_columns = 2,
                      .n_rows = 2,
                      .widths = widths,
                      .width = 348,
                      .outer = {2, 2, 3, 4},
                      .gap_x = 9,
                      .gap_y = 7};
  struct Error error = {0};
  ck_assert_msg(layout_place(cells, 4, &page, &error), "%s", error.message);
  expect_box(cells[0].plot, 12, 9, 100, 100);
  expect_box(cells[1].plot, 146, 9, 200, 100);
  expect_box(cells[2].plot, 12, 125, 100, 100);
  expect_box(cells[3].plot, 146, 155, 200, 40); /* centred, of its aspect */
  ck_assert_double_eq_tol(page.height, 236, 1e-9);
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

START_TEST(a_grid_is_built_from_rows_in_any_order)
{
  static const double x[] = {3, 1, 2, 1, 3}, y[] = {0, 0.5, 0.5, 0, 0.5};
  static const double values[] = {30, 15, 25, 10, 35};
  struct Grid grid;
  struct Error error = {0};
  ck_assert_msg(grid_build(&grid, x, y, values, 5, &error), "%s", error.message);
  ck_assert(grid.n_x == 3 && grid.n_y == 2);
  ck_assert(grid.x == 1 && grid.dx == 1 && grid.y == 0 && grid.dy == 0.5);
  ck_assert(isnan(grid.cells[1])); /* there is no row for x = 2, y = 0 */
  grid.cells[1] = 20;
  expect_numbers(grid.cells, 6, (double[]){10, 20, 30, 15, 25, 35}, 6);
  free(grid.cells);
}
END_TEST

START_TEST(rows_that_form_no_grid)
{
  static const struct {
    double x[3], y[3];
    const char *message;
  } cases[] = {{{0, 1, 2.5}, {0, 0, 0}, "the x of a map are not evenly spaced"},
               {{0, 0, 0}, {0, 2, 5}, "the y of a map are not evenly spaced"},
               {{0, 1, 1}, {2, 2, 2}, "a map has two rows for x = 1, y = 2"},
               {{0, 1, NAN}, {0, 0, 0}, "a map needs finite x and y, found nan and 0"},
               {{0, 1, 20002}, {0, 0, 0}, "the x of a map span 20002 steps"}};
  for (int i = 0; i < LENGTH(cases); i++) {
    struct Grid grid;
    struct Error error = {0};
    ck_assert(!grid_build(&grid, cases[i].x, cases[i].y, cases[i].x, 3, &error));
    ck_assert_str_eq(error.message, cases[i].message);
  }
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
  tcase_add_test(tests, a_condition_selects_rows);
  tcase_add_test(tests, conditions_that_cannot_be_read);
  tcase_add_test(tests, a_line_has_every_row_in_the_order_of_the_table);
  tcase_add_test(tests, a_group_has_its_own_rows_colour_and_label);
  tcase_add_test(tests, bars_are_as_wide_as_the_table_is_dense);
  tcase_add_test(tests, a_histogram_counts_what_lies_in_each_bin);
  tcase_add_test(tests, a_value_beyond_the_bins_is_an_error);
  tcase_add_test(tests, rules_are_at_each_value_once);
  tcase_add_test(tests, phases_are_counted_from_zero);
  tcase_add_test(tests, texts_are_at_numbers_or_at_the_values_of_columns);
  tcase_add_test(tests, axes_leave_the_room_that_their_marks_need);
  tcase_add_test(tests, axes_that_cannot_be);
  tcase_add_test(tests, panels_share_the_axes_of_the_same_label);
  tcase_add_test(tests, only_the_lowest_panel_of_a_column_has_labels_along_x);
  tcase_add_test(tests, axes_have_as_many_labels_as_fit);
  tcase_add_test(tests, the_range_of_colours_is_that_of_all_maps_of_a_scale);
  tcase_add_test(tests, panels_fill_the_grid_in_reading_order);
  tcase_add_test(tests, plots_of_a_column_and_of_a_row_are_in_line);
  tcase_add_test(tests, a_grid_is_built_from_rows_in_any_order);
  tcase_add_test(tests, rows_that_form_no_grid);
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
