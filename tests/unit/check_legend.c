/* Legends: their entries, how these are arranged, and where there is room for them. */
#include "scenes.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

/* ---- entries ---- */

/* The labels of a legend, separated by commas. */
static void write_labels(const struct Legend *legend, char *text, size_t size)
{
  size_t n = 0;
  text[0] = '\0';
  for (size_t i = 0; i < legend->n && n < size; i++)
    n += (size_t)snprintf(text + n, size - n, "%s%s", i > 0 ? "," : "", legend->entry[i].label);
}

static void expect_labels(const struct Legend *legend, const char *expected)
{
  char found[256];
  write_labels(legend, found, sizeof found);
  ck_assert_str_eq(found, expected);
}

static void expect_color(const struct LegendEntry *entry, struct Color color)
{
  ck_assert_msg(color_equal(entry->style.color, color), "the colour of '%s'", entry->label);
}

START_TEST(each_style_is_listed_once)
{
  struct Scene scene;
  scene_make(
      &scene,
      "[figure]\nx = x\ny = x\n[line all]\nlabel = All\n[panel a]\n[line a]\nlabel = A\ncolor = "
      "blue\n[line b]\n[scatter s]\nlabel = A\ncolor = blue\n[panel b]\n[line a]\nlabel = "
      "A\ncolor = blue\n[line c]\nlabel = A\ncolor = green\n[line d]\nlabel = A\ncolor = "
      "green\ndash = dotted\n[text t]\nlabel = text\n",
      "x\n1\n2\n");
  expect_labels(&scene.legend, "All,A,A,A,A");
  static const struct {
    enum SectionKind kind;
    enum Dash dash;
    const char *color;
  } entries[] = {{SECTION_LINE, DASH_SOLID, "black"},
                 {SECTION_LINE, DASH_SOLID, "blue"},
                 {SECTION_SCATTER, DASH_SOLID, "blue"},
                 {SECTION_LINE, DASH_SOLID, "green"},
                 {SECTION_LINE, DASH_DOTTED, "green"}};
  for (int i = 0; i < LENGTH(entries); i++) {
    const struct LegendEntry *entry = &scene.legend.entry[i];
    struct Color color;
    ck_assert(color_parse(entries[i].color, &color));
    expect_color(entry, color);
    ck_assert_int_eq(entry->kind, entries[i].kind);
    ck_assert_int_eq(entry->style.dash, entries[i].dash);
  }
  scene_release(&scene);
}
END_TEST

START_TEST(a_panel_lists_its_own_marks)
{
  static const struct {
    const char *legend, *place, *figure, *own;
  } cases[] = {{"top", "figure", "All,A", ""}, {"top", "inside", "All", "A"},
               {"top", "above", "All", "A"},   {"top", "none", "", ""},
               {"none", "figure", "", ""},     {"none", "above", "", "A"}};
  for (int i = 0; i < LENGTH(cases); i++) {
    struct Scene scene;
    char figure[256];
    snprintf(figure, sizeof figure,
             "[figure]\nx = x\ny = x\nlegend = %s\n[line all]\nlabel = All\n[panel a]\nlegend = "
             "%s\n[line a]\nlabel = A\n",
             cases[i].legend, cases[i].place);
    scene_make(&scene, figure, "x\n1\n2\n");
    expect_labels(&scene.legend, cases[i].figure);
    expect_labels(&scene.panels[0].legend, cases[i].own);
    scene_release(&scene);
  }
}
END_TEST

