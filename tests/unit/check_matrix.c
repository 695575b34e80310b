/* Matrix products: every element must equal its chain of fused multiply-adds, flushed, bit for
   bit. */
#include "width.h"

#include "base/memory.h"
#include "engine/factored/matrix.h"
#include "engine/factored/vector.h"
#include "network/flush.h"
#include "network/random.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 3 }; /* floats after each row that no product may touch */

/* Random numbers of magnitude about `scale`. */
static float *draw_scaled(const char *name, size_t count, float scale)
{
  struct Error error;
  float *values = memory_new(count, sizeof *values, name, &error);
  ck_assert_msg(values != NULL, "%s", error.message);
  for (size_t i = 0; i < count; i++)
    values[i] = scale * (float)random_normal(1, name, i);
  return values;
}

static float *draw(const char *name, size_t count)
{
  return draw_scaled(name, count, 1.0f);
}

/* A matrix [rows, columns] of random numbers, in strips; the caller frees matrix.at. */
static struct Matrix draw_strips(const char *name, size_t rows, size_t columns)
{
  return matrix_in_strips(draw(name, matrix_strips_size(rows, columns)), rows);
}

typedef void Product(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B,
                     enum MatrixInto into, float *C, size_t ldc);

/* C initially has magnitude about `scale`. The product may touch `room` of its columns. */
static void expect_chains_in(size_t ldc, size_t room, Product *multiply, size_t M, size_t N,
                             size_t K, struct Matrix A, struct Matrix B, enum MatrixInto into,
                             float scale)
{
  float *c = draw_scaled("C", M * ldc, scale), *start = draw_scaled("C", M * ldc, scale);
  multiply(M, N, K, A, B, into, c, ldc);
  for (size_t i = 0; i < M; i++)
    for (size_t j = 0; j < ldc; j++) {
      if (j >= N && j < room) continue;
      float expected = j >= N || into == MATRIX_ADD ? start[i * ldc + j] : 0.0f;
      for (size_t k = 0; j < N && k < K; k++)
        expected = fmaf(*matrix_at(A, i, k), *matrix_at(B, k, j), expected);
      if (j < N) expected = flush(expected);
      if (memcmp(&expected, &c[i * ldc + j], sizeof expected) != 0)
        ck_abort_msg("%zu x %zu x %zu, element (%zu, %zu): %.9g, expected %.9g", M, N, K, i, j,
                     (double)c[i * ldc + j], (double)expected);
    }
  free(c);
  free(start);
}

static void expect_chains(Product *multiply, size_t M, size_t N, size_t K, struct Matrix A,
                          struct Matrix B, enum MatrixInto into, float scale)
{
  size_t ldc = N + GUARD;
  expect_chains_in(ldc, N, multiply, M, N, K, A, B, into, scale);
}

static void expect_chain(Product *multiply, size_t M, size_t N, size_t K, bool turn_a, bool turn_b,
                         enum MatrixInto into)
{
  size_t lda = (turn_a ? M : K) + GUARD, ldb = (turn_b ? K : N) + GUARD;
  const float scales[] = {1.0f, SMALLEST / 4}; /* of C; with the second, some results are flushed */
  for (size_t i = 0; i < 2; i++) {
    float *a = draw_scaled("A", (turn_a ? K : M) * lda, scales[i]);
    float *b = draw("B", (turn_b ? N : K) * ldb);
    expect_chains(multiply, M, N, K, turn_a ? matrix_transposed(a, lda) : matrix_plain(a, lda),
                  turn_b ? matrix_transposed(b, ldb) : matrix_plain(b, ldb), into, scales[i]);
    free(a);
    free(b);
  }
}

/* A product with a B that is packed first, in parallel. */
static void multiply_packed(bool sparse, size_t M, size_t N, size_t K, struct Matrix A,
                            struct Matrix B, enum MatrixInto into, float *C, size_t ldc)
{
  struct PackedMatrix packed;
  struct Error error;
  ck_assert_msg(packed_matrix_init(&packed, K, N, sparse, &error), "%s", error.message);
  packed_matrix_fill(&packed, B);
  matrix_multiply_packed(M, A, &packed, into, C, ldc);
  packed_matrix_release(&packed);
}

