/*
 * A matrix product as the device sees it, for C and for the kernels: every element of C is one
 * chain of fused multiply-adds in the order of k, as engine/factored/matrix.h defines it, which may
 * go through several summands A B, each of several segments of k, and is flushed at the end of each
 * segment.
 *
 * A product can be a batch of products of one shape, b = 0 .. batches - 1: heads, or groups of
 * pairs. All indices are of floats in the memory of a training (engine/opencl/layout.h), but for
 * `segments`.
 */
#ifndef ENGINE_OPENCL_PRODUCT_H
#define ENGINE_OPENCL_PRODUCT_H

#if defined __OPENCL_VERSION__
typedef long Index; /* 64 bits in OpenCL C */
#elif defined __CUDACC_RTC__
typedef long long Index;
#else
#include <stdint.h>
typedef int64_t Index;
#endif

/* A = [M, K] or the transpose of B = [K, N]: element (x, k) of batch b in segment s is at
   at + b batch + s jump + x row + k step. */
struct Operand {
  Index at, row, step, jump, batch;
};

enum ProductEnd {
  END_NONE,
  END_GATE,  /* C = C where other > 0, else 0 */
  END_SLOPE, /* C = flush(C other) */
  END_SCALE  /* C = flush(C / sqrt(d_head)) */
};

/* A B, over one segment of K terms, or, if K is 0, over segments that are in the integers: their
   ends are bounds[0] .. bounds[n], where bounds begins at integers[segments + b segments_batch] and
   bounds + n is the next integer there. */
struct Summand {
  struct Operand A, B;
  Index K, segments, segments_batch;
};

/* MOST_PRODUCTS_TOGETHER: of a launch. */
enum { MOST_SUMMANDS = 4, MOST_PRODUCTS_TOGETHER = 12 };

struct Product {
  Index first_group; /* of its work-groups in the launch */
  Index M, N;
  Index C, C_row, C_batch; /* element (i, j) of batch b: C + b C_batch + i C_row + j */
  Index add;               /* the chains start at C, else at 0 */
  Index end;               /* enum ProductEnd */
  Index other, other_row;  /* of END_GATE and END_SLOPE, [M, N] */
  Index n_summands;
  struct Summand summands[MOST_SUMMANDS];
};

#endif
