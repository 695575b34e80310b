/* Preloaded, it makes OpenBLAS one that was built without threads, which must not be called by two
   threads at once: a second call then ends the program. */
#include <cblas.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef void Sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE of_A, enum CBLAS_TRANSPOSE of_B,
                   blasint M, blasint N, blasint K, float alpha, const float *A, blasint lda,
                   const float *B, blasint ldb, float beta, float *C, blasint ldc);

Sgemm cblas_sgemm;

int openblas_get_parallel(void)
{
  return OPENBLAS_SEQUENTIAL;
}

void cblas_sgemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE of_A, enum CBLAS_TRANSPOSE of_B,
                 blasint M, blasint N, blasint K, float alpha, const float *A, blasint lda,
                 const float *B, blasint ldb, float beta, float *C, blasint ldc)
{
  static atomic_int calls;
  Sgemm *product = (Sgemm *)dlsym(RTLD_NEXT, "cblas_sgemm");
  if (atomic_fetch_add(&calls, 1) > 0) {
    fputs("two products at once\n", stderr);
    _Exit(99);
  }
  product(order, of_A, of_B, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc);
  nanosleep(&(struct timespec){.tv_nsec = 10000}, NULL); /* time for others to come in between */
  atomic_fetch_sub(&calls, 1);
}