static void packed_product(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B,
                           enum MatrixInto into, float *C, size_t ldc)
{
  multiply_packed(false, M, N, K, A, B, into, C, ldc);
}

static void packed_sparse_product(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B,
                                  enum MatrixInto into, float *C, size_t ldc)
{
  multiply_packed(true, M, N, K, A, B, into, C, ldc);
}

/* Sizes around every edge: blocks of up to 12 rows, panels of 16 and 32 columns, up to 4 last
   columns in blocks of 16 and 32 rows, transposed blocks of 8, chunks of 128; of sparse products,
   panels of 112 and 128 columns, chunks of 64, blocks of 32 x 32. */
static const size_t sizes[][3] = {
    {1, 1, 1},      {1, 1, 300},   {3, 16, 8},    {4, 32, 9},    {5, 31, 7},    {6, 17, 255},
    {7, 33, 256},   {11, 48, 257}, {12, 15, 16},  {13, 64, 31},  {17, 31, 20},  {23, 8, 513},
    {25, 114, 128}, {37, 100, 64}, {64, 632, 32}, {130, 2, 114}, {2, 130, 600}, {70, 114, 512},
    {33, 1, 36},    {47, 35, 260}, {95, 20, 64},  {8, 64, 40},   {9, 64, 40},   {48, 115, 96},
    {64, 228, 65},  {33, 131, 64}, {48, 257, 70}};

START_TEST(every_element_is_one_chain)
{
  const size_t *size = sizes[_i];
  for (int variant = 0; variant < 8; variant++)
    expect_chain(matrix_multiply, size[0], size[1], size[2], variant & 1, variant & 2,
                 variant & 4 ? MATRIX_ADD : MATRIX_REPLACE);
}
END_TEST

START_TEST(packing_beforehand_changes_no_bit)
{
  const size_t *size = sizes[_i];
  for (int variant = 0; variant < 8; variant++)
    expect_chain(packed_product, size[0], size[1], size[2], variant & 1, variant & 2,
                 variant & 4 ? MATRIX_ADD : MATRIX_REPLACE);
}
END_TEST

START_TEST(strips_change_no_bit)
{
  const size_t M = sizes[_i][0], N = sizes[_i][1], K = sizes[_i][2];
  struct Matrix A = draw_strips("A", M, K), B = draw_strips("B", K, N);
  float *a = draw("A", M * K), *b = draw("B", K * N);
  for (int into = MATRIX_REPLACE; into <= MATRIX_ADD; into++) {
    expect_chains(matrix_multiply, M, N, K, A, B, (enum MatrixInto)into, 1.0f);
    expect_chains(matrix_multiply, M, N, K, A, matrix_plain(b, N), (enum MatrixInto)into, 1.0f);
    expect_chains(packed_product, M, N, K, A, matrix_plain(b, N), (enum MatrixInto)into, 1.0f);
    expect_chains(matrix_multiply, M, N, K, matrix_plain(a, K), B, (enum MatrixInto)into, 1.0f);
    expect_chains(matrix_multiply, M, N, K, matrix_transposed(a, M), B, (enum MatrixInto)into,
                  1.0f);
  }
  free(a);
  free(b);
  free((float *)A.at);
  free((float *)B.at);
}
END_TEST

START_TEST(gates_let_pass_or_make_zero)
{
  const size_t M = sizes[_i][0], N = sizes[_i][1], K = sizes[_i][2];
  float *a = draw("A", M * K), *b = draw("B", K * N), *all = draw("C", M * N);
  float *passed = draw("C", M * N);
  struct Matrix gate = draw_strips("gate", M, N);
  struct PackedMatrix packed;
  struct Error error;
  ck_assert_msg(packed_matrix_init(&packed, K, N, false, &error), "%s", error.message);
  packed_matrix_fill(&packed, matrix_plain(b, N));
  matrix_multiply_packed(M, matrix_plain(a, K), &packed, MATRIX_REPLACE, all, N);
  const float not_above[] = {NAN, 0.0f, -0.0f};
  for (size_t i = 0; i < M; i++) /* scattered */
    for (size_t j = i % 3; j < N; j += 5)
      *(float *)matrix_at(gate, i, j) = not_above[(i + j) % 3];
  matrix_multiply_gated(M, matrix_plain(a, K), &packed, gate, passed, N);
  for (size_t i = 0; i < M; i++)
    for (size_t j = 0; j < N; j++) {
      float expected = *matrix_at(gate, i, j) > 0.0f ? all[i * N + j] : 0.0f;
      ck_assert_msg(memcmp(&passed[i * N + j], &expected, sizeof expected) == 0, "(%zu, %zu)", i,
                    j);
    }
  packed_matrix_release(&packed);
  free(a);
  free(b);
  free(all);
  free(passed);
  free((float *)gate.at);
}
END_TEST

