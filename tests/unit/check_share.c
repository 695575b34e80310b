/* Programs that share the cores of a machine. Places belong to open files, so one process can
   act as several programs. */
#include "base/share.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/check_share.XXXXXX";

static void make_file(void)
{
  int descriptor = mkstemp(path);
  ck_assert_int_ge(descriptor, 0);
  close(descriptor);
}

static void remove_file(void)
{
  ck_assert_int_eq(unlink(path), 0);
  strcpy(path + strlen(path) - 6, "XXXXXX");
}

static struct Share join(void)
{
  struct Share share = {0};
  struct Error error = {0};
  ck_assert_msg(share_join(&share, path, &error), "%s", error.message);
  return share;
}

START_TEST(one_alone_has_everything)
{
  struct Share share = join();
  for (int total = 1; total <= 64; total++)
    ck_assert_int_eq(share_of(&share, total), total);
  share_leave(&share);
  share_leave(&share); /* harmless */
  ck_assert(!share.joined);
}
END_TEST

/* Shares are as equal as they can be, and add up to the total where nobody gets by with less. */
START_TEST(many_have_equal_shares)
{
  enum { MOST = 9 };
  struct Share shares[MOST];
  for (int n = 1; n <= MOST; n++) {
    shares[n - 1] = join();
    for (int total = 1; total <= 20; total++) {
      int sum = 0;
      for (int i = 0; i < n; i++) {
        int share = share_of(&shares[i], total);
        ck_assert_int_ge(share, 1);
        ck_assert_int_ge(share, total / n);
        ck_assert_int_le(share, (total + n - 1) / n);
        sum += share;
      }
      ck_assert_int_eq(sum, total > n ? total : n);
    }
  }
  for (int i = 0; i < MOST; i++)
    share_leave(&shares[i]);
}
END_TEST

START_TEST(who_leaves_gives_others_room)
{
  struct Share first = join(), second = join(), third = join();
  ck_assert_int_eq(share_of(&third, 6), 2);
  share_leave(&second);
  ck_assert_int_eq(share_of(&first, 7), 4);
  ck_assert_int_eq(share_of(&third, 7), 3);
  struct Share fourth = join();
  ck_assert_int_eq(fourth.place, 1); /* the one that is free again */
  ck_assert_int_eq(share_of(&first, 7) + share_of(&third, 7) + share_of(&fourth, 7), 7);
  share_leave(&first);
  share_leave(&third);
  ck_assert_int_eq(share_of(&fourth, 7), 7);
  share_leave(&fourth);
}
END_TEST

START_TEST(the_dead_are_not_counted)
{
  struct Share share = join();
  int ready[2];
  ck_assert_int_eq(pipe(ready), 0);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    struct Share other = {0};
    struct Error error = {0};
    char joined = share_join(&other, path, &error);
    if (write(ready[1], &joined, 1) == 1) pause();
    _exit(1);
  }
  char joined = 0;
  ck_assert_int_eq(read(ready[0], &joined, 1), 1);
  ck_assert(joined);
  ck_assert_int_eq(share_of(&share, 8), 4);
  ck_assert_int_eq(kill(child, SIGKILL), 0);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  ck_assert_int_eq(share_of(&share, 8), 8);
  share_leave(&share);
}
END_TEST

START_TEST(a_file_that_cannot_be_made_is_an_error)
{
  struct Share share = {0};
  struct Error error = {0};
  ck_assert(!share_join(&share, "/nowhere/cores", &error));
  ck_assert_str_eq(error.message, "/nowhere/cores: cannot create: No such file or directory");
  ck_assert(!share.joined);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("share");
  TCase *tests = tcase_create("share");
  tcase_add_checked_fixture(tests, make_file, remove_file);
  tcase_add_test(tests, one_alone_has_everything);
  tcase_add_test(tests, many_have_equal_shares);
  tcase_add_test(tests, who_leaves_gives_others_room);
  tcase_add_test(tests, the_dead_are_not_counted);
  tcase_add_test(tests, a_file_that_cannot_be_made_is_an_error);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
