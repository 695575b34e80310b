/* The Fourier basis, its transforms, and projections on the directions of a + b and a - b, against
   the formulas written out with the C library's cosine. */
#include "fourier/basis.h"
#include "fourier/directions.h"
#include "fourier/logarithms.h"
#include "fourier/transform.h"

#include "base/memory.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* sums of at most a few thousand terms of magnitude 1 in double precision */
static const double rounding = 1e-11;

static const int moduli[] = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 59, 113};
enum { N_MODULI = sizeof moduli / sizeof *moduli };

static const double pi = 3.14159265358979323846;

static double cos_w(int p, int k, int x)
{
  return cos(2 * pi * k * x / p);
}

static double sin_w(int p, int k, int x)
{
  return sin(2 * pi * k * x / p);
}

static struct FourierBasis new_basis(int p)
{
  struct FourierBasis basis;
  struct Error error;
  ck_assert_msg(fourier_basis_init(&basis, p, &error), "%s", error.message);
  return basis;
}

static double *new_doubles(size_t n)
{
  struct Error error;
  double *values = memory_new(n, sizeof *values, "test", &error);
  ck_assert_ptr_nonnull(values);
  return values;
}

/* Pseudo-random numbers in [-1, 1). */
static double noise(unsigned *state)
{
  *state = *state * 1664525u + 1013904223u;
  return (double)(*state >> 8) / (1 << 23) - 1;
}

