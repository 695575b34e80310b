#include "model/blas.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
  BLOCK = 128
}; /* of the shared product's output: small enough to share, large for a kernel */

#ifdef PORTABLE_BITS
/* Haswell's kernels need AVX2 and FMA alone: every x86-64-v3 machine runs them. */
static void pin_kernels(char **argv)
{
  if (getenv("OPENBLAS_CORETYPE") || setenv("OPENBLAS_CORETYPE", "Haswell", 1) != 0) return;
  execv("/proc/self/exe", argv);
  perror("cannot start anew with OPENBLAS_CORETYPE=Haswell; results may differ in the last bits");
}
#endif

void blas_init(char **argv)
{
#ifdef PORTABLE_BITS
  pin_kernels(argv);
#else
  (void)argv;
#endif
  openblas_set_num_threads(1);
}

const char *blas_description(void)
{
  static char text[128];
  snprintf(text, sizeof text, "%s, kernels %s", openblas_get_config(), openblas_get_corename());
  return text;
}

void blas_product(enum Transpose transpose_a, enum Transpose transpose_b, size_t M, size_t N,
                  size_t K, float alpha, const float *A, size_t lda, const float *B, size_t ldb,
                  float beta, float *C, size_t ldc)
{
  if (M == 0 || N == 0) return;
  cblas_sgemm(CblasRowMajor, transpose_a == PLAIN ? CblasNoTrans : CblasTrans,
              transpose_b == PLAIN ? CblasNoTrans : CblasTrans, (blasint)M, (blasint)N, (blasint)K,
              alpha, A, (blasint)lda, B, (blasint)ldb, beta, C, (blasint)ldc);
}

void blas_product_shared(enum Transpose transpose_a, enum Transpose transpose_b, size_t M, size_t N,
                         size_t K, float alpha, const float *A, size_t lda, const float *B,
                         size_t ldb, float beta, float *C, size_t ldc)
{
  size_t longer = M > N ? M : N;
#pragma omp parallel for schedule(dynamic)
  for (size_t first = 0; first < longer; first += BLOCK) {
    size_t size = longer - first < BLOCK ? longer - first : BLOCK;
    if (M > N) {
      const float *rows = A + first * (transpose_a == PLAIN ? lda : 1);
      blas_product(transpose_a, transpose_b, size, N, K, alpha, rows, lda, B, ldb, beta,
                   C + first * ldc, ldc);
    } else {
      const float *columns = B + first * (transpose_b == PLAIN ? 1 : ldb);
      blas_product(transpose_a, transpose_b, M, size, K, alpha, A, lda, columns, ldb, beta,
                   C + first, ldc);
    }
  }
}
