/* Sums and products in a stated order, and pieces of work on several threads. */
#include "base/linear.h"
#include "base/parallel.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- sums ---- */

/* Terms whose sum depends on the order: 1e16 swallows a 1 that is added to it. */
static const double terms[] = {1, 1e16, 1, -1e16, 1}, ones[] = {1, 1, 1, 1, 1};
static const float single_terms[] = {1, 1e8F, 1, -1e8F, 3};

START_TEST(sums_are_taken_in_order)
{
  ck_assert(linear_dot(5, terms, ones) == 1);
  ck_assert(linear_mean(5, terms, 1) == 1 / 5.0);
  ck_assert(linear_mean(3, terms, 2) == 1);
  ck_assert(linear_dot_floats(5, ones, single_terms) == 5); /* exact in double precision */
  ck_assert(linear_squares_of_floats(5, single_terms) == 2e16 + 8);
}
END_TEST

START_TEST(norms_and_deviations)
{
  const double values[] = {3, 9, 4, 9, 2, 9};
  ck_assert(linear_norm(3, (const double[]){2, 3, 6}) == 7);
  ck_assert(linear_squared_deviation(3, values, 2) == 2);
  ck_assert(linear_squared_deviation(3, values + 1, 2) == 0);
  ck_assert(isnan(linear_mean(0, values, 1)));
}
END_TEST

START_TEST(rows_are_added_and_scaled)
{
  const float rows[] = {1, 2, 3, 5, 6, 7};
  double sum[] = {1, 10, 100}, wide[3], scaled[3], mean[3] = {9, 9, 9}, values[2];
  linear_widen(3, rows, wide);
  linear_add_scaled(3, 2, wide, sum);
  ck_assert(sum[0] == 3 && sum[1] == 14 && sum[2] == 106);
  linear_add_scaled_floats(3, -1, rows, sum);
  ck_assert(sum[0] == 2 && sum[1] == 12 && sum[2] == 103);
  linear_scale(3, 0.5, wide, scaled);
  ck_assert(scaled[0] == 0.5 && scaled[1] == 1 && scaled[2] == 1.5);
  linear_mean_row(2, 3, rows, mean);
  ck_assert(mean[0] == 3 && mean[1] == 4 && mean[2] == 5);
  linear_multiply(2, 3, rows, wide, values);
  ck_assert(values[0] == 14 && values[1] == 5 + 12 + 21);
}
END_TEST

/* ---- threads ---- */

enum { N_PIECES = 200 };

struct Pieces {
  int *done; /* [N_PIECES]: how often each was done */
  bool fails[N_PIECES];
  unsigned microseconds[N_PIECES]; /* that each takes */
};

static bool do_piece(const void *context, size_t index, struct Error *error)
{
  const struct Pieces *pieces = context;
#pragma omp atomic
  pieces->done[index]++;
  if (pieces->microseconds[index] > 0) usleep(pieces->microseconds[index]);
  return !pieces->fails[index] || error_set(error, "piece %zu", index);
}

START_TEST(every_piece_is_done_once)
{
  int done[N_PIECES] = {0};
  struct Pieces pieces = {.done = done};
  struct Error error;
  omp_set_num_threads(4);
  ck_assert(parallel_each(N_PIECES, do_piece, &pieces, &error));
  for (int i = 0; i < N_PIECES; i++)
    ck_assert_int_eq(done[i], 1);
  ck_assert(parallel_each(0, do_piece, &pieces, &error));
}
END_TEST

/* Those before it are done, whether it fails before or after the others. */
START_TEST(the_first_piece_that_fails_is_reported)
{
  omp_set_num_threads(4);
  for (int repetition = 0; repetition < 40; repetition++) {
    int done[N_PIECES] = {0};
    struct Pieces pieces = {.done = done};
    struct Error error;
    for (int i = 20; i < N_PIECES; i++) {
      pieces.fails[i] = true;
      pieces.microseconds[i] = (repetition % 2 == 0) == (i > 20) ? 3000 : 500;
    }
    ck_assert(!parallel_each(N_PIECES, do_piece, &pieces, &error));
    ck_assert_str_eq(error.message, "piece 20");
    for (int i = 0; i <= 20; i++)
      ck_assert_int_eq(done[i], 1);
  }
}
END_TEST

static bool count_threads(const void *context, size_t index, struct Error *error)
{
  (void)index, (void)error;
  int *const *threads = context;
  **threads = omp_get_num_threads();
  return true;
}

START_TEST(threads_are_at_most_as_many_as_wanted)
{
  struct Progress progress;
  struct Error error;
  int threads = 0, *found = &threads;
  omp_set_num_threads(4);
  progress_init(&progress, "pieces", 0, 1, true);
  ck_assert(parallel_each_shown(1, 2, &progress, count_threads, &found, &error));
  ck_assert_int_eq(threads, 2);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("linear");
  TCase *sums = tcase_create("sums"), *threads = tcase_create("threads");
  tcase_add_test(sums, sums_are_taken_in_order);
  tcase_add_test(sums, norms_and_deviations);
  tcase_add_test(sums, rows_are_added_and_scaled);
  suite_add_tcase(suite, sums);
  tcase_add_test(threads, every_piece_is_done_once);
  tcase_add_test(threads, the_first_piece_that_fails_is_reported);
  tcase_add_test(threads, threads_are_at_most_as_many_as_wanted);
  suite_add_tcase(suite, threads);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failures = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
