/*
 * Matrix products by OpenBLAS, one thread each, in blocks that depend on the sizes alone. Which of
 * its kernels OpenBLAS runs decides how a sum is rounded, so the family is pinned.
 */
#ifndef MODEL_BLAS_H
#define MODEL_BLAS_H

#include <stddef.h>

/*
 * Called first thing in `main` of every program that multiplies matrices. OpenBLAS chooses its
 * kernels while it is loaded, by the environment: unless OPENBLAS_CORETYPE is set (to the pinned
 * family, or by a person who prefers another), this sets it and starts the program anew. Programs
 * built with PORTABLE_BITS=OFF leave the choice to OpenBLAS.
 */
void blas_init(char **argv);

/* The version and kernels in use: "OpenBLAS 0.3.21 Haswell", owned by nobody. */
const char *blas_description(void);

enum Transpose { PLAIN, TRANSPOSED };

/* C = alpha A B + beta C, row-major, on the calling thread. A is [M, K] (stored [K, M] when
   TRANSPOSED), B is [K, N] (stored [N, K]), C is [M, N]; lda, ldb, ldc are the row strides. */
void blas_product(enum Transpose transpose_a, enum Transpose transpose_b, size_t M, size_t N,
                  size_t K, float alpha, const float *A, size_t lda, const float *B, size_t ldb,
                  float beta, float *C, size_t ldc);

/* The same, its output cut into blocks along the longer side that the threads share. */
void blas_product_shared(enum Transpose transpose_a, enum Transpose transpose_b, size_t M, size_t N,
                         size_t K, float alpha, const float *A, size_t lda, const float *B,
                         size_t ldb, float beta, float *C, size_t ldc);

#endif