START_TEST(phases_that_occur_are_listed)
{
  static const struct {
    const char *keys, *phases[3], *labels;
    int shown[3];
  } cases[] = {{"labels = A, B,C\n", {"0", "1", "2"}, "A,B,C", {0, 1, 2}},
               {"labels = A, B, C\n", {"0", "2", "2"}, "A,C", {0, 2}},
               {"labels = A, , C\n", {"0", "1", "2"}, "A,C", {0, 2}},
               {"labels = A, B\nrest = R\n", {"0", "1", "1"}, "A,B", {0, 1}},
               {"labels = A, B\nrest = R\n", {"0", "1", "2"}, "A,B,R", {0, 1, -1}},
               {"labels = A, B\nrest = R\n", {"0", "0", "7"}, "A,R", {0, -1}},
               {"labels = A, B\n", {"0", "0", "7"}, "A", {0}}};
  for (int i = 0; i < LENGTH(cases); i++) {
    struct Scene scene;
    char figure[256], table[64];
    snprintf(figure, sizeof figure, "[panel p]\n[phases p]\nx = x\n%s", cases[i].keys);
    snprintf(table, sizeof table, "x\tphase\n1\t%s\n2\t%s\n3\t%s\n", cases[i].phases[0],
             cases[i].phases[1], cases[i].phases[2]);
    scene_make(&scene, figure, table);
    expect_labels(&scene.legend, cases[i].labels);
    for (size_t e = 0; e < scene.legend.n; e++)
      expect_color(&scene.legend.entry[e], cases[i].shown[e] < 0 ? (struct Color){1, 1, 1}
                                                                 : color_phase(cases[i].shown[e]));
    scene_release(&scene);
  }
}
END_TEST

/* ---- arrangement ---- */

/* The row and column of each entry, as "00 01 10 11", with nothing that overlaps. */
static void write_places(const struct Legend *legend, double row_height, char *text)
{
  for (size_t i = 0; i < legend->n; i++) {
    const struct LegendEntry *entry = &legend->entry[i];
    int column = 0;
    for (size_t j = 0; j < legend->n; j++) {
      const struct LegendEntry *other = &legend->entry[j];
      if (other->y != entry->y || other->x >= entry->x) continue;
      column++;
      ck_assert_double_lt(other->x + other->width, entry->x);
    }
    ck_assert_double_ge(entry->x, 0);
    ck_assert_double_le(entry->x + entry->width, legend->width + 1e-9);
    int row = (int)floor(entry->y / row_height);
    text += sprintf(text, "%s%d%d", i > 0 ? " " : "", row, column);
  }
}

START_TEST(entries_stand_in_as_few_rows_as_the_width_allows)
{
  struct Scene scene;
  scene_make(&scene,
             "[figure]\nx = x\ny = x\n[panel p]\n[line a]\nlabel = MM\n[line b]\nlabel = MN\n[line "
             "c]\nlabel = NM\n[line d]\nlabel = NN\n[line e]\nlabel = MMM\n",
             "x\n1\n2\n");
  struct Legend *legend = &scene.legend;
  static const struct {
    double columns;
    const char *places;
    int rows;
  } cases[] = {{9, "00 01 02 03 04", 1},
               {4, "00 01 02 10 11", 2}, /* as even as two rows can be */
               {3.2, "00 01 02 10 11", 2},
               {2.2, "00 01 10 11 20", 3},
               {0, "00 10 20 30 40", 5}};
  legend_arrange(legend, scene.font, scene.small, INFINITY);
  double one = legend->entry[4].width + 12, row = legend->height;
  ck_assert_double_gt(row, scene.small);
  for (int i = 0; i < LENGTH(cases); i++) {
    char found[64] = "";
    legend_arrange(legend, scene.font, scene.small, cases[i].columns * one);
    write_places(legend, row, found);
    ck_assert_str_eq(found, cases[i].places);
    ck_assert_double_eq_tol(legend->height, cases[i].rows * row, 1e-9);
    ck_assert_double_eq_tol(legend->entry[0].y, row / 2, 1e-9);
  }
  scene_release(&scene);
}
END_TEST

/* ---- room ---- */

/* Where the legend of the panel is: "top right", or "above" if there is no room. */
static const char *place_of(const struct Panel *panel)
{
  const struct Box *plot = &panel->cell.plot, *box = &panel->legend_box;
  if (panel->place == PANEL_LEGEND_ABOVE) {
    ck_assert(box->y >= 0 && box->y + box->height <= plot->y);
    return "above";
  }
  static const double share[] = {0, 0.25, 0.5, 0.75, 1};
  static const char *const rows[] = {"top", "upper", "middle", "lower", "bottom"};
  static const char *const columns[] = {"left", "left of the middle", "middle",
                                        "right of the middle", "right"};
  static char text[64];
  double x = (box->x - plot->x - 3) / (plot->width - box->width - 6);
  double y = (box->y - plot->y - 3) / (plot->height - box->height - 6);
  for (int row = 0; row < 5; row++)
    for (int column = 0; column < 5; column++) {
      if (fabs(x - share[column]) > 1e-9 || fabs(y - share[row]) > 1e-9) continue;
      snprintf(text, sizeof text, "%s %s", rows[row], columns[column]);
      return text;
    }
  return "elsewhere";
}

