/* Sections that `each` repeats: lists, texts with their items, and specifications that are as if
   every copy had been written. */
#include "plot/color.h"
#include "plot/each.h"
#include "plot/list.h"
#include "plot/spec.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

/* ---- lists ---- */

START_TEST(items_are_between_commas_without_blanks)
{
  static const struct {
    const char *list;
    int n;
    const char *items[3];
  } cases[] = {{"a", 1, {"a"}},
               {"", 1, {""}},
               {"seed-1, seed-2", 2, {"seed-1", "seed-2"}},
               {"a b , c", 2, {"a b", "c"}},
               {" \ta,,c\t", 3, {"a", "", "c"}},
               {"a,b,", 3, {"a", "b", ""}}};
  for (int i = 0; i < LENGTH(cases); i++) {
    ck_assert_int_eq(list_count(cases[i].list), cases[i].n);
    for (int item = 0; item < cases[i].n; item++) {
      int length;
      const char *start = list_item(cases[i].list, item, &length);
      ck_assert_int_eq(length, (int)strlen(cases[i].items[item]));
      ck_assert(strncmp(start, cases[i].items[item], (size_t)length) == 0);
    }
  }
}
END_TEST

/* ---- texts ---- */

START_TEST(a_text_has_the_item_in_its_places)
{
  static const struct {
    struct Each each;
    const char *text, *expected;
  } cases[] = {
      {{"a, b", NULL, NULL}, "{each}/history", "b/history"},
      {{"a, b", NULL, NULL}, "run = {each} and name = {each}", "run = b and name = b"},
      {{"a, b", NULL, NULL}, "{each.label}: {}", "b: {}"},
      {{"a, b", "One, Number two", NULL}, "{each}, {each.label}", "b, Number two"},
      {{"a, b", NULL, "blue, vermillion"}, "{each.color}", "#D55E00"},
      {{"a, b", NULL, "blue, #a0b1c2"}, "{each.color}", "#A0B1C2"},
      {{"a, b", NULL, EACH_VIRIDIS}, "{each.color}", "#BBDF27"},
      {{"a, b", NULL, NULL}, "each {eac} h}", "each {eac} h}"},
      {{"a, each", NULL, NULL}, "{{each}}", "{each}"}, /* once, and no more */
      {{"a, b", NULL, NULL}, "", ""},
  };
  for (int i = 0; i < LENGTH(cases); i++) {
    struct Error error = {0};
    char *found = each_replace(&cases[i].each, 1, cases[i].text, &error);
    ck_assert_msg(found != NULL, "%s", error.message);
    ck_assert_str_eq(found, cases[i].expected);
    free(found);
  }
}
END_TEST

START_TEST(a_text_that_takes_no_item)
{
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"{each.color}", "{each.color} needs 'each.color' beside 'each'"},
      {"a {each.lable}", "expected {each}, {each.label} or {each.color}, found '{each.lable}'"},
      {"{each", "expected {each}, {each.label} or {each.color}, found '{each'"}};
  struct Each each = {"a, b", "A, B", NULL};
  for (int i = 0; i < LENGTH(cases); i++) {
    struct Error error = {0};
    ck_assert(each_is_in(cases[i].text));
    ck_assert_ptr_null(each_replace(&each, 0, cases[i].text, &error));
    ck_assert_str_eq(error.message, cases[i].message);
  }
  ck_assert(!each_is_in("{} each {eac"));
}
END_TEST

/* Ten items have the map's tenths but the last, the palest. */
START_TEST(a_series_of_colours_is_along_the_map)
{
  static const char *const tenths[] = {"#440154", "#482576", "#414487", "#35608D", "#2A788E",
                                       "#21908C", "#22A884", "#43BF71", "#7AD151", "#BBDF27"};
  char text[COLOR_TEXT_SIZE];
  for (int i = 0; i < LENGTH(tenths); i++) {
    color_print(color_of_series(i, LENGTH(tenths)), text);
    ck_assert_str_eq(text, tenths[i]);
  }
  color_print(color_of_series(0, 1), text);
  ck_assert_str_eq(text, tenths[0]);
}
END_TEST

