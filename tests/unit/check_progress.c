/* Progress as it is shown: on terminals of several kinds and widths, and in logs. */
#include "base/progress.h"

#include <check.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int master; /* the terminal's other end, or that of a pipe */

/* From here on standard error is a terminal of that many columns. 0: it does not say how many. */
static void resize(int columns)
{
  struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
  ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
}

static void open_terminal(const char *type, int columns)
{
  struct termios raw;
  int slave;
  memset(&raw, 0, sizeof raw); /* bytes go through as they are */
  ck_assert_int_eq(openpty(&master, &slave, NULL, &raw, NULL), 0);
  ck_assert_int_eq(dup2(slave, STDERR_FILENO), STDERR_FILENO);
  close(slave);
  resize(columns);
  if (type)
    setenv("TERM", type, 1);
  else
    unsetenv("TERM");
}

static void open_pipe(void)
{
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  master = ends[0];
  ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
  close(ends[1]);
}

/* What has been said since the last time. A terminal passes bytes on when it finds the time: a mark
   behind them tells that all have come. */
static const char *heard(void)
{
  enum { MARK = 1 };
  static char text[8192];
  size_t length = 0;
  ck_assert_int_eq(fputc(MARK, stderr), MARK);
  while (length == 0 || text[length - 1] != MARK) {
    ssize_t got = read(master, text + length, sizeof text - length);
    ck_assert_int_gt(got, 0);
    length += (size_t)got;
  }
  text[length - 1] = '\0';
  return text;
}

#define BEGINNING "5 of 1000 epochs  train 0.125  test 4.5  " /* 41 columns */

static void show(struct Progress *progress, int64_t done)
{
  progress_show(progress, done, "train 0.125  test 4.5");
}

/* The line is rewritten, cut so that `columns` columns of text remain, or whole. */
static void assert_line(const char *text, size_t columns)
{
  ck_assert_msg(text[0] == '\r', "\"%s\"", text);
  const char *end = strstr(text, "\033[K");
  ck_assert_msg(end && strcmp(end, "\033[K") == 0, "\"%s\"", text);
  size_t length = (size_t)(end - text) - 1;
  size_t known = strlen(BEGINNING) < columns ? strlen(BEGINNING) : columns;
  ck_assert_uint_ge(length, known);
  ck_assert_mem_eq(text + 1, BEGINNING, known);
  if (columns < strlen(BEGINNING))
    ck_assert_uint_eq(length, columns);
  else
    ck_assert_ptr_nonnull(strstr(text, " left\033"));
}

START_TEST(a_line_is_cut_to_the_width_that_the_terminal_has_now)
{
  struct Progress progress;
  static const int widths[] = {40, 20, 200, 40, 1, 2};
  open_terminal("xterm", 80);
  progress_init(&progress, "epochs", 0, 1000, _i);
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
    resize(widths[i]);
    show(&progress, 5);
    assert_line(heard(), (size_t)widths[i] - 1);
  }
  progress_clear(&progress);
  ck_assert_str_eq(heard(), "\r\033[K");
}
END_TEST

static const struct {
  const char *columns; /* the variable */
  size_t width;
} widths_elsewhere[] = {{"30", 30}, {"200", 200}, {NULL, 80}, {"0", 80},
                        {"-5", 80}, {"wide", 80}, {"", 80},   {"99999999999", 80}};

START_TEST(a_terminal_that_does_not_say_its_width_has_that_of_COLUMNS)
{
  struct Progress progress;
  open_terminal("xterm", 0);
  if (widths_elsewhere[_i].columns)
    setenv("COLUMNS", widths_elsewhere[_i].columns, 1);
  else
    unsetenv("COLUMNS");
  progress_init(&progress, "epochs", 0, 1000, false);
  progress_show(&progress, 5, "train 0.125  test 4.5  and whatever else there may be to be told");
  const char *text = heard();
  size_t length = strcspn(text + 1, "\033");
  if (widths_elsewhere[_i].width <= 80)
    ck_assert_uint_eq(length, widths_elsewhere[_i].width - 1);
  else
    ck_assert_ptr_nonnull(strstr(text, " left\033[K"));
}
END_TEST

