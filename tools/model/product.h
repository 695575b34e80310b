/*
 * Products of float32 matrices whose bits are part of their definition: every element is one chain
 * of fused multiply-adds in the order of k,
 *
 *   c <- fma(a_ik, b_kj, c),   k = 0, 1, ..., K - 1,
 *
 * started at 0 or at the value that is there, and flushed at its end (model/flush.h): c is 0 where
 * it would be smaller than 2^-40. Neither blocks, nor the width of a machine's vectors,
 * nor the number of threads, nor a compiler can change that, so a product is the same everywhere.
 * BLAS libraries leave the order of a sum to the kernel they choose, which is why none is used.
 *
 * It costs no speed. A vector holds a part of a row of C: B is packed into panels of two vectors'
 * columns, which stay in the first-level cache while the rows of A go by, and a block of rows of a
 * panel stays in registers over the whole chain. Where only a few columns are left, vectors hold
 * parts of columns (panel_kernel.h). Processors with AVX-512 run the same source with vectors twice
 * as wide.
 */
#ifndef MODEL_PRODUCT_H
#define MODEL_PRODUCT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Columns of a strip: see in_strips. */
enum { STRIP = 32 };

/* A matrix as a product reads it: element (i, j) is at[i row + (j % STRIP) column + (j / STRIP)
   strip], and one of the distances `row` and `column` is 1. */
struct Matrix {
  const float *at;
  size_t row, column, strip;
};

/* A matrix stored row by row, `stride` floats apart, as it is or transposed. */
static inline struct Matrix plain(const float *at, size_t stride)
{
  return (struct Matrix){at, stride, 1, STRIP};
}
static inline struct Matrix transposed(const float *at, size_t stride)
{
  return (struct Matrix){at, 1, stride, STRIP * stride};
}

/* A matrix [rows, ...] stored in strips: the first STRIP columns row by row, then the next STRIP
   columns, and so on. As a B it needs no packing. */
static inline struct Matrix in_strips(const float *at, size_t rows)
{
  return (struct Matrix){at, STRIP, 1, STRIP * rows};
}

static inline const float *matrix_at(struct Matrix matrix, size_t i, size_t j)
{
  return matrix.at + i * matrix.row + j % STRIP * matrix.column + j / STRIP * matrix.strip;
}

/* Floats of a matrix in strips: the last strip, too, has room for STRIP columns. */
static inline size_t strips_size(size_t rows, size_t columns)
{
  return (columns + STRIP - 1) / STRIP * STRIP * rows;
}

/* What a product does to the values that are there. */
enum Into { REPLACE, ADD };

/* C = A B or C += A B for A [M, K], B [K, N], C [M, N], on the calling thread. C's rows are `ldc`
   floats apart; it overlaps neither A nor B. */
void product(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B, enum Into into,
             float *C, size_t ldc);

/* A B that many products have: packed once, it need not be packed by each. */
struct Packed {
  float *panels;
  size_t K, N; /* B is [K, N] */
};

/* Room for any matrix B [K, N]. */
bool packed_init(struct Packed *packed, size_t K, size_t N, struct Error *error);
void packed_release(struct Packed *packed);

/* Packs a B of that shape, shared out among the threads. */
void packed_fill(struct Packed *packed, struct Matrix B);

/* As product, for a B that is packed. */
void product_packed(size_t M, struct Matrix A, const struct Packed *B, enum Into into, float *C,
                    size_t ldc);

/* C = A B where the gate [M, N], in strips, is above 0, and 0 elsewhere. */
void product_gated(size_t M, struct Matrix A, const struct Packed *B, struct Matrix gate, float *C,
                   size_t ldc);

/* The same as product, shared out among the threads. */
void product_shared(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B, enum Into into,
                    float *C, size_t ldc);

#endif