/* A matrix [rows, columns] in strips of which about `share` is not 0; some zeros are negative. */
static struct Matrix draw_sparse(const char *name, size_t rows, size_t columns, double share)
{
  struct Matrix matrix = draw_strips(name, rows, columns);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      if (random_uniform(1, "places", i * columns + j) >= share)
        *(float *)matrix_at(matrix, i, j) = (i + j) % 7 ? 0.0f : -0.0f;
  return matrix;
}

/* In strips and turned; with all zeros multiplied, as the chain does. */
START_TEST(zeros_are_left_out_of_no_chain)
{
  const size_t M = sizes[_i][0], N = sizes[_i][1], K = sizes[_i][2];
  const size_t room = vector_pad(N), ldc = room + GUARD;
  const double shares[] = {0, 0.02, 0.5, 1};
  float *b = draw("B", K * N);
  const struct Matrix B = matrix_plain(b, N);
  for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
    struct Matrix in_strips = draw_sparse("A", M, K, shares[i]);
    struct Matrix to_turn = draw_sparse("A", K, M, shares[i]);
    for (int into = MATRIX_REPLACE; into <= MATRIX_ADD; into++)
      for (int packed = 0; packed < 2; packed++) {
        Product *product = packed ? packed_sparse_product : matrix_multiply_sparse;
        for (int tiny = 0; tiny < 2; tiny++) {
          const float scale = tiny ? SMALLEST / 4 : 1.0f;
          expect_chains_in(ldc, room, product, M, N, K, in_strips, B, (enum MatrixInto)into, scale);
          expect_chains_in(ldc, room, product, M, N, K, matrix_turned(to_turn), B,
                           (enum MatrixInto)into, scale);
        }
      }
    free((float *)in_strips.at);
    free((float *)to_turn.at);
  }
  free(b);
}
END_TEST

/* What is past the last column: as if B were 0 there, or untouched. */
START_TEST(room_beside_a_sparse_product_stays_as_it_is)
{
  enum { M = 40, K = 70 };
  for (size_t N = 1; N < 135; N++) {
    size_t ldc = vector_pad(N);
    struct Matrix A = draw_sparse("A", M, K, 0.5);
    float *b = draw("B", K * N), *c = malloc(M * ldc * sizeof *c);
    ck_assert_ptr_nonnull(c);
    for (size_t i = 0; i < M * ldc; i++)
      c[i] = -INFINITY;
    matrix_multiply_sparse(M, N, K, A, matrix_plain(b, N), MATRIX_ADD, c, ldc);
    for (size_t i = 0; i < M * ldc; i++)
      ck_assert_float_eq(c[i], -INFINITY);
    free(c);
    free(b);
    free((float *)A.at);
  }
}
END_TEST

START_TEST(threads_change_no_bit)
{
  const size_t *size = sizes[_i];
  int before = omp_get_max_threads();
  for (int threads = 1; threads <= 5; threads += 2) {
    omp_set_num_threads(threads);
    expect_chain(matrix_multiply_shared, size[0], size[1], size[2], false, true, MATRIX_REPLACE);
    expect_chain(matrix_multiply_shared, size[0], size[1], size[2], true, false, MATRIX_ADD);
  }
  omp_set_num_threads(before);
}
END_TEST