/* ---- specifications ---- */

static bool read_text(struct Spec *spec, const char *text, struct Error *error)
{
  char folder[] = "/tmp/check_each.XXXXXX";
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
  FILE *stream = fopen("figure.ini", "w");
  ck_assert(stream && fputs(text, stream) >= 0 && fclose(stream) == 0);
  bool read = spec_read(spec, "figure.ini", error);
  ck_assert(unlink("figure.ini") == 0 && chdir("/") == 0 && rmdir(folder) == 0);
  return read;
}

/* What a panel, a mark or a colour scale is, with all that it inherits. */
static void describe(const struct Section *section, char *text, size_t size)
{
  int n = snprintf(text, size, "[%s %s] of [%s]\n", spec_kind_name(section->kind), section->name,
                   section->outer->kind == SECTION_PANEL ? section->outer->name : "");
  for (int i = 0; i < N_KEYS; i++) {
    enum Key key = (enum Key)i;
    const struct Value *value = spec_value(section, key);
    if (!value->text || key_is_each(key) || !spec_is_set(section, key)) continue;
    n += snprintf(text + n, size - (size_t)n, "%s = %s (%g, %d, %g)\n", key_name(key), value->text,
                  value->number, value->choice, value->color.red);
    ck_assert_int_lt(n, (int)size);
  }
}

static void describe_all(const struct Spec *spec, char *text, size_t size)
{
  text[0] = '\0';
  for (size_t i = 0; i < spec->n_sections; i++) {
    size_t length = strlen(text);
    if (spec->sections[i]->kind != SECTION_FIGURE)
      describe(spec->sections[i], text + length, size - length);
  }
}

static const struct {
  const char *repeated, *written;
} equals[] = {
    /* a mark */
    {"[panel p]\n[line l]\neach = a, b\ntable = {each}/t\ny = {each}_loss\n[rule r]\nx = 1\n",
     "[panel p]\n[line l a]\ntable = a/t\ny = a_loss\n[line l b]\ntable = b/t\ny = b_loss\n[rule "
     "r]\nx = 1\n"},
    {"[panel p]\n[line]\ncolor = {each.color}\neach = a, b\nstroke = {each.label}\neach.label = 1, "
     "2\neach.color = blue, #102030\n",
     "[panel p]\n[line a]\ncolor = #0072B2\nstroke = 1\n[line b]\ncolor = #102030\nstroke = 2\n"},
    /* a mark of all panels */
    {"[line l]\neach = a, b\ntable = {each}\n[panel p]\ny = y\n[panel q]\n",
     "[line l a]\ntable = a\n[line l b]\ntable = b\n[panel p]\ny = y\n[panel q]\n"},
    /* a panel, with its marks but not those of others */
    {"[panel o]\n[line l]\nx = x\n[panel p]\neach = a, b\ntable = {each}\n[line l]\ny = "
     "{each}\n[colors c]\nmin = 0\n[map m]\ncolors = c\n[panel q]\n[line l]\ny = y\n",
     "[panel o]\n[line l]\nx = x\n[panel p a]\ntable = a\n[line l a]\ny = a\n[colors c]\nmin = "
     "0\n[map m a]\ncolors = c\n[panel p b]\ntable = b\n[line l b]\ny = b\n[map m b]\ncolors = "
     "c\n[panel q]\n[line l]\ny = y\n"},
    /* all panels, with what they inherit and show of [figure], wherever that stands */
    {"[colors c]\nmin = 0\n[panel p]\n[map m]\ncolors = c\n[panel q]\ntitle = {each.label}\n[line "
     "l]\ny = y\n[figure]\nwidth = 3\ntable = {each}/t\neach = a, b\n",
     "[colors c]\nmin = 0\n[panel p a]\ntable = a/t\n[map m a]\ncolors = c\n[panel q a]\ntable = "
     "a/t\ntitle = a\n[line l a]\ny = y\n[panel p b]\ntable = b/t\n[map m b]\ncolors = c\n[panel q "
     "b]\ntable = b/t\ntitle = b\n[line l b]\ny = y\n[figure]\nwidth = 3\n"},
    /* one item */
    {"[panel p]\neach = a\n[line l]\ntable = {each}\n", "[panel p a]\n[line l a]\ntable = a\n"},
};

