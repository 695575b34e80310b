/* How many cores and threads there are: quotas of control groups as files of a folder. */
#include "base/cores.h"
#include "base/threads.h"

#include <check.h>
#include <limits.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- quotas ---- */

static char root[] = "/tmp/check_threads.XXXXXX";

static void run_command(const char *format, const char *argument)
{
  char command[256];
  snprintf(command, sizeof command, format, argument);
  ck_assert_int_eq(system(command), 0);
}

static void enter_root(void)
{
  ck_assert_ptr_nonnull(mkdtemp(root));
  ck_assert_int_eq(chdir(root), 0);
}

static void leave_root(void)
{
  ck_assert_int_eq(chdir("/"), 0);
  run_command("rm -r %s", root);
}

/* What /proc/self/cgroup says, and up to three files below /sys/fs/cgroup with what they say. */
static const struct {
  int cores;
  const char *groups, *files[3][2];
} quotas[] = {
    /* version 2 */
    {1, "0::/\n", {{"cpu.max", "100000 100000\n"}}},
    {2, "0::/job\n", {{"job/cpu.max", "200000 100000\n"}}},
    {2, "0::/job\n", {{"job/cpu.max", "150000 100000\n"}}}, /* rounded up */
    {1, "0::/job\n", {{"job/cpu.max", "1000 100000\n"}}},
    {8, "0::/job\n", {{"job/cpu.max", "80000 10000\n"}}},
    {INT_MAX, "0::/job\n", {{"job/cpu.max", "max 100000\n"}}},
    {INT_MAX, "0::/job\n", {{"job/cpu.max", "9223372036854775807 1\n"}}},
    {INT_MAX, "0::/job\n", {{"job/memory.max", "1\n"}}},
    {INT_MAX, "0::/job\n", {{"other/cpu.max", "100000 100000\n"}}},
    /* the smallest of the group and those above it */
    {3, "0::/a/b\n", {{"cpu.max", "600000 100000"}, {"a/cpu.max", "300000 100000"}}},
    {1, "0::/a/b\n", {{"a/cpu.max", "300000 100000"}, {"a/b/cpu.max", "100000 100000"}}},
    {3, "0::/a/b\n", {{"a/cpu.max", "300000 100000"}, {"a/b/cpu.max", "max 100000"}}},
    /* the path is the machine's, what is mounted is the container's own group */
    {2, "0::/docker/9f1b\n", {{"cpu.max", "200000 100000"}}},
    {2, "0::/../job\n", {{"cpu.max", "200000 100000"}}},
    /* version 1 */
    {2,
     "7:memory:/\n4:cpu,cpuacct:/job\n1:name=systemd:/\n",
     {{"cpu/job/cpu.cfs_quota_us", "200000\n"}, {"cpu/job/cpu.cfs_period_us", "100000\n"}}},
    {1,
     "4:cpuacct,cpu:/job\n",
     {{"cpu/cpu.cfs_quota_us", "50000\n"}, {"cpu/cpu.cfs_period_us", "100000\n"}}},
    {INT_MAX,
     "4:cpu:/job\n",
     {{"cpu/job/cpu.cfs_quota_us", "-1\n"}, {"cpu/job/cpu.cfs_period_us", "100000\n"}}},
    {INT_MAX,
     "4:cpuset,cpuacct:/job\n", /* the controller is another one */
     {{"cpu/job/cpu.cfs_quota_us", "100000\n"}, {"cpu/job/cpu.cfs_period_us", "100000\n"}}},
    {INT_MAX, "4:cpu:/job\n", {{"cpu/job/cpu.cfs_quota_us", "100000\n"}}},
    /* both at once */
    {1,
     "1:cpu:/job\n0::/job\n",
     {{"cpu/job/cpu.cfs_quota_us", "100000\n"},
      {"cpu/job/cpu.cfs_period_us", "100000\n"},
      {"job/cpu.max", "200000 100000\n"}}},
    /* what says nothing */
    {INT_MAX, "", {{"cpu.max", "100000 100000\n"}}},
    {INT_MAX, "0\n0:\n:\n\n", {{"cpu.max", "100000 100000\n"}}},
    {INT_MAX, "0::/\n", {{"cpu.max", ""}}},
    {INT_MAX, "0::/\n", {{"cpu.max", "100000\n"}}},
    {INT_MAX, "0::/\n", {{"cpu.max", "0 100000\n"}}},
    {INT_MAX, "0::/\n", {{"cpu.max", "100000 0\n"}}},
    {INT_MAX, "0::/\n", {{"cpu.max", "-5 -5\n"}}},
};