START_TEST(an_empty_sum_is_zero)
{
  expect_chain(matrix_multiply, 5, 20, 0, false, false, MATRIX_REPLACE);
  expect_chain(matrix_multiply, 5, 20, 0, false, false, MATRIX_ADD);
  expect_chain(matrix_multiply, 0, 4, 4, false, false, MATRIX_REPLACE);
  expect_chain(matrix_multiply, 4, 0, 4, false, false, MATRIX_REPLACE);
  expect_chain(packed_product, 5, 20, 0, false, false, MATRIX_REPLACE);
}
END_TEST

/* Infinities and NaNs propagate only as in the chain: they never meet padding. */
START_TEST(padding_touches_nothing)
{
  float a[2] = {INFINITY, 1}, b[2] = {1, -INFINITY}, c[2];
  matrix_multiply(1, 2, 1, matrix_plain(a, 2), matrix_plain(b, 2), MATRIX_REPLACE, c, 2);
  ck_assert_float_eq(c[0], INFINITY);
  ck_assert_float_eq(c[1], -INFINITY);
  matrix_multiply(2, 1, 1, matrix_plain(a, 1), matrix_plain(b, 1), MATRIX_REPLACE, c, 1);
  ck_assert_float_eq(c[0], INFINITY);
  ck_assert_float_eq(c[1], 1);
}
END_TEST

/* The micro-kernels of both widths on the same panels, with all columns and a few, gated and
   not. */
START_TEST(both_widths_give_the_same_bits)
{
  enum { M = 77, K = 76 };
  float *a = draw_scaled("A", M * K, SMALLEST / 4), *b = draw("B", K * MATRIX_STRIP);
  float *gate = draw("gate", M * MATRIX_STRIP);
  for (size_t i = 0; i < M * MATRIX_STRIP; i += 3)
    gate[i] = i % 2 ? NAN : 0.0f;
  for (size_t columns = 1; columns <= MATRIX_STRIP; columns++)
    for (int variant = 0; variant < 16; variant++) {
      float *wide = draw_scaled("C", M * MATRIX_STRIP, SMALLEST),
            *narrow = draw_scaled("C", M * MATRIX_STRIP, SMALLEST);
      struct PanelTask task = {.M = M,
                               .K = variant & 4 ? K : K - 1,
                               .A = matrix_plain(a, K),
                               .packed = b,
                               .packed_row = MATRIX_STRIP,
                               .columns = columns,
                               .accumulate = variant & 1,
                               .last = variant & 8,
                               .gate = variant & 2 ? gate : NULL,
                               .C = wide,
                               .ldc = MATRIX_STRIP};
      kernels()->panel(&task);
      for (size_t first = 0; first < columns; first += kernels_256.panel_width) {
        size_t left = columns - first;
        task.packed = b + first;
        task.columns = left < kernels_256.panel_width ? left : kernels_256.panel_width;
        task.gate = variant & 2 ? gate + first : NULL;
        task.C = narrow + first;
        kernels_256.panel(&task);
      }
      ck_assert_mem_eq(wide, narrow, M * MATRIX_STRIP * sizeof *wide);
      free(wide);
      free(narrow);
    }
  free(a);
  free(b);
  free(gate);
}
END_TEST

int main(int argc, char **argv)
{
  const struct Kernels *tested = kernels_to_test(argc, argv);
  Suite *suite = suite_create("matrix");
  TCase *tests = tcase_create(tested->description);
  int n = (int)(sizeof sizes / sizeof *sizes);
  tcase_add_loop_test(tests, every_element_is_one_chain, 0, n);
  tcase_add_loop_test(tests, packing_beforehand_changes_no_bit, 0, n);
  tcase_add_loop_test(tests, strips_change_no_bit, 0, n);
  tcase_add_loop_test(tests, gates_let_pass_or_make_zero, 0, n);
  tcase_add_loop_test(tests, threads_change_no_bit, 0, n);
  tcase_add_test(tests, an_empty_sum_is_zero);
  tcase_add_test(tests, padding_touches_nothing);
  tcase_add_loop_test(tests, zeros_are_left_out_of_no_chain, 0, n);
  tcase_add_test(tests, room_beside_a_sparse_product_stays_as_it_is);
  if (tested != &kernels_256) tcase_add_test(tests, both_widths_give_the_same_bits);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
