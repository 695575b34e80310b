/*
 * Float32 matrix products with fully specified bits: every element is one chain of fused
 * multiply-adds in order of k,
 *
 *   c <- fma(a_ik, b_kj, c),   k = 0, 1, ..., K - 1,
 *
 * started from 0 or from the value of C, and flushed at the end (network/flush.h): c becomes 0 if
 * |c| < 2^-40. Blocking, vector width, thread count and compiler cannot change this, so the result
 * is the same everywhere. BLAS leaves the summation order to the kernel it picks, which is why it
 * is not used.
 *
 * This costs no speed. Vectors run along rows of C: B is packed into panels two vectors wide that
 * stay in L1 while the rows of A stream past, and a block of rows of a panel stays in registers for
 * the whole chain. For the last few columns, vectors run along columns instead (panel_kernel.h).
 * With AVX-512 the same source runs on vectors twice as wide.
 *
 * Where many elements of A are 0, as nearly half of a trained network's rectified neurons are, a
 * sparse product leaves most of them out (sparse_kernel.h). As fma(0, b, c) = c, but for the sign
 * of a c that is 0, which flushing takes, its bits are the same if B is finite.
 */
#ifndef ENGINE_FACTORED_MATRIX_H
#define ENGINE_FACTORED_MATRIX_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Columns of a strip: see matrix_in_strips. */
enum { MATRIX_STRIP = 32 };

/* A read-only matrix view: element (i, j) is at[i % S row + i / S row_strip + j % S column + j / S
   strip], S = MATRIX_STRIP; one of the strides `row` and `column` is 1. */
struct Matrix {
  const float *at;
  size_t row, column, strip, row_strip;
};

/* A row-major matrix with leading dimension `stride`. */
static inline struct Matrix matrix_plain(const float *at, size_t stride)
{
  return (struct Matrix){at, stride, 1, MATRIX_STRIP, MATRIX_STRIP * stride};
}

/* A matrix's transpose; that of a matrix in strips is for sparse products alone. */
static inline struct Matrix matrix_turned(struct Matrix matrix)
{
  return (struct Matrix){matrix.at, matrix.column, matrix.row, matrix.row_strip, matrix.strip};
}
static inline struct Matrix matrix_transposed(const float *at, size_t stride)
{
  return matrix_turned(matrix_plain(at, stride));
}

/*
 * A matrix [rows, ...] stored in strips: the first MATRIX_STRIP columns row-major, then the next
 * MATRIX_STRIP columns, and so on. As B it needs no packing. For example, strips of 2 columns
 * (instead of 32) of
 *
 *   a b c d e
 *   f g h i j     are stored as     a b f g   c d h i   e . j .
 *
 * Here rows = 2, so that element (1, 3) = i is at 1 * 2 + 3 % 2 * 1 + 3 / 2 * (2 * 2) = 7.
 */
static inline struct Matrix matrix_in_strips(const float *at, size_t rows)
{
  return (struct Matrix){at, MATRIX_STRIP, 1, MATRIX_STRIP * rows, MATRIX_STRIP * MATRIX_STRIP};
}

static inline const float *matrix_at(struct Matrix matrix, size_t i, size_t j)
{
  return matrix.at + i % MATRIX_STRIP * matrix.row + i / MATRIX_STRIP * matrix.row_strip +
         j % MATRIX_STRIP * matrix.column + j / MATRIX_STRIP * matrix.strip;
}

/* Floats needed for a matrix in strips; the last strip is padded to MATRIX_STRIP columns. */
static inline size_t matrix_strips_size(size_t rows, size_t columns)
{
  return (columns + MATRIX_STRIP - 1) / MATRIX_STRIP * MATRIX_STRIP * rows;
}

/* Whether a product overwrites C or adds to it. */
enum MatrixInto { MATRIX_REPLACE, MATRIX_ADD };

/* C = A B or C += A B for A [M, K], B [K, N], C [M, N] with leading dimension ldc, on the
   calling thread. C must not overlap A or B. */
void matrix_multiply(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B,
                     enum MatrixInto into, float *C, size_t ldc);

/* Whether a sparse product with N columns is faster on this processor than a dense one, if half of
   A is 0. */
bool matrix_sparse_is_faster(size_t N);

/* The same as a sparse product, of a finite B. A is a matrix in strips or the transpose of one, B
   is row-major, and C has room for columns rounded up to whole cache lines (vector_pad), where B
   counts as 0. */
void matrix_multiply_sparse(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B,
                            enum MatrixInto into, float *C, size_t ldc);

/* A B packed once, for use in many products: either all sparse, or none. */
struct PackedMatrix {
  float *panels;
  size_t K, N; /* B is [K, N] */
  bool sparse;
};

/* Allocates room for a matrix B [K, N]. Error: no memory. */
bool packed_matrix_init(struct PackedMatrix *packed, size_t K, size_t N, bool sparse,
                        struct Error *error);
void packed_matrix_release(struct PackedMatrix *packed);

/* Packs B, of that shape, in parallel. */
void packed_matrix_fill(struct PackedMatrix *packed, struct Matrix B);

/* As product, for a packed B; if it is packed for sparse products, A and C as there. */
void matrix_multiply_packed(size_t M, struct Matrix A, const struct PackedMatrix *B,
                            enum MatrixInto into, float *C, size_t ldc);

/* C = A B where gate > 0, else 0; the gate [M, N] is stored in strips. Not sparse. */
void matrix_multiply_gated(size_t M, struct Matrix A, const struct PackedMatrix *B,
                           struct Matrix gate, float *C, size_t ldc);

/* As product, in parallel. */
void matrix_multiply_shared(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B,
                            enum MatrixInto into, float *C, size_t ldc);

#endif
