/* The list of runs as it is shown: widths, heights, and what is said of all. */
#include "listing/listing.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_ROWS = 8 };
static struct ListedRow rows[N_ROWS];
static bool wanted[N_RUN_STATES];

static const char *const names[N_ROWS] = {"zero", "one",  "two", "d\303\251cr\303\251ment",
                                          "four", "five", "six", "seven"};

static void make_rows(void)
{
  for (int i = 0; i < N_RUN_STATES; i++)
    wanted[i] = true;
  for (int i = 0; i < N_ROWS; i++)
    rows[i] = (struct ListedRow){.name = names[i],
                                 .status = {.state = i < 5 ? RUN_DONE : RUN_WAITING,
                                            .train_loss = NAN,
                                            .test_loss = NAN,
                                            .rate = NAN,
                                            .left = NAN,
                                            .since = NAN}};
}

/* What is printed; the caller frees it. The number of lines is as returned. */
static char *print(size_t n, int width, int height)
{
  char *text = NULL;
  size_t size = 0, lines = 0;
  FILE *stream = open_memstream(&text, &size);
  int said = listing_print(stream, rows, n, wanted, width, height);
  fclose(stream);
  for (const char *c = text; *c; c++)
    lines += *c == '\n';
  ck_assert_uint_eq(lines, (size_t)said);
  if (height > 2) ck_assert_uint_le(lines, (size_t)height);
  return text;
}

static size_t columns_in(const char *line)
{
  size_t columns = 0;
  for (; *line && *line != '\n'; line++)
    columns += (*line & 0xC0) != 0x80;
  return columns;
}

START_TEST(lines_are_cut_between_characters)
{
  char *whole = print(N_ROWS, 0, 0);
  for (int width = 1; width <= 120; width++) {
    char *text = print(N_ROWS, width, 0);
    const char *line = text, *uncut = whole;
    while (*line) {
      size_t length = strcspn(line, "\n"), full = strcspn(uncut, "\n");
      ck_assert_uint_le(columns_in(line), (size_t)width);
      ck_assert(length == full || columns_in(line) == (size_t)width);
      ck_assert_mem_eq(line, uncut, length);
      ck_assert(length == full || (uncut[length] & 0xC0) != 0x80);
      line += length + 1;
      uncut += full + 1;
    }
    free(text);
  }
  free(whole);
}
END_TEST

START_TEST(those_that_go_on_come_first_where_there_is_no_room_for_all)
{
  rows[6].status.state = RUN_TRAINING;
  rows[7].status.state = RUN_FAILED;
  char *text = print(N_ROWS, 0, 6);
  ck_assert_msg(strstr(text, "\nsix ") && strstr(text, "\nseven ") && strstr(text, "\nzero "), "%s",
                text);
  ck_assert(strstr(text, "\nsix ") < strstr(text, "\nzero "));
  ck_assert(!strstr(text, "\none "));
  ck_assert(strstr(text, "\nand 5 more\n5 done, 1 training, 1 failed, 1 waiting\n"));
  free(text);
  text = print(N_ROWS, 0, N_ROWS + 2); /* room for all */
  ck_assert(strstr(text, "\none ") < strstr(text, "\nsix "));
  ck_assert(!strstr(text, " more\n"));
  free(text);
  for (int height = 1; height <= 12; height++)
    free(print(N_ROWS, 0, height));
}
END_TEST

START_TEST(time_is_left_if_that_of_all_trainings_is_known)
{
  rows[0].status.state = rows[1].status.state = RUN_TRAINING;
  rows[0].status.left = 70;
  char *text = print(N_ROWS, 0, 0);
  ck_assert(strstr(text, "\n3 done, 2 training, 3 waiting\n"));
  free(text);
  rows[1].status.left = 200;
  text = print(N_ROWS, 0, 0);
  ck_assert(strstr(text, "waiting; about 3 min 20 s left for those in training\n"));
  free(text);
  text = print(1, 0, 0);
  ck_assert(strstr(text, "\n1 training; about 1 min 10 s left for the one in training\n"));
  free(text);
  rows[1].status.left = INFINITY;
  text = print(N_ROWS, 0, 0);
  ck_assert(strstr(text, "\n3 done, 2 training, 3 waiting\n"));
  free(text);
}
END_TEST

START_TEST(no_runs_are_no_table)
{
  char *text = print(0, 0, 0);
  ck_assert_str_eq(text, "no runs\n");
  free(text);
  for (int i = 0; i < N_RUN_STATES; i++)
    wanted[i] = i == RUN_STALE;
  text = print(N_ROWS, 0, 0);
  ck_assert_str_eq(text, "5 done, 3 waiting\n");
  free(text);
}
END_TEST

static const struct {
  double seconds;
  const char *age;
} ages[] = {{0, "0 s"},    {59.9, "59 s"},   {60, "1 min"},      {3599, "59 min"},
            {3600, "1 h"}, {172799, "47 h"}, {172800, "2 days"}, {864000, "10 days"}};

START_TEST(ages_are_rounded_down)
{
  rows[0].status.since = ages[_i].seconds;
  char *text = print(1, 0, 0), *line = strchr(text, '\n') + 1;
  line[strcspn(line, "\n")] = '\0';
  size_t length = strlen(line), own = strlen(ages[_i].age);
  ck_assert_msg(length > own && strcmp(line + length - own, ages[_i].age) == 0, "\"%s\"", line);
  free(text);
}
END_TEST

START_TEST(all_is_over_when_every_run_is_done_or_has_failed)
{
  ck_assert(!listing_is_over(rows, N_ROWS));
  ck_assert(listing_is_over(rows, 5));
  for (int state = 0; state < N_RUN_STATES; state++) {
    rows[2].status.state = (enum RunState)state;
    ck_assert_int_eq(listing_is_over(rows, 5), state == RUN_DONE || state == RUN_FAILED);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("listing");
  TCase *cases = tcase_create("listing");
  tcase_add_checked_fixture(cases, make_rows, NULL);
  tcase_add_test(cases, lines_are_cut_between_characters);
  tcase_add_test(cases, those_that_go_on_come_first_where_there_is_no_room_for_all);
  tcase_add_test(cases, time_is_left_if_that_of_all_trainings_is_known);
  tcase_add_test(cases, no_runs_are_no_table);
  tcase_add_loop_test(cases, ages_are_rounded_down, 0, (int)(sizeof ages / sizeof *ages));
  tcase_add_test(cases, all_is_over_when_every_run_is_done_or_has_failed);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
