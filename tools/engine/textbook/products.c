#include "engine/textbook/products.h"

#include "base/memory.h"
#include "engine/factored/matrix.h"
#include "network/random.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void products_describe(char text[PRODUCTS_TEXT_SIZE])
{
  /* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..." */
  char version[32] = "";
  sscanf(openblas_get_config(), "OpenBLAS %31s", version);
  snprintf(text, PRODUCTS_TEXT_SIZE, "OpenBLAS %s %s", version, openblas_get_corename());
}

/* A product C[M, N] += A[M, K] B[K, N]. */
struct Product {
  size_t M, N, K;
  bool transposed_A, transposed_B; /* as they are stored */
};

static struct Matrix view(const float *at, size_t rows, size_t columns, bool is_transposed)
{
  return is_transposed ? matrix_transposed(at, rows) : matrix_plain(at, columns);
}

/* NaN counts as infinite. */
static double larger(double largest, double error)
{
  if (isnan(error)) return INFINITY;
  return error > largest ? error : largest;
}

/* The largest difference between two results, which both start as C, in units of rounding errors of
   a sum of K terms up to 1 in size. */
static double largest_error(const struct Product *product, const float *A, const float *B, float *C,
                            float *expected)
{
  size_t M = product->M, N = product->N, K = product->K;
  memcpy(expected, C, M * N * sizeof *C);
  cblas_sgemm(CblasRowMajor, product->transposed_A ? CblasTrans : CblasNoTrans,
              product->transposed_B ? CblasTrans : CblasNoTrans, (int)M, (int)N, (int)K, 1, A,
              (int)(product->transposed_A ? M : K), B, (int)(product->transposed_B ? K : N), 1, C,
              (int)N);
  matrix_multiply(M, N, K, view(A, M, K, product->transposed_A),
                  view(B, K, N, product->transposed_B), MATRIX_ADD, expected, N);
  double largest = 0;
  for (size_t i = 0; i < M * N; i++) {
    double error = fabs((double)C[i] - (double)expected[i]);
    largest = larger(largest, error);
  }
  return largest / (0x1p-24 * (double)K);
}

static void fill(float *values, size_t n, const char *name)
{
  for (size_t i = 0; i < n; i++)
    values[i] = (float)(2 * random_uniform(0, name, i) - 1);
}

static const double tolerated = 4;

static bool report_wrong(const struct Product *product, struct Error *error)
{
  char library[PRODUCTS_TEXT_SIZE];
  products_describe(library);
  return error_set(error,
                   "%s computes a wrong product of [%zu, %zu] and [%zu, %zu] on this processor; "
                   "the environment variable OPENBLAS_CORETYPE=Haswell makes it use other kernels",
                   library, product->M, product->K, product->K, product->N);
}

static bool check_float32(const struct Product *product, struct Error *error)
{
  size_t M = product->M, N = product->N, K = product->K;
  float *A = memory_new(M * K + K * N + 2 * M * N, sizeof *A, "products to check OpenBLAS", error);
  if (!A) return false;
  float *B = A + M * K, *C = B + K * N;
  fill(A, M * K, "products.A");
  fill(B, K * N, "products.B");
  fill(C, M * N, "products.C");
  double found = largest_error(product, A, B, C, C + M * N);
  free(A);
  return found <= tolerated || report_wrong(product, error);
}

/* Element [i][j] of the product. */
static double plain_sum(const struct Product *product, const double *A, const double *B, size_t i,
                        size_t j)
{
  double sum = 0;
  for (size_t k = 0; k < product->K; k++)
    sum += A[product->transposed_A ? k * product->M + i : i * product->K + k] *
           B[product->transposed_B ? j * product->K + k : k * product->N + j];
  return sum;
}

/* As largest_error. */
static double largest_error_of_doubles(const struct Product *product, const double *A,
                                       const double *B, double *C, double *expected)
{
  size_t M = product->M, N = product->N, K = product->K;
  memcpy(expected, C, M * N * sizeof *C);
  cblas_dgemm(CblasRowMajor, product->transposed_A ? CblasTrans : CblasNoTrans,
              product->transposed_B ? CblasTrans : CblasNoTrans, (int)M, (int)N, (int)K, 1, A,
              (int)(product->transposed_A ? M : K), B, (int)(product->transposed_B ? K : N), 1, C,
              (int)N);
  double largest = 0;
  for (size_t i = 0; i < M * N; i++) {
    double error = fabs(C[i] - (expected[i] + plain_sum(product, A, B, i / N, i % N)));
    largest = larger(largest, error);
  }
  return largest / (0x1p-53 * (double)K);
}

/* A plain sum takes its time: of sizes beyond a few blocks of the kernels these and what is left
   over at the end stay. */
static size_t cut_size(size_t n)
{
  enum { WHOLE = 96, END = 64 };
  return n > WHOLE + END ? WHOLE + n % END : n;
}

static void fill_doubles(double *values, size_t n, const char *name)
{
  for (size_t i = 0; i < n; i++)
    values[i] = 2 * random_uniform(0, name, i) - 1;
}

static bool check_float64(const struct Product *whole, struct Error *error)
{
  struct Product product = *whole;
  size_t M = product.M = cut_size(whole->M), N = product.N = cut_size(whole->N);
  size_t K = product.K = cut_size(whole->K);
  double *A = memory_new(M * K + K * N + 2 * M * N, sizeof *A, "products to check OpenBLAS", error);
  if (!A) return false;
  double *B = A + M * K, *C = B + K * N;
  fill_doubles(A, M * K, "products.A");
  fill_doubles(B, K * N, "products.B");
  fill_doubles(C, M * N, "products.C");
  double found = largest_error_of_doubles(&product, A, B, C, C + M * N);
  free(A);
  return found <= tolerated || report_wrong(&product, error);
}

static bool check_all(const struct Product *products, size_t n, enum Precision precision,
                      struct Error *error)
{
  for (size_t i = 0; i < n; i++)
    if (!(precision == PRECISION_FLOAT64 ? check_float64 : check_float32)(&products[i], error))
      return false;
  return true;
}

/* Of `rows` positions' residual streams, and backward: d wide, and n wide what they become. */
static bool check_positions(size_t rows, size_t d, size_t n, enum Precision precision,
                            struct Error *error)
{
  const struct Product products[] = {{rows, n, d, false, false},
                                     {rows, d, n, false, false},
                                     {rows, d, n, false, true},
                                     {d, n, rows, true, false}};
  return n == 0 || check_all(products, sizeof products / sizeof *products, precision, error);
}

/* Of a head: scores, weighted values, and backward. */
static bool check_head(size_t P, size_t d_head, enum Precision precision, struct Error *error)
{
  const struct Product products[] = {
      {P, P, d_head, false, true}, {P, d_head, P, false, false}, {P, d_head, P, true, false}};
  return check_all(products, sizeof products / sizeof *products, precision, error);
}

bool products_check(const struct Shape *shape, size_t rows, enum Precision precision,
                    struct Error *error)
{
  size_t d = (size_t)shape->d_model, d_head = (size_t)shape->d_head;
  size_t P = (size_t)(shape->n_positions + shape->n_registers);
  return check_positions(rows, d, d_head, precision, error) &&
         check_positions(rows, d, (size_t)shape->H * d_head, precision, error) &&
         check_positions(rows, d, (size_t)shape->d_mlp, precision, error) &&
         check_positions(rows, d, (size_t)shape->V, precision, error) &&
         (shape->H == 0 || check_head(P, d_head, precision, error));
}