static void write_file(const char *folder, const char *name, const char *text)
{
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  run_command("mkdir -p $(dirname %s)", path);
  FILE *stream = fopen(path, "w");
  ck_assert_ptr_nonnull(stream);
  fputs(text, stream);
  ck_assert_int_eq(fclose(stream), 0);
}

START_TEST(a_quota_is_the_smallest_of_the_groups)
{
  write_file("proc/self", "cgroup", quotas[_i].groups);
  for (int i = 0; i < 3 && quotas[_i].files[i][0]; i++)
    write_file("sys/fs/cgroup", quotas[_i].files[i][0], quotas[_i].files[i][1]);
  ck_assert_int_eq(cores_quota("."), quotas[_i].cores);
  ck_assert_int_eq(cores_quota(root), quotas[_i].cores);
}
END_TEST

START_TEST(without_control_groups_there_is_no_quota)
{
  ck_assert_int_eq(cores_quota(root), INT_MAX);
}
END_TEST

/* ---- cores and threads ---- */

START_TEST(cores_are_those_of_the_affinity_mask)
{
  cpu_set_t mask, one;
  ck_assert_int_eq(sched_getaffinity(0, sizeof mask, &mask), 0);
  ck_assert_int_ge(cores_available(), 1);
  ck_assert_int_le(cores_available(), CPU_COUNT(&mask));
  CPU_ZERO(&one);
  for (size_t core = 0; CPU_COUNT(&one) == 0; core++)
    if (CPU_ISSET(core, &mask)) CPU_SET(core, &one);
  ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
  ck_assert_int_eq(cores_available(), 1);
}
END_TEST

START_TEST(threads_are_set_for_all_that_follows)
{
  struct Error error;
  ck_assert(threads_set("3", &error));
  ck_assert_int_eq(omp_get_max_threads(), 3);
  ck_assert(threads_set("1024", &error));
  ck_assert_int_eq(omp_get_max_threads(), 1024);
  ck_assert(threads_set("1", &error));
  static const char *const wrong[] = {"0", "-1", "1025", "2.0", "two", ""};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    ck_assert(!threads_set(wrong[i], &error));
    ck_assert_ptr_nonnull(strstr(error.message, "--threads: expected an integer from 1 to 1024"));
    ck_assert_int_eq(omp_get_max_threads(), 1);
  }
}
END_TEST

START_TEST(without_a_number_there_are_as_many_threads_as_cores)
{
  struct Error error;
  unsetenv("OMP_NUM_THREADS");
  omp_set_num_threads(1000);
  ck_assert(threads_set(NULL, &error));
  ck_assert_int_eq(omp_get_max_threads(), cores_available());
  setenv("OMP_NUM_THREADS", "1000", true);
  omp_set_num_threads(1000);
  ck_assert(threads_set(NULL, &error));
  ck_assert_int_eq(omp_get_max_threads(), 1000);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("threads");
  TCase *files = tcase_create("quotas");
  tcase_add_checked_fixture(files, enter_root, leave_root);
  tcase_add_loop_test(files, a_quota_is_the_smallest_of_the_groups, 0,
                      (int)(sizeof quotas / sizeof *quotas));
  tcase_add_test(files, without_control_groups_there_is_no_quota);
  suite_add_tcase(suite, files);
  TCase *threads = tcase_create("threads");
  tcase_add_test(threads, cores_are_those_of_the_affinity_mask);
  tcase_add_test(threads, threads_are_set_for_all_that_follows);
  tcase_add_test(threads, without_a_number_there_are_as_many_threads_as_cores);
  suite_add_tcase(suite, threads);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