START_TEST(repeated_sections_are_as_if_they_were_written)
{
  struct Spec repeated, written;
  struct Error error = {0};
  ck_assert_msg(read_text(&repeated, equals[_i].repeated, &error), "%s", error.message);
  ck_assert_msg(read_text(&written, equals[_i].written, &error), "%s", error.message);
  char found[4096], expected[4096];
  describe_all(&repeated, found, sizeof found);
  describe_all(&written, expected, sizeof expected);
  ck_assert_str_eq(found, expected);
  spec_release(&repeated);
  spec_release(&written);
}
END_TEST

/* The figure's own width is there once; what it says with an item is in no figure but its copies.
 */
START_TEST(a_repeated_figure_keeps_what_it_has_once)
{
  struct Spec spec;
  struct Error error = {0};
  ck_assert_msg(read_text(&spec,
                          "[figure]\neach = a, b\nwidth = 3\ntable = {each}\n[line all]\ny = "
                          "{each}\n[panel p]\n",
                          &error),
                "%s", error.message);
  ck_assert_double_eq(spec_number(spec.figure, KEY_WIDTH), 3);
  ck_assert_ptr_null(spec_text(spec.figure, KEY_TABLE));
  static const char *const items[] = {"a", "a", "b", "b"}; /* the mark of all panels, the panel */
  int n = 0;
  for (size_t i = 0; i < spec.n_sections; i++) {
    const struct Section *section = spec.sections[i];
    if (section->kind == SECTION_FIGURE) continue;
    ck_assert_int_lt(n, LENGTH(items));
    ck_assert_str_eq(spec_text(section, KEY_TABLE), items[n]);
    ck_assert_str_eq(section->outer->name, items[n++]);
  }
  ck_assert_int_eq(n, LENGTH(items));
  spec_release(&spec);
}
END_TEST