/* A square plot over 0 ... 10 in both directions; the legend "Label" takes less than a quarter of
   its width and a sixth of its height. */
START_TEST(a_legend_inside_hides_no_mark)
{
  static const struct {
    const char *marks, *table, *place;
  } cases[] = {
      {"[line l]\nlabel = Label\n", "0\t0\n10\t0\n", "top right"},
      {"[line l]\nlabel = Label\n", "0\t9.8\n10\t9.8\n", "bottom right"},
      {"[line l]\nlabel = Label\n", "0\t0\n10\t10\n", "top left"},
      /* the ends are elsewhere: it is the line between them that is in the way */
      {"[line l]\nlabel = Label\n", "7\t9.8\n10\t8\n", "top left"},
      /* it runs below the corner */
      {"[line l]\nlabel = Label\n", "5\t10\n10\t0\n", "top right"},
      /* a gap is no line */
      {"[line l]\nlabel = Label\n", "0\t9\nnan\t9\n10\t9\n", "top right"},
      {"[scatter s]\nlabel = Label\n", "0.1\t9.5\n9.9\t9.5\n", "top middle"},
      {"[scatter s]\nlabel = Label\n", "0\t0\n10\t0\n", "top right"},
      {"[scatter s]\nlabel = Label\n", "9.9\t9.9\n0\t0\n", "top left"},
      {"[bars b]\nlabel = Label\n", "9\t9.5\n5\t1\n", "top left"},
      {"[bars b]\nlabel = Label\n", "1\t9.5\n5\t1\n9\t2\n", "top right"},
      /* bars stand on the axis */
      {"[bars b]\nlabel = Label\n", "0\t10\n10\t10\n", "above"},
      /* or hang from their base */
      {"[bars b]\nbase = 10\nlabel = Label\n", "9\t2\n5\t9\n", "top left"},
      {"[bars b]\nbase = 8\nlabel = Label\n", "9\t5\n1\t5\n", "top right"},
      {"[bars b]\nbase = 10\nlabel = Label\n", "0\t8.5\n5\t8.5\n10\t8.5\n", "bottom right"},
      /* half of the right bar is beyond the axis */
      {"[bars b]\nlabel = Label\n", "11\t10\n7\t1\n", "top left"},
      /* large markers and thick lines reach far */
      {"[scatter s]\nmarker.size = 30\nlabel = Label\n", "7.7\t9.5\n5\t5\n", "top left"},
      {"[line l]\nstroke = 10\nlabel = Label\n", "0\t9.03\n10\t9.03\n", "bottom right"},
      {"[rule r]\ny = 9.03\nstroke = 10\nlabel = Label\n", "0\t0\n", "bottom right"},
      {"[rule r]\nx = 9\nlabel = Label\n", "0\t0\n", "top left"},
      {"[rule r]\ny = 9.5\nlabel = Label\n", "0\t0\n", "bottom right"},
      {"[line l]\nlabel = Label\n[text t]\nx = 9\ny = 9.5\nlabel = T\n", "0\t0\n1\t0\n",
       "top left"},
      {"[line l]\nlabel = Label\n[text t]\nx = 6.3\ny = 9.5\nlabel = a long text\nalign = left\n",
       "0\t0\n1\t0\n", "top left"},
      {"[line l]\nlabel = Label\n[text t]\nx = 6.3\ny = 9.5\nlabel = long text\nalign = right\n",
       "0\t0\n1\t0\n", "top right"},
      {"[line l]\nlabel = Label\n[text t]\nx = 9\ny = 9.5\nlabel = T\nshift = 0 -40\n",
       "0\t0\n1\t0\n", "top right"},
      {"[line l]\nlabel = Label\n[text t]\nx = 9\ny = 5\nlabel = T\nshift = 0 85\n", "0\t0\n1\t0\n",
       "top left"},
      /* the background may be hidden */
      {"[line l]\nlabel = Label\n[phases p]\nphase = y\nlabels = A, B\n", "0\t0\n10\t1\n",
       "top right"},
  };
  for (int i = 0; i < LENGTH(cases); i++) {
    struct Scene scene;
    char figure[512], table[128];
    snprintf(figure, sizeof figure,
             "[figure]\nwidth = 2.9\nx = x\ny = y\n[panel p]\nlegend = inside\naspect = 1\nx.min = "
             "0\nx.max = 10\ny.min = 0\ny.max = 10\n%s",
             cases[i].marks);
    snprintf(table, sizeof table, "x\ty\n%s", cases[i].table);
    scene_make(&scene, figure, table);
    const struct Panel *panel = &scene.panels[0];
    ck_assert_msg(strcmp(place_of(panel), cases[i].place) == 0, "%d: %s, expected %s", i,
                  place_of(panel), cases[i].place);
    scene_release(&scene);
  }
}
END_TEST

