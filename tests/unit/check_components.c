/* Singular values, principal components and effective ranks, of matrices whose
   decomposition is known. */
#include "measures/effective_ranks.h"
#include "measures/principal_components.h"
#include "measures/singular_values.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 24 };

static const double tolerance = 1e-12;

static void expect(double found, double expected)
{
  ck_assert_double_eq_tol(found, expected, tolerance * fmax(1, fabs(expected)));
}

/* ---- singular values ---- */

/* matrix[rows][columns] = sum over i < n of values[i] times waves i of two Fourier bases, turned.
 */
static void make(int rows, int columns, int n, const double *values, double *matrix)
{
  struct Error error;
  struct FourierBasis left, right;
  ck_assert(fourier_basis_init(&left, rows, &error));
  ck_assert(fourier_basis_init(&right, columns, &error));
  memset(matrix, 0, (size_t)(rows * columns) * sizeof *matrix);
  for (int i = 0; i < n; i++)
    for (int r = 0; r < rows; r++)
      for (int c = 0; c < columns; c++)
        matrix[r * columns + c] -=
            values[i] * left.rows[i * rows + r] * right.rows[(n - 1 - i) * columns + c];
  fourier_basis_release(&left);
  fourier_basis_release(&right);
}

static const int sizes[][2] = {{7, 12}, {12, 7}, {9, 9}, {1, 5}, {5, 1}, {2, 2}};

START_TEST(known_decompositions_are_found)
{
  int rows = sizes[_i][0], columns = sizes[_i][1], n = rows < columns ? rows : columns;
  double unordered[MOST], matrix[MOST * MOST], values[MOST], left[MOST * MOST], right[MOST * MOST];
  struct Error error;
  for (int i = 0; i < n; i++)
    unordered[i] = 1 + (i * 5) % n; /* the numbers 1 to n, as 5 divides no n */
  make(rows, columns, n, unordered, matrix);
  double copy[MOST * MOST];
  memcpy(copy, matrix, sizeof copy);
  ck_assert(singular_values_find((size_t)rows, (size_t)columns, copy, values, left, right, &error));
  for (int i = 0; i < n; i++)
    expect(values[i], n - i);
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) {
      double sum = 0;
      for (int i = 0; i < n; i++)
        sum += values[i] * left[r * n + i] * right[i * columns + c];
      expect(sum, matrix[r * columns + c]);
    }
  memcpy(copy, matrix, sizeof copy);
  ck_assert(singular_values_find((size_t)rows, (size_t)columns, copy, left, NULL, NULL, &error));
  for (int i = 0; i < n; i++)
    expect(left[i], n - i);
}
END_TEST

/* The entry of largest magnitude is positive, also where the same matrix is given with the other
   sign. */
START_TEST(the_largest_entry_is_positive)
{
  int rows = sizes[_i][0], columns = sizes[_i][1], n = rows < columns ? rows : columns;
  double matrix[2][MOST * MOST], values[MOST], left[2][MOST * MOST], right[2][MOST * MOST];
  struct Error error;
  for (int i = 0; i < rows * columns; i++)
    matrix[1][i] = -(matrix[0][i] = sin(i * i + 1.0) + 0.1 * i);
  for (int sign = 0; sign < 2; sign++) {
    ck_assert(singular_values_find((size_t)rows, (size_t)columns, matrix[sign], values, left[sign],
                                   right[sign], &error));
    for (int i = 0; i < n; i++) {
      double most = 0, least = 0;
      for (int r = 0; r < rows; r++) {
        most = fmax(most, left[sign][r * n + i]);
        least = fmin(least, left[sign][r * n + i]);
      }
      ck_assert_double_ge(most, -least);
    }
  }
  for (int i = 0; i < rows * n; i++)
    expect(left[1][i], left[0][i]);
  for (int i = 0; i < n * columns; i++)
    expect(right[1][i], -right[0][i]);
}
END_TEST

START_TEST(matrices_of_nothing)
{
  struct Error error;
  double value = 7, zeros[4] = {0}, values[2];
  ck_assert(singular_values_find(3, 0, &value, &value, NULL, NULL, &error));
  ck_assert_double_eq(value, 7);
  ck_assert(singular_values_find(2, 2, zeros, values, NULL, NULL, &error));
  ck_assert_double_eq(values[0], 0);
  ck_assert_double_eq(values[1], 0);
}
END_TEST

START_TEST(the_mean_row_is_taken_off)
{
  double matrix[] = {1, 10, 2, 20, 6, 60};
  static const double expected[] = {-2, -20, -1, -10, 3, 30};
  singular_values_centre(3, 2, matrix);
  for (int i = 0; i < 6; i++)
    expect(matrix[i], expected[i]);
}
END_TEST

START_TEST(effective_ranks)
{
  static const double equal[5] = {2, 2, 2, 2, 2}, one[3] = {4, 0, 0}, two[3] = {3, 3, 0},
                      uneven[2] = {3, 1}, zero[2] = {0, 0}, unknown[2] = {1, NAN};
  expect(singular_values_effective_rank(5, equal), 5);
  expect(singular_values_effective_rank(3, one), 1);
  expect(singular_values_effective_rank(3, two), 2);
  expect(singular_values_effective_rank(2, uneven), pow(4, 1) / pow(3, 0.75));
  ck_assert(isnan(singular_values_effective_rank(2, zero)));
  ck_assert(isnan(singular_values_effective_rank(2, unknown)));
  ck_assert(isnan(singular_values_effective_rank(0, zero)));
}
END_TEST