static const struct {
  const char *text, *message;
} errors[] = {
    {"[panel p]\n[line l]\neach =\n", "3: each: the value is missing"},
    {"[panel p]\n[line l]\neach = ,\n", "3: each: an item of the list is empty"},
    {"[panel p]\n[line l]\neach = a, , b\n", "3: each: an item of the list is empty"},
    {"[panel p]\n[line l]\neach = a, {each}\n",
     "3: each: '{each}' cannot stand in a list of items"},
    {"[panel p]\n[line l]\neach = a, b\neach.label = A, B,\n",
     "4: each.label: an item of the list is empty"},
    {"[panel p]\n[line l]\neach.label = A\ny = y\neach = a, b\n",
     "3: each.label: expected 2 items, as many as 'each' has, found 1"},
    {"[figure]\neach = a\neach.color = blue, black\n[panel p]\n",
     "3: each.color: expected 1 items, as many as 'each' has, found 2"},
    {"[panel p]\neach.label = A\n[line l]\n", "2: each.label: needs 'each' beside it"},
    {"[figure]\neach.color = viridis\n[panel p]\n", "2: each.color: needs 'each' beside it"},
    {"[panel p]\neach = a, b\n[line l]\neach.label = A, B\n",
     "4: each.label: needs 'each' beside it"},
    {"[panel p]\n[line l]\neach = a, b\neach.color = blue, bleu\n",
     "4: each.color: expected viridis, or a list of these: blue vermillion green purple orange "
     "sky-blue black yellow grey light-grey #rrggbb; found 'bleu'"},
    {"[panel p]\n[line l]\ntable = {each}/t\n",
     "3: table: '{each}/t' is not in the reach of an 'each'"},
    {"[figure]\ntable = {each}/t\n[panel p]\neach = a\n",
     "2: table: '{each}/t' is not in the reach of an 'each'"},
    {"[panel p]\n[line l]\neach = a, b\n[line m]\nlabel = {each.label}\n",
     "5: label: '{each.label}' is not in the reach of an 'each'"},
    {"[panel p]\neach = a, b\n[panel q]\ntitle = {each}\n",
     "4: title: '{each}' is not in the reach of an 'each'"},
    {"[figure]\neach = a, b\n[panel p]\n[colors c]\nlabel = {each}\n",
     "5: label: '{each}' is not in the reach of an 'each'"},
    {"[figure]\neach = a, b\n[panel p]\neach = c, d\n",
     "4: each: cannot be nested in that of line 2"},
    {"[figure]\neach = a, b\n[panel p]\n[line l]\neach = c\n",
     "5: each: cannot be nested in that of line 2"},
    {"[panel p]\n[line l]\neach = c\n[panel q]\neach = a, b\n[line l]\n[line m]\neach = c\n",
     "8: each: cannot be nested in that of line 5"},
    {"[figure]\nfont = {each}\neach = a, b\n[panel p]\n",
     "2: font: is the same for all items, so '{each}' has no meaning"},
    {"[panel p]\n[line l]\neach = a, b\nlabel = {each.name}\n",
     "4: label: expected {each}, {each.label} or {each.color}, found '{each.name}'"},
    {"[panel p]\n[line l]\neach = a, b\ncolor = {each.color}\n",
     "4: color: {each.color} needs 'each.color' beside 'each'"},
    {"[panel p]\n[line l]\ny = y\n\neach = 1, thick\nstroke = {each}\n",
     "6: stroke: expected a number, found 'thick'"},
    {"[panel p]\n[line l]\neach = color, each\ncolor = {{each}}\n",
     "4: color: expected one of: blue vermillion green purple orange sky-blue black yellow grey "
     "light-grey #rrggbb; found '{color}'"},
    {"[panel p]\n[line l]\neach = a, a\n", "2: [line l a]: repeated, first on line 2"},
    {"[panel p]\n[line l]\neach = a, b\n[line l b]\n", "4: [line l b]: repeated, first on line 2"},
    {"[panel p b]\n[panel p]\neach = a, b\n", "2: [panel p b]: repeated, first on line 1"},
    {"[panel p]\n[colors c]\neach = a, b\n",
     "3: unknown key 'each'; [colors] takes: label scale min max ticks format map bar"},
};

START_TEST(what_cannot_be_repeated)
{
  struct Spec spec;
  struct Error error = {0};
  ck_assert_msg(!read_text(&spec, errors[_i].text, &error), "read: %s", errors[_i].text);
  spec_release(&spec);
  ck_assert_msg(strncmp(error.message, "figure.ini:", 11) == 0, "%s", error.message);
  ck_assert_str_eq(error.message + 11, errors[_i].message);
}
END_TEST

/* [figure] and ten times a copy of it, the panel and its 50 marks: the 30th mark of the tenth copy,
   on line 33, is one too many. */
START_TEST(more_copies_than_a_page_can_show)
{
  char text[1024] = "[figure]\neach = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n[panel p]\n";
  for (int i = 0; i < 50; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "[line %d]\n", i);
  struct Spec spec;
  struct Error error = {0};
  ck_assert(!read_text(&spec, text, &error));
  spec_release(&spec);
  ck_assert_str_eq(error.message, "figure.ini:33: more than 500 sections");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("each");
  TCase *tests = tcase_create("each");
  tcase_add_test(tests, items_are_between_commas_without_blanks);
  tcase_add_test(tests, a_text_has_the_item_in_its_places);
  tcase_add_test(tests, a_text_that_takes_no_item);
  tcase_add_test(tests, a_series_of_colours_is_along_the_map);
  tcase_add_loop_test(tests, repeated_sections_are_as_if_they_were_written, 0, LENGTH(equals));
  tcase_add_test(tests, a_repeated_figure_keeps_what_it_has_once);
  tcase_add_loop_test(tests, what_cannot_be_repeated, 0, LENGTH(errors));
  tcase_add_test(tests, more_copies_than_a_page_can_show);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