START_TEST(rows_are_orthonormal)
{
  int p = moduli[_i];
  struct FourierBasis basis = new_basis(p);
  for (int i = 0; i < p; i++)
    for (int j = 0; j < p; j++) {
      double product = 0;
      for (int x = 0; x < p; x++)
        product += basis.rows[i * p + x] * basis.rows[j * p + x];
      ck_assert_double_eq_tol(product, i == j, 1e-14);
    }
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(rows_are_cosines_and_sines)
{
  int p = moduli[_i];
  struct FourierBasis basis = new_basis(p);
  ck_assert_int_eq(basis.n_frequencies, p / 2);
  for (int x = 0; x < p; x++) {
    ck_assert_double_eq_tol(basis.rows[x], 1 / sqrt(p), 1e-15);
    for (int k = 1; 2 * k < p; k++) {
      ck_assert_double_eq_tol(basis.rows[(2 * k - 1) * p + x], sqrt(2.0 / p) * cos_w(p, k, x),
                              1e-13);
      ck_assert_double_eq_tol(basis.rows[2 * k * p + x], sqrt(2.0 / p) * sin_w(p, k, x), 1e-13);
    }
    if (p % 2 == 0)
      ck_assert_double_eq_tol(basis.rows[(p - 1) * p + x], (x % 2 ? -1 : 1) / sqrt(p), 1e-15);
  }
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(components_and_frequencies_belong_together)
{
  int p = moduli[_i], seen = 0;
  for (int k = 0; k <= p / 2; k++) {
    int components[2];
    int n = fourier_components(p, k, components);
    ck_assert_int_eq(n, k == 0 || 2 * k == p ? 1 : 2);
    for (int i = 0; i < n; i++) {
      ck_assert_int_eq(components[i], seen++);
      ck_assert_int_eq(fourier_frequency(components[i]), k);
      ck_assert_int_eq(fourier_is_sine(components[i]), i == 1);
    }
  }
  ck_assert_int_eq(seen, p);
}
END_TEST

START_TEST(two_frequencies_give_their_components)
{
  enum { P = 59 };
  struct FourierBasis basis = new_basis(P);
  double f[P][2], components[P][2], norms[P];
  for (int x = 0; x < P; x++) {
    f[x][0] = 3 + 2 * cos_w(P, 7, x) - sin_w(P, 29, x);
    f[x][1] = 4 * cos_w(P, 7, x);
  }
  fourier_transform(&basis, &f[0][0], 2, &components[0][0]);
  fourier_norms(&components[0][0], P, 2, norms);
  for (int i = 0; i < P; i++) {
    double first = i == 0    ? 3 * sqrt(P)
                   : i == 13 ? 2 * sqrt(P / 2.0)
                   : i == 58 ? -sqrt(P / 2.0)
                             : 0;
    double second = i == 13 ? 4 * sqrt(P / 2.0) : 0;
    ck_assert_double_eq_tol(components[i][0], first, rounding);
    ck_assert_double_eq_tol(components[i][1], second, rounding);
    ck_assert_double_eq_tol(norms[i], hypot(first, second), rounding);
  }
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(transform_keeps_squares_and_goes_back)
{
  size_t p = (size_t)moduli[_i], channels = 300; /* more than one tile */
  struct FourierBasis basis = new_basis((int)p);
  double *f = new_doubles(p * channels), *components = new_doubles(p * channels);
  double *back = new_doubles(p * channels);
  unsigned state = 1;
  for (size_t i = 0; i < p * channels; i++)
    f[i] = noise(&state);
  fourier_transform(&basis, f, channels, components);
  fourier_inverse(&basis, components, channels, NULL, back);
  for (size_t c = 0; c < channels; c++) {
    double squares = 0, squared_components = 0;
    for (size_t x = 0; x < p; x++) {
      squares += f[x * channels + c] * f[x * channels + c];
      squared_components += components[x * channels + c] * components[x * channels + c];
      ck_assert_double_eq_tol(back[x * channels + c], f[x * channels + c], rounding);
    }
    ck_assert_double_eq_tol(squared_components, squares, rounding);
  }
  free(f);
  free(components);
  free(back);
  fourier_basis_release(&basis);
}
END_TEST

/* Whole blocks of channels, single vectors and single channels. */
START_TEST(a_component_is_a_sum_in_order_of_x)
{
  static const size_t numbers[] = {1, 3, 4, 7, 16, 23, 37};
  int p = moduli[_i];
  struct FourierBasis basis = new_basis(p);
  unsigned state = 5;
  for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
    size_t channels = numbers[n], size = (size_t)p * channels;
    double *f = new_doubles(size), *components = new_doubles(size);
    for (size_t i = 0; i < size; i++)
      f[i] = noise(&state);
    fourier_transform(&basis, f, channels, components);
    for (size_t i = 0; i < size; i++) {
      double sum = 0;
      for (size_t x = 0; x < (size_t)p; x++)
        sum += basis.rows[i / channels * (size_t)p + x] * f[x * channels + i % channels];
      ck_assert_mem_eq(&components[i], &sum, sizeof sum);
    }
    free(components);
    free(f);
  }
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(inverse_keeps_the_chosen_frequencies)
{
  enum { P = 12 };
  struct FourierBasis basis = new_basis(P);
  double f[P], components[P], kept[P];
  bool chosen[P / 2 + 1] = {[0] = true, [2] = true, [6] = true};
  for (int x = 0; x < P; x++)
    f[x] = 1 + 2 * sin_w(P, 2, x) + 3 * cos_w(P, 3, x) + 4 * cos_w(P, 6, x) - sin_w(P, 5, x);
  fourier_transform(&basis, f, 1, components);
  fourier_inverse(&basis, components, 1, chosen, kept);
  for (int x = 0; x < P; x++)
    ck_assert_double_eq_tol(kept[x], 1 + 2 * sin_w(P, 2, x) + 4 * cos_w(P, 6, x), rounding);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(a_product_of_two_waves_is_one_component_of_the_grid)
{
  enum { P = 13 };
  struct FourierBasis basis = new_basis(P);
  double f[P][P][2], work[P][P][2], components[P][P][2];
  for (int a = 0; a < P; a++)
    for (int b = 0; b < P; b++) {
      f[a][b][0] = cos_w(P, 3, a) * sin_w(P, 5, b);
      f[a][b][1] = 2 * sin_w(P, 6, a);
    }
  fourier_transform_grid(&basis, &f[0][0][0], 2, &work[0][0][0], &components[0][0][0]);
  for (int i = 0; i < P; i++)
    for (int j = 0; j < P; j++) {
      ck_assert_double_eq_tol(components[i][j][0], i == 5 && j == 10 ? P / 2.0 : 0, rounding);
      ck_assert_double_eq_tol(components[i][j][1], i == 12 && j == 0 ? 2 * P / sqrt(2) : 0,
                              rounding);
    }
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(folding_takes_the_mean_over_pairs_of_one_residue)
{
  enum { P = 5, STRIDE = 3, CHANNELS = 2 };
  float f[P * P * STRIDE];
  double sum[P][CHANNELS], difference[P][CHANNELS];
  for (int pair = 0; pair < P * P; pair++) {
    int a = pair / P, b = pair % P;
    f[pair * STRIDE] = (float)((a + b) % P);
    f[pair * STRIDE + 1] = (float)((a - b + P) % P);
    f[pair * STRIDE + 2] = 1e9f; /* after the channels: must not be used */
  }
  directions_fold(P, DIRECTION_SUM, f, STRIDE, CHANNELS, &sum[0][0]);
  directions_fold(P, DIRECTION_DIFFERENCE, f, STRIDE, CHANNELS, &difference[0][0]);
  for (int s = 0; s < P; s++) {
    /* over the pairs of one sum the difference takes each value once, and vice versa */
    ck_assert_double_eq_tol(sum[s][0], s, 1e-14);
    ck_assert_double_eq_tol(sum[s][1], 2, 1e-14);
    ck_assert_double_eq_tol(difference[s][0], 2, 1e-14);
    ck_assert_double_eq_tol(difference[s][1], s, 1e-14);
  }
}
END_TEST

/* direction[a][b]: for odd p and a + b (cos x cos - sin x sin)/sqrt(2) or (sin x cos + cos x
   sin)/sqrt(2) of the rows; in general the wave itself, normalised by its own norm. */
static void fill_direction(double *direction, int p, enum DirectionSign sign, int k, bool sine)
{
  double squares = 0;
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      int s = a + (int)sign * b;
      direction[a * p + b] = sine ? sin_w(p, k, s) : cos_w(p, k, s);
      squares += direction[a * p + b] * direction[a * p + b];
    }
  for (int i = 0; i < p * p; i++)
    direction[i] = squares > 1e-9 ? direction[i] / sqrt(squares) : 0;
}

START_TEST(directions_are_those_of_the_rows)
{
  enum { P = 11, K = 4 };
  struct FourierBasis basis = new_basis(P);
  const double *c = basis.rows + (2 * K - 1) * P, *s = basis.rows + 2 * K * P;
  double cosine[P * P], sine[P * P];
  fill_direction(cosine, P, DIRECTION_SUM, K, false);
  fill_direction(sine, P, DIRECTION_SUM, K, true);
  for (int a = 0; a < P; a++)
    for (int b = 0; b < P; b++) {
      ck_assert_double_eq_tol(cosine[a * P + b], (c[a] * c[b] - s[a] * s[b]) / sqrt(2), rounding);
      ck_assert_double_eq_tol(sine[a * P + b], (s[a] * c[b] + c[a] * s[b]) / sqrt(2), rounding);
    }
  fourier_basis_release(&basis);
}
END_TEST

/* Adds the projection of f on one direction, in the space of pairs. */
static void add_projection(double *projection, const float *f, const double *direction, int p)
{
  double coefficient = 0;
  for (int i = 0; i < p * p; i++)
    coefficient += direction[i] * (double)f[i];
  for (int i = 0; i < p * p; i++)
    projection[i] += coefficient * direction[i];
}

static void check_projection(int p, enum DirectionSign sign)
{
  size_t n = (size_t)p * (size_t)p;
  struct FourierBasis basis = new_basis(p);
  float *f = calloc(n, sizeof *f);
  double *direction = new_doubles(n), *naive = new_doubles(n), *work = new_doubles(3 * (size_t)p);
  bool *chosen = calloc((size_t)p, sizeof *chosen);
  unsigned state = 7;
  for (size_t i = 0; i < n; i++)
    f[i] = (float)noise(&state);
  for (int k = 1; k <= p / 2; k += 2) {
    chosen[k] = true;
    for (int sine = 0; sine < 2; sine++) {
      fill_direction(direction, p, sign, k, sine);
      add_projection(naive, f, direction, p);
    }
  }
  double *folded = work, *components = work + p, *projection = components + p;
  directions_fold(p, sign, f, 1, 1, folded);
  fourier_transform(&basis, folded, 1, components);
  fourier_inverse(&basis, components, 1, chosen, projection);
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++)
      ck_assert_double_eq_tol(projection[direction_residue(p, sign, a, b)], naive[a * p + b],
                              rounding);
  free(f);
  free(direction);
  free(naive);
  free(work);
  free(chosen);
  fourier_basis_release(&basis);
}

START_TEST(projection_by_residue_is_projection_among_pairs)
{
  check_projection(moduli[_i], DIRECTION_SUM);
  check_projection(moduli[_i], DIRECTION_DIFFERENCE);
}
END_TEST

/* ---- discrete logarithms ---- */

static const struct {
  int p, root; /* the least primitive root, from tables of them */
} roots[] = {{3, 2},  {5, 2},  {7, 3},   {13, 2},   {23, 5},
             {41, 6}, {59, 2}, {113, 3}, {191, 19}, {401, 3}};
enum { N_ROOTS = sizeof roots / sizeof *roots };

START_TEST(logarithms_are_those_to_the_least_primitive_root)
{
  int p = roots[_i].p;
  struct Logarithms logarithms;
  struct Error error;
  ck_assert_msg(logarithms_init(&logarithms, p, &error), "%s", error.message);
  ck_assert_int_eq(logarithms.p, p);
  ck_assert_int_eq(logarithms.root, roots[_i].root);
  ck_assert_int_eq(logarithms.power[0], 1);
  ck_assert_int_eq(logarithms.logarithm[0], -1);
  for (int i = 0; i < p - 1; i++) {
    int next = logarithms.power[(i + 1) % (p - 1)];
    ck_assert_int_eq(next, logarithms.power[i] * logarithms.root % p);
    ck_assert_int_eq(logarithms.logarithm[logarithms.power[i]], i); /* so all powers differ */
  }
  for (int x = 1; x < p; x++)
    ck_assert_int_eq(logarithms.power[logarithms.logarithm[x]], x);
  logarithms_release(&logarithms);
}
END_TEST

START_TEST(logarithms_need_an_odd_prime)
{
  static const int others[] = {0, 1, 2, 4, 9, 12, 25, 91, 112, 121};
  struct Logarithms logarithms;
  struct Error error;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    char expected[64];
    snprintf(expected, sizeof expected, "data.modulus is %d: ", others[i]);
    ck_assert(!logarithms_init(&logarithms, others[i], &error));
    ck_assert_ptr_eq(strstr(error.message, expected), error.message);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("fourier");
  TCase *basis = tcase_create("basis");
  tcase_add_loop_test(basis, rows_are_orthonormal, 0, N_MODULI);
  tcase_add_loop_test(basis, rows_are_cosines_and_sines, 0, N_MODULI);
  tcase_add_loop_test(basis, components_and_frequencies_belong_together, 0, N_MODULI);
  suite_add_tcase(suite, basis);
  TCase *transform = tcase_create("transform");
  tcase_add_test(transform, two_frequencies_give_their_components);
  tcase_add_loop_test(transform, transform_keeps_squares_and_goes_back, 0, N_MODULI);
  tcase_add_loop_test(transform, a_component_is_a_sum_in_order_of_x, 0, N_MODULI);
  tcase_add_test(transform, inverse_keeps_the_chosen_frequencies);
  tcase_add_test(transform, a_product_of_two_waves_is_one_component_of_the_grid);
  suite_add_tcase(suite, transform);
  TCase *directions = tcase_create("directions");
  tcase_add_test(directions, folding_takes_the_mean_over_pairs_of_one_residue);
  tcase_add_test(directions, directions_are_those_of_the_rows);
  tcase_add_loop_test(directions, projection_by_residue_is_projection_among_pairs, 0, N_MODULI);
  suite_add_tcase(suite, directions);
  TCase *logarithms = tcase_create("logarithms");
  tcase_add_loop_test(logarithms, logarithms_are_those_to_the_least_primitive_root, 0, N_ROOTS);
  tcase_add_test(logarithms, logarithms_need_an_odd_prime);
  suite_add_tcase(suite, logarithms);

  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