START_TEST(a_histogram_and_a_map_leave_no_room_where_they_are)
{
  struct Scene scene;
  scene_make(
      &scene,
      "[figure]\nwidth = 2.9\nx = x\ny = y\n[colors c]\n[panel p]\nlegend = inside\n[histogram "
      "h]\nlabel = H\nbins = 2\n[panel q]\nlegend = inside\n[map m]\nvalue = y\ncolors = c\n"
      "[rule r]\ny = 0.5\nlabel = R\n",
      "x\ty\n0\t0\n1\t0\n0\t1\n1\t1\n1\t2\n");
  ck_assert_str_eq(place_of(&scene.panels[0]), "top left"); /* two below, three above 0.5 */
  ck_assert_str_eq(place_of(&scene.panels[1]), "above");
  scene_release(&scene);
}
END_TEST

START_TEST(a_legend_larger_than_the_plot_is_above_it)
{
  struct Scene scene;
  scene_make(&scene,
             "[figure]\nwidth = 1\nx = x\ny = x\n[panel p]\nlegend = inside\ny.max = 100\n[line "
             "l]\nlabel = A label "
             "that is longer than the plot is wide\n",
             "x\n0\n1\n");
  ck_assert_str_eq(place_of(&scene.panels[0]), "above");
  scene_release(&scene);
}
END_TEST

/* The figure's legend is at the edge of the page that is set, and beside the plot. */
START_TEST(the_legend_of_the_figure_is_at_its_edge)
{
  static const char *const places[] = {"top", "bottom", "right"};
  for (int i = 0; i < LENGTH(places); i++) {
    struct Scene scene;
    char figure[256];
    snprintf(figure, sizeof figure,
             "[figure]\nwidth = 3\nx = x\ny = x\nlegend = %s\n[panel p]\nx.label = X\n[line "
             "l]\nlabel = L\n",
             places[i]);
    scene_make(&scene, figure, "x\n0\n1\n");
    const struct Box *plot = &scene.panels[0].cell.plot, *box = &scene.legend_box;
    if (i == 0) ck_assert(box->y == 2 && box->y + box->height < plot->y);
    if (i == 1) {
      ck_assert_double_eq_tol(box->y + box->height, scene.page.height - 2, 1e-9);
      ck_assert_double_gt(box->y, plot->y + plot->height + 2 * scene.small); /* labels */
    }
    if (i == 2) {
      ck_assert_double_eq_tol(box->x + box->width, scene.page.width - 2, 1e-9);
      ck_assert_double_gt(box->x, plot->x + plot->width);
    } else {
      ck_assert_double_eq_tol(box->x + box->width / 2, plot->x + plot->width / 2, 1e-9);
    }
    scene_release(&scene);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("legend");
  TCase *tests = tcase_create("legend");
  tcase_add_test(tests, each_style_is_listed_once);
  tcase_add_test(tests, a_panel_lists_its_own_marks);
  tcase_add_test(tests, phases_that_occur_are_listed);
  tcase_add_test(tests, entries_stand_in_as_few_rows_as_the_width_allows);
  tcase_add_test(tests, a_legend_inside_hides_no_mark);
  tcase_add_test(tests, a_histogram_and_a_map_leave_no_room_where_they_are);
  tcase_add_test(tests, a_legend_larger_than_the_plot_is_above_it);
  tcase_add_test(tests, the_legend_of_the_figure_is_at_its_edge);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