static void assert_plain_lines(const char *text, int n)
{
  for (int i = 1; i <= n; i++) {
    char beginning[64];
    snprintf(beginning, sizeof beginning, "%d of 1000 epochs  train 0.125  test 4.5  ",
             1000 / (n + 1) * i);
    ck_assert_msg(strncmp(text, beginning, strlen(beginning)) == 0, "\"%s\"", text);
    const char *end = strchr(text, '\n');
    ck_assert_ptr_nonnull(end);
    for (; text < end; text++)
      ck_assert_int_ge(*text, ' '); /* neither \r nor an escape sequence */
    text++;
  }
  ck_assert_str_eq(text, "");
}

static void work(struct Progress *progress)
{
  for (int64_t done = 1; done <= 1000; done++)
    if (progress_due(progress, done)) show(progress, done);
  progress_clear(progress);
}

START_TEST(a_terminal_whose_cursor_cannot_move_gets_plain_lines)
{
  static const char *const types[] = {"dumb", NULL, "", "unknown"};
  struct Progress progress;
  open_terminal(types[_i / 2], 40);
  progress_init(&progress, "epochs", 0, 1000, _i % 2);
  work(&progress);
  assert_plain_lines(heard(), 9);
}
END_TEST

START_TEST(a_log_gets_plain_lines_unless_all_is_to_be_quiet)
{
  struct Progress progress;
  open_pipe();
  setenv("TERM", "xterm", 1);
  progress_init(&progress, "epochs", 0, 1000, false);
  work(&progress);
  assert_plain_lines(heard(), 9);
  progress_init(&progress, "epochs", 0, 1000, true);
  work(&progress);
  ck_assert_str_eq(heard(), "");
}
END_TEST

/* The file has a line at every hundredth, whatever standard error is. */
START_TEST(a_file_gets_lines_of_its_own)
{
  struct Progress progress;
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  if (_i == 0)
    open_terminal("xterm", 40);
  else
    open_pipe();
  progress_init(&progress, "epochs", 0, 1000, _i == 2);
  progress_keep(&progress, file);
  work(&progress);
  fclose(file);
  assert_plain_lines(text, 99);
  if (_i == 0)
    ck_assert_int_eq(heard()[0], '\r');
  else if (_i == 1)
    assert_plain_lines(heard(), 9);
  else
    ck_assert_str_eq(heard(), "");
  free(text);
}
END_TEST

START_TEST(work_that_goes_on_is_divided_anew)
{
  struct Progress progress;
  open_pipe();
  progress_init(&progress, "snapshots", 95, 100, false);
  for (int64_t done = 95; done <= 100; done++)
    if (progress_due(&progress, done)) progress_show(&progress, done, "");
  const char *text = heard();
  for (int done = 96; done < 100; done++) {
    char beginning[64];
    snprintf(beginning, sizeof beginning, "%d of 100 snapshots  ", done);
    ck_assert_msg(strncmp(text, beginning, strlen(beginning)) == 0, "\"%s\"", text);
    text = strchr(text, '\n') + 1;
  }
  ck_assert_str_eq(text, "");
  progress_init(&progress, "snapshots", 100, 100, false);
  ck_assert(!progress_due(&progress, 100));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("progress");
  TCase *cases = tcase_create("progress");
  tcase_add_loop_test(cases, a_line_is_cut_to_the_width_that_the_terminal_has_now, 0, 2);
  tcase_add_loop_test(cases, a_terminal_that_does_not_say_its_width_has_that_of_COLUMNS, 0,
                      (int)(sizeof widths_elsewhere / sizeof *widths_elsewhere));
  tcase_add_loop_test(cases, a_terminal_whose_cursor_cannot_move_gets_plain_lines, 0, 8);
  tcase_add_test(cases, a_log_gets_plain_lines_unless_all_is_to_be_quiet);
  tcase_add_loop_test(cases, a_file_gets_lines_of_its_own, 0, 3);
  tcase_add_test(cases, work_that_goes_on_is_divided_anew);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
