/*
 * The operations that the textbook network is made of (network/textbook.h), each with its backward
 * pass: products, attention variants, activation functions, layer normalisation, dropout, losses.
 * Of type Real (network/real.h). Matrices are row-major; `ld` is the distance between rows.
 */
#ifndef NETWORK_OPERATIONS_H
#define NETWORK_OPERATIONS_H

#include "config/config.h"
#include "network/real.h"

#include <stdbool.h>
#include <stddef.h>

#define multiply                     REAL_NAME(multiply)
#define multiply_transposed          REAL_NAME(multiply_transposed)
#define multiply_first_transposed    REAL_NAME(multiply_first_transposed)
#define multiply_backward            REAL_NAME(multiply_backward)
#define multiply_transposed_backward REAL_NAME(multiply_transposed_backward)
#define rows_start                   REAL_NAME(rows_start)
#define rows_add                     REAL_NAME(rows_add)
#define rows_sum                     REAL_NAME(rows_sum)
#define rows_scale                   REAL_NAME(rows_scale)
#define attention_weigh              REAL_NAME(attention_weigh)
#define attention_weigh_back         REAL_NAME(attention_weigh_back)
#define activate                     REAL_NAME(activate)
#define activate_backward            REAL_NAME(activate_backward)
#define normalise                    REAL_NAME(normalise)
#define normalise_backward           REAL_NAME(normalise_backward)
#define drop                         REAL_NAME(drop)
#define loss_of_logits               REAL_NAME(loss_of_logits)

/* ---- products, by OpenBLAS unless they are small ---- */

/* C[M, N] += A[M, K] B[K, N] */
void multiply(size_t M, size_t N, size_t K, const Real *A, size_t lda, const Real *B, size_t ldb,
              Real *C, size_t ldc);

/* C[M, N] += A[M, K] B[N, K]^T */
void multiply_transposed(size_t M, size_t N, size_t K, const Real *A, size_t lda, const Real *B,
                         size_t ldb, Real *C, size_t ldc);

/* C[M, N] += A[K, M]^T B[K, N] */
void multiply_first_transposed(size_t M, size_t N, size_t K, const Real *A, size_t lda,
                               const Real *B, size_t ldb, Real *C, size_t ldc);

/* For C = A B: dA[M, K] += dC[M, N] B[K, N]^T and dB[K, N] += A[M, K]^T dC[M, N], where dB has the
   rows of B. */
void multiply_backward(size_t M, size_t N, size_t K, const Real *A, size_t lda, const Real *B,
                       size_t ldb, const Real *dC, size_t ldc, Real *dA, size_t ldda, Real *dB);

/* For C = A B^T: dA[M, K] += dC[M, N] B[N, K] and dB[N, K] += dC[M, N]^T A[M, K], where dA has the
   rows of A and dB those of B. */
void multiply_transposed_backward(size_t M, size_t N, size_t K, const Real *A, size_t lda,
                                  const Real *B, size_t ldb, const Real *dC, size_t ldc, Real *dA,
                                  Real *dB);

/* ---- rows ---- */

/* Starts sums of n rows: each becomes `row`, or zero if that is NULL. */
void rows_start(size_t n, size_t width, const Real *row, Real *rows);

/* sums[count] += terms */
void rows_add(size_t count, const Real *terms, Real *sums);

/* sum[width] += the n rows */
void rows_sum(size_t n, size_t width, const Real *rows, Real *sum);

/* x[count] *= a */
void rows_scale(size_t count, Real a, Real *x);

/* ---- attention: n scores of a query to its weights ---- */

/* softmax                w_j = e^{s_j} / sum_i e^{s_i}
   softmax1               w_j = e^{s_j} / (1 + sum_i e^{s_i})
   uniform                w_j = 1 / n
   softmax1-unnormalised  w_j = e_j + sum_i e_i with e_j = e^{s_j - max_i s_i} */
void attention_weigh(enum Attention attention, size_t n, const Real *scores, Real *weights);

/* Gradients of the weights to those of the scores. */
void attention_weigh_back(enum Attention attention, size_t n, const Real *scores,
                          const Real *weights, const Real *d_weights, Real *d_scores);

/* ---- activation functions ---- */

/* relu: y = max(x, 0); gelu: y = x Phi(x), Phi the distribution function of N(0, 1) */
void activate(enum Activation activation, size_t n, const Real *x, Real *y);

/* dx = dy f'(x); dx may be dy */
void activate_backward(enum Activation activation, size_t n, const Real *x, const Real *dy,
                       Real *dx);

/* ---- layer normalisation ---- */

/* What the backward pass needs of the rows. */
struct REAL_NAME(Norm) {
  Real *hat;   /* [rows][d]: the normalised rows */
  Real *scale; /* [rows]: what a row was multiplied by */
  Real *slope; /* [rows] */
};
#define Norm REAL_NAME(Norm)

/* y[rows][d] = w hat + b. With c = x - mean(x), hat = c / sqrt(mean(c^2) + e) for LAYER_NORM_PRE,
   as in TransformerLens; hat = c / (sqrt(sum(c^2) / (d - 1)) + e) for LAYER_NORM_POST, as in
   RoganInglis/grokking-experiments; e = 1e-5. y may be x. */
void normalise(enum LayerNorm kind, size_t rows, size_t d, const Real *x, const Real *w,
               const Real *b, const struct Norm *norm, Real *y);

/* dx += ..., dw += ..., db += ... */
void normalise_backward(size_t rows, size_t d, const Real *w, const struct Norm *norm,
                        const Real *dy, Real *dx, Real *dw, Real *db);

/* ---- dropout ---- */

/* Which random numbers: a function of these and of an element's index alone. */
struct DropoutPlace {
  double probability;
  int64_t seed, step;
  uint32_t place; /* where in the network */
};

/* Zeroes each of n values, elements `first` and following of the place, with that probability, and
   multiplies the others by 1 / (1 - probability); of gradients the same. */
void drop(const struct DropoutPlace *place, size_t first, size_t n, Real *values);

/* ---- losses ---- */

/* The loss in nats of V logits, and d_logits, `scale` times its gradients:

     exact      log(1 + S), S = sum over j != y of e^{l_j - l_y}; dl_j = e^{l_j - l_y} / (1 + S),
   dl_y = -S / (1 + S): 1 - p_y is never computed by subtraction, and small losses keep their digits
     float32    -log softmax(l)_y as one would write it, in float32: the terms e^{l_j - max l},
   their sum, its logarithm; dl = softmax(l) - [j = y], rounded to float32 stablemax  -log (s(l_y) /
   sum_j s(l_j)), s(x) = x + 1 for x >= 0, else 1 / (1 - x) (Prieto et al. 2025)

   *correct: whether the largest logit, the first if tied, is the answer's. */
double loss_of_logits(enum Loss loss, size_t V, const Real *logits, size_t answer, Real scale,
                      Real *d_logits, bool *correct);

#endif
