/* Preloaded, it makes one element in a thousand of OpenBLAS' products wrong, as old builds do on
   processors that they do not know. The environment variable WRONG_BY is what is added: a number,
   or nan. */
#include <cblas.h>
#include <dlfcn.h>
#include <stdlib.h>

typedef void Sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE of_A, enum CBLAS_TRANSPOSE of_B,
                   blasint M, blasint N, blasint K, float alpha, const float *A, blasint lda,
                   const float *B, blasint ldb, float beta, float *C, blasint ldc);

Sgemm cblas_sgemm;

void cblas_sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE of_A, enum CBLAS_TRANSPOSE of_B,
                 blasint M, blasint N, blasint K, float alpha, const float *A, blasint lda,
                 const float *B, blasint ldb, float beta, float *C, blasint ldc)
{
  Sgemm *right = (Sgemm *)dlsym(RTLD_NEXT, "cblas_sgemm");
  const float wrong_by = strtof(getenv("WRONG_BY"), NULL);
  right(order, of_A, of_B, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
  for (blasint i = 999; i < M * N; i += 1000)
    C[i / N * ldc + i % N] += wrong_by;
}
