/*
 * Float32 matrix products with fully specified bits: every element is one chain of fused
 * multiply-adds in order of k,
 *
 *   c <- fma(a_ik, b_kj, c),   k = 0, 1, ..., K - 1,
 *
 * started from 0 or from the value of C, and flushed at the end (model/flush.h): c becomes 0 if |c|
 * < 2^-40. Blocking, vector width, thread count and compiler cannot change this, so the result is
 * the same everywhere. BLAS leaves the summation order to the kernel it picks, which is why it is
 * not used.
 *
 * This costs no speed. Vectors run along rows of C: B is packed into panels two vectors wide that
 * stay in L1 while the rows of A stream past, and a block of rows of a panel stays in registers for
 * the whole chain. For the last few columns, vectors run along columns instead (panel_kernel.h).
 * With AVX-512 the same source runs on vectors twice as wide.
 */
#ifndef MODEL_PRODUCT_H
#define MODEL_PRODUCT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Columns of a strip: see in_strips. */
enum { STRIP = 32 };

/* A read-only matrix view: element (i, j) is at[i row + (j % STRIP) column + (j / STRIP) strip];
   one of the strides `row` and `column` is 1. */
struct Matrix {
  const float *at;
  size_t row, column, strip;
};

/* A row-major matrix with leading dimension `stride`, as it is or transposed. */
static inline struct Matrix plain(const float *at, size_t stride)
{
  return (struct Matrix){at, stride, 1, STRIP};
}
static inline struct Matrix transposed(const float *at, size_t stride)
{
  return (struct Matrix){at, 1, stride, STRIP * stride};
}

/* A matrix [rows, ...] stored in strips: the first STRIP columns row-major, then the next STRIP
   columns, and so on. As B it needs no packing. */
static inline struct Matrix in_strips(const float *at, size_t rows)
{
  return (struct Matrix){at, STRIP, 1, STRIP * rows};
}

static inline const float *matrix_at(struct Matrix matrix, size_t i, size_t j)
{
  return matrix.at + i * matrix.row + j % STRIP * matrix.column + j / STRIP * matrix.strip;
}

/* Floats needed for a matrix in strips; the last strip is padded to STRIP columns. */
static inline size_t strips_size(size_t rows, size_t columns)
{
  return (columns + STRIP - 1) / STRIP * STRIP * rows;
}

/* Whether a product overwrites C or adds to it. */
enum Into { REPLACE, ADD };

/* C = A B or C += A B for A [M, K], B [K, N], C [M, N] with leading dimension ldc, on the
   calling thread. C must not overlap A or B. */
void product(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B, enum Into into,
             float *C, size_t ldc);

/* A B packed once, for use in many products. */
struct Packed {
  float *panels;
  size_t K, N; /* B is [K, N] */
};

/* Allocates room for a matrix B [K, N]. Error: no memory. */
bool packed_init(struct Packed *packed, size_t K, size_t N, struct Error *error);
void packed_release(struct Packed *packed);

/* Packs B, of that shape, in parallel. */
void packed_fill(struct Packed *packed, struct Matrix B);

/* As product, for a packed B. */
void product_packed(size_t M, struct Matrix A, const struct Packed *B, enum Into into, float *C,
                    size_t ldc);

/* C = A B where gate > 0, else 0; the gate [M, N] is stored in strips. */
void product_gated(size_t M, struct Matrix A, const struct Packed *B, struct Matrix gate, float *C,
                   size_t ldc);

/* As product, in parallel. */
void product_shared(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B, enum Into into,
                    float *C, size_t ldc);

#endif