START_TEST(shares_of_variance)
{
  static const double values[3] = {3, 2, 1}, zero[1] = {0};
  expect(singular_values_share(3, values, 0), 0);
  expect(singular_values_share(3, values, 2), 13.0 / 14);
  expect(singular_values_share(3, values, 9), 1);
  ck_assert(isnan(singular_values_share(1, zero, 1)));
}
END_TEST

/* ---- an embedding of circles ---- */

enum { P = 11, D = 8 };

/* W_E[x] = 5 + 4 cos(w_2 x) in direction 0, 3 sin(w_2 x) in 1, 2 cos(w_5 x) in 2, sin(w_5 x) in the
   direction of 2 and 3: an ellipse and a sheared one, and a mean. */
static void embed(struct Parameters *parameters)
{
  struct Config config;
  struct Error error;
  config_init(&config);
  config.data.modulus = P;
  config.model.d_model = D;
  ck_assert(parameters_init(parameters, &config, &error));
  float *W = parameters_at(parameters, W_E);
  for (int x = 0; x < P; x++) {
    double of_2 = 2 * M_PI * 2 * x / P, of_5 = 2 * M_PI * 5 * x / P;
    W[x * D + 0] = (float)(5 + 4 * cos(of_2));
    W[x * D + 1] = (float)(3 * sin(of_2));
    W[x * D + 2] = (float)(2 * cos(of_5) + sin(of_5));
    W[x * D + 3] = (float)sin(of_5);
  }
  for (int i = 0; i < D; i++)
    W[P * D + i] = 100; /* "=" is no number */
}

START_TEST(components_of_an_embedding_of_circles)
{
  struct Parameters parameters;
  struct PrincipalComponents found;
  struct FourierBasis basis;
  struct Error error;
  embed(&parameters);
  ck_assert(fourier_basis_init(&basis, P, &error));
  ck_assert(principal_components_of_embedding(&found, &parameters, &error));
  ck_assert_uint_eq(found.n, D);
  /* of the sheared one: the singular values of ((2, 0), (1, 1)) */
  const double sheared[2] = {sqrt(3 + sqrt(5)), sqrt(3 - sqrt(5))};
  const double expected[4] = {4, 3, sheared[0], sheared[1]};
  for (int i = 0; i < 4; i++) {
    struct Dominance dominance = principal_components_dominance(&basis, &found, (size_t)i);
    ck_assert_double_eq_tol(found.values[i], expected[i] * sqrt(P / 2.0), 1e-5);
    ck_assert_int_eq(dominance.frequency, i < 2 ? 2 : 5);
    ck_assert_double_eq_tol(dominance.share, 1, 1e-6);
  }
  ck_assert_double_lt(found.values[4], 1e-5);
  /* token 0 is the one of the largest cosine: its entry is positive */
  for (int x = 0; x < P; x++)
    ck_assert_double_eq_tol(found.values[0] * found.patterns[(size_t)x * found.n],
                            4 * cos(2 * M_PI * 2 * x / P), 1e-5);
  principal_components_release(&found);
  fourier_basis_release(&basis);
  parameters_release(&parameters);
}
END_TEST

/* ---- when ranks fall ---- */

static struct SnapshotRanks at(double embedding, double map, double test_loss)
{
  return (struct SnapshotRanks){
      .W_E = {.effective_rank = embedding}, .W_L = {.effective_rank = map}, .test_loss = test_loss};
}

START_TEST(turns_of_ranks)
{
  /* (ln 100) / 2 is 2.30; the test loss is below it at first and falls below it again */
  const struct SnapshotRanks ranks[] = {at(50, 10, 2),   at(60, 20, 5), at(43, 15, 9),
                                        at(40, 12, 2.4), at(30, 12, 2), at(10, 12, 1)};
  static const int64_t epochs[] = {0, 10, 20, 30, 40, 50};
  struct RankTurns turns = effective_ranks_turns(ranks, epochs, 6, 100);
  ck_assert_double_eq(turns.W_E_quarter, 30); /* the first at most 50 - 40 / 4 */
  ck_assert(isnan(turns.W_L_quarter));        /* it has risen */
  ck_assert_double_eq(turns.test_halved, 40);
  turns = effective_ranks_turns(ranks, NULL, 6, 100);
  ck_assert(isnan(turns.W_E_quarter) && isnan(turns.test_halved));
  turns = effective_ranks_turns(ranks, epochs, 3, 100);
  ck_assert(isnan(turns.test_halved));
  ck_assert_double_eq(turns.W_E_quarter, 20);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("components");
  TCase *tests = tcase_create("components");
  const int n_sizes = (int)(sizeof sizes / sizeof *sizes);
  singular_values_threads(1);
  tcase_add_loop_test(tests, known_decompositions_are_found, 0, n_sizes);
  tcase_add_loop_test(tests, the_largest_entry_is_positive, 0, n_sizes);
  tcase_add_test(tests, matrices_of_nothing);
  tcase_add_test(tests, the_mean_row_is_taken_off);
  tcase_add_test(tests, effective_ranks);
  tcase_add_test(tests, shares_of_variance);
  tcase_add_test(tests, components_of_an_embedding_of_circles);
  tcase_add_test(tests, turns_of_ranks);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failures = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
