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
    if (isnan(error)) return INFINITY;
    if (error > largest) largest = error;
  }
  return largest / (0x1p-24 * (double)K);
}

static void fill(float *values, size_t n, const char *name)
{
  for (size_t i = 0; i < n; i++)
    values[i] = (float)(2 * random_uniform(0, name, i) - 1);
}

static bool check_one(const struct Product *product, struct Error *error)
{
  static const double tolerated = 4;
  size_t M = product->M, N = product->N, K = product->K;
  float *A = memory_new(M * K + K * N + 2 * M * N, sizeof *A, "products to check OpenBLAS", error);
  if (!A) return false;
  float *B = A + M * K, *C = B + K * N;
  fill(A, M * K, "products.A");
  fill(B, K * N, "products.B");
  fill(C, M * N, "products.C");
  double found = largest_error(product, A, B, C, C + M * N);
  free(A);
  if (found <= tolerated) return true;
  char library[PRODUCTS_TEXT_SIZE];
  products_describe(library);
  return error_set(error,
                   "%s computes a wrong product of [%zu, %zu] and [%zu, %zu] on this processor; "
                   "the environment variable OPENBLAS_CORETYPE=Haswell makes it use other kernels",
                   library, M, K, K, N);
}

static bool check_all(const struct Product *products, size_t n, struct Error *error)
{
  for (size_t i = 0; i < n; i++)
    if (!check_one(&products[i], error)) return false;
  return true;
}

/* Of `rows` positions' residual streams, and backward: d wide, and n wide what they become. */
static bool check_positions(size_t rows, size_t d, size_t n, struct Error *error)
{
  const struct Product products[] = {{rows, n, d, false, false},
                                     {rows, d, n, false, false},
                                     {rows, d, n, false, true},
                                     {d, n, rows, true, false}};
  return n == 0 || check_all(products, sizeof products / sizeof *products, error);
}

/* Of a head: scores, weighted values, and backward. */
static bool check_head(size_t P, size_t d_head, struct Error *error)
{
  const struct Product products[] = {
      {P, P, d_head, false, true}, {P, d_head, P, false, false}, {P, d_head, P, true, false}};
  return check_all(products, sizeof products / sizeof *products, error);
}

bool products_check(const struct Shape *shape, size_t rows, struct Error *error)
{
  size_t d = (size_t)shape->d_model, d_head = (size_t)shape->d_head;
  size_t P = (size_t)(shape->n_positions + shape->n_registers);
  return check_positions(rows, d, d_head, error) &&
         check_positions(rows, d, (size_t)shape->H * d_head, error) &&
         check_positions(rows, d, (size_t)shape->d_mlp, error) &&
         check_positions(rows, d, (size_t)shape->V, error) &&
         (shape->H == 0 || check_head(P, d_head, error));
}
