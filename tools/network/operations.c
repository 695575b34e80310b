#include "network/operations.h"

#include "network/random.h"

#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <tgmath.h> /* exp, erfc and sqrt of a Real */

/* ---- a row ---- */

/* y += a x */
static void row_add_multiple(size_t n, Real a, const Real *x, Real *y)
{
  for (size_t i = 0; i < n; i++)
    y[i] += a * x[i];
}

/* Sums and largest values have WAYS partial ones, side by side, which a compiler can keep in
   vectors. Their order is part of the definition, so that it is no compiler's choice. */
enum { WAYS = 16 };

static Real sum_of_ways(Real ways[WAYS])
{
  for (size_t half = WAYS / 2; half > 0; half /= 2)
    for (size_t k = 0; k < half; k++)
      ways[k] += ways[k + half];
  return ways[0];
}

static Real row_dot(size_t n, const Real *x, const Real *y)
{
  Real ways[WAYS] = {0}, rest = 0;
  size_t whole = n - n % WAYS;
  for (size_t i = 0; i < whole; i += WAYS)
    for (size_t k = 0; k < WAYS; k++)
      ways[k] += x[i + k] * y[i + k];
  for (size_t i = whole; i < n; i++)
    rest += x[i] * y[i];
  return whole > 0 ? sum_of_ways(ways) + rest : rest;
}

static Real row_dot3(size_t n, const Real *x, const Real *y, const Real *z)
{
  Real ways[WAYS] = {0}, rest = 0;
  size_t whole = n - n % WAYS;
  for (size_t i = 0; i < whole; i += WAYS)
    for (size_t k = 0; k < WAYS; k++)
      ways[k] += x[i + k] * y[i + k] * z[i + k];
  for (size_t i = whole; i < n; i++)
    rest += x[i] * y[i] * z[i];
  return whole > 0 ? sum_of_ways(ways) + rest : rest;
}

static Real row_sum(size_t n, const Real *x)
{
  Real ways[WAYS] = {0}, rest = 0;
  size_t whole = n - n % WAYS;
  for (size_t i = 0; i < whole; i += WAYS)
    for (size_t k = 0; k < WAYS; k++)
      ways[k] += x[i + k];
  for (size_t i = whole; i < n; i++)
    rest += x[i];
  return whole > 0 ? sum_of_ways(ways) + rest : rest;
}

static Real row_largest(size_t n, const Real *x)
{
  Real ways[WAYS], most = x[0];
  size_t whole = n - n % WAYS;
  for (size_t k = 0; k < WAYS && whole > 0; k++)
    ways[k] = x[k];
  for (size_t i = WAYS; i < whole; i += WAYS)
    for (size_t k = 0; k < WAYS; k++)
      ways[k] = x[i + k] > ways[k] ? x[i + k] : ways[k];
  for (size_t k = 0; k < WAYS && whole > 0; k++)
    most = ways[k] > most ? ways[k] : most;
  for (size_t i = whole; i < n; i++)
    most = x[i] > most ? x[i] : most;
  return most;
}

/* The first of the largest. */
static size_t argmax(size_t n, const Real *x)
{
  const Real most = row_largest(n, x);
  size_t i = 0;
  while (i + 1 < n && x[i] != most)
    i++;
  return i;
}

/* ---- products ---- */

/* Below this many multiplications a call of OpenBLAS takes longer than they do. */
enum { SMALL_PRODUCT = 1024 };

void multiply(size_t M, size_t N, size_t K, const Real *A, size_t lda, const Real *B, size_t ldb,
              Real *C, size_t ldc)
{
  if (M * N * K <= SMALL_PRODUCT) {
    for (size_t i = 0; i < M; i++)
      for (size_t k = 0; k < K; k++)
        row_add_multiple(N, A[i * lda + k], B + k * ldb, C + i * ldc);
    return;
  }
  REAL_BLAS(gemm)
  (CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)M, (int)N, (int)K, 1, A, (int)lda, B, (int)ldb,
   1, C, (int)ldc);
}

void multiply_transposed(size_t M, size_t N, size_t K, const Real *A, size_t lda, const Real *B,
                         size_t ldb, Real *C, size_t ldc)
{
  if (M * N * K <= SMALL_PRODUCT) {
    for (size_t i = 0; i < M; i++)
      for (size_t j = 0; j < N; j++)
        C[i * ldc + j] += row_dot(K, A + i * lda, B + j * ldb);
    return;
  }
  REAL_BLAS(gemm)
  (CblasRowMajor, CblasNoTrans, CblasTrans, (int)M, (int)N, (int)K, 1, A, (int)lda, B, (int)ldb, 1,
   C, (int)ldc);
}

void multiply_first_transposed(size_t M, size_t N, size_t K, const Real *A, size_t lda,
                               const Real *B, size_t ldb, Real *C, size_t ldc)
{
  if (M * N * K <= SMALL_PRODUCT) {
    for (size_t k = 0; k < K; k++)
      for (size_t i = 0; i < M; i++)
        row_add_multiple(N, A[k * lda + i], B + k * ldb, C + i * ldc);
    return;
  }
  REAL_BLAS(gemm)
  (CblasRowMajor, CblasTrans, CblasNoTrans, (int)M, (int)N, (int)K, 1, A, (int)lda, B, (int)ldb, 1,
   C, (int)ldc);
}

void multiply_backward(size_t M, size_t N, size_t K, const Real *A, size_t lda, const Real *B,
                       size_t ldb, const Real *dC, size_t ldc, Real *dA, size_t ldda, Real *dB)
{
  multiply_transposed(M, K, N, dC, ldc, B, ldb, dA, ldda);
  multiply_first_transposed(K, N, M, A, lda, dC, ldc, dB, ldb);
}

void multiply_transposed_backward(size_t M, size_t N, size_t K, const Real *A, size_t lda,
                                  const Real *B, size_t ldb, const Real *dC, size_t ldc, Real *dA,
                                  Real *dB)
{
  multiply(M, K, N, dC, ldc, B, ldb, dA, lda);
  multiply_first_transposed(N, K, M, dC, ldc, A, lda, dB, ldb);
}

/* ---- rows ---- */

void rows_start(size_t n, size_t width, const Real *row, Real *rows)
{
  for (size_t i = 0; i < n; i++)
    if (row)
      memcpy(rows + i * width, row, width * sizeof *rows);
    else
      memset(rows + i * width, 0, width * sizeof *rows);
}

void rows_add(size_t count, const Real *terms, Real *sums)
{
  for (size_t i = 0; i < count; i++)
    sums[i] += terms[i];
}

void rows_sum(size_t n, size_t width, const Real *rows, Real *sum)
{
  for (size_t i = 0; i < n; i++)
    rows_add(width, rows + i * width, sum);
}

void rows_scale(size_t count, Real a, Real *x)
{
  for (size_t i = 0; i < count; i++)
    x[i] *= a;
}

/* ---- elementary ---- */

#if REAL_BITS == 32
typedef uint32_t Bits;
enum { MANTISSA_BITS = 23, DEGREE = 7 };
static const Real LN2_HIGH = 0x1.62e4p-1f, LN2_LOW = 0x1.7f7d1cp-20f;
#else
typedef uint64_t Bits;
enum { MANTISSA_BITS = 52, DEGREE = 13 };
static const Real LN2_HIGH = 0x1.62e42fefa0000p-1, LN2_LOW = 0x1.cf79abc9e3b3ap-40;
#endif

/* exp(x) for x <= 0, to about a unit in the last place, and without branches, so that a loop over
   it has vectors. Below exp(-80) it is 0, as it would soon be subnormal. Otherwise x = n ln 2 + r
   with |r| <= ln 2 / 2, and exp(r) is its Taylor polynomial. Adding `shift` rounds to the integer
   n, which is then in the lowest bits, and n in the exponent multiplies by 2^n. */
static inline Real decaying_exp(Real x)
{
  static const Real coefficients[] = {REAL(1.0),
                                      REAL(1.0),
                                      REAL(0.5),
                                      1 / REAL(6.0),
                                      1 / REAL(24.0),
                                      1 / REAL(120.0),
                                      1 / REAL(720.0),
                                      1 / REAL(5040.0),
                                      1 / REAL(40320.0),
                                      1 / REAL(362880.0),
                                      1 / REAL(3628800.0),
                                      1 / REAL(39916800.0),
                                      1 / REAL(479001600.0),
                                      1 / REAL(6227020800.0)};
  const Real shift = (Real)(3LL << (MANTISSA_BITS - 1)), least = REAL(-80.0);
  const Real inside = x < least ? least : x;
  const Real shifted = fma(inside, REAL(1.4426950408889634), shift), n = shifted - shift;
  const Real r = fma(-n, LN2_LOW, fma(-n, LN2_HIGH, inside));
  Real power = coefficients[DEGREE];
#pragma GCC unroll 16
  for (int k = DEGREE; k-- > 0;)
    power = fma(power, r, coefficients[k]);
  Bits bits, exponent;
  memcpy(&bits, &power, sizeof bits);
  memcpy(&exponent, &shifted, sizeof exponent);
  bits += exponent << MANTISSA_BITS;
  memcpy(&power, &bits, sizeof power);
  return x < least ? 0 : power;
}

/* ---- attention variants ---- */

static Real exponentials(size_t n, const Real *s, Real shift, Real *e)
{
  for (size_t j = 0; j < n; j++)
    e[j] = decaying_exp(s[j] - shift);
  return row_sum(n, e);
}

static void softmax(size_t n, const Real *s, Real *w)
{
  Real sum = exponentials(n, s, row_largest(n, s), w);
  for (size_t j = 0; j < n; j++)
    w[j] /= sum;
}

static void softmax1(size_t n, const Real *s, Real *w)
{
  const Real most = row_largest(n, s), shift = most > 0 ? most : 0;
  Real sum = exponentials(n, s, shift, w) + decaying_exp(-shift);
  for (size_t j = 0; j < n; j++)
    w[j] /= sum;
}

/* Of both: ds_j = w_j (dw_j - sum_i w_i dw_i). */
static void softmax_backward(size_t n, const Real *s, const Real *w, const Real *dw, Real *ds)
{
  (void)s;
  Real mean = row_dot(n, w, dw);
  for (size_t j = 0; j < n; j++)
    ds[j] = w[j] * (dw[j] - mean);
}

static void uniform(size_t n, const Real *s, Real *w)
{
  (void)s;
  for (size_t j = 0; j < n; j++)
    w[j] = 1 / (Real)n;
}

static void uniform_backward(size_t n, const Real *s, const Real *w, const Real *dw, Real *ds)
{
  (void)s, (void)w, (void)dw;
  memset(ds, 0, n * sizeof *ds);
}

static void softmax1_unnormalised(size_t n, const Real *s, Real *w)
{
  Real sum = exponentials(n, s, row_largest(n, s), w);
  for (size_t j = 0; j < n; j++)
    w[j] += sum;
}

/* ds_j = e_j (dw_j + sum_i dw_i); the largest score, which is subtracted from all, also gets minus
   their sum. */
static void softmax1_unnormalised_backward(size_t n, const Real *s, const Real *w, const Real *dw,
                                           Real *ds)
{
  (void)w;
  size_t top = argmax(n, s);
  Real sum = row_sum(n, dw);
  exponentials(n, s, s[top], ds);
  for (size_t j = 0; j < n; j++)
    ds[j] *= dw[j] + sum;
  ds[top] -= row_sum(n, ds);
}

static const struct {
  void (*forward)(size_t n, const Real *s, Real *w);
  void (*backward)(size_t n, const Real *s, const Real *w, const Real *dw, Real *ds);
} variants[] = {
    [ATTENTION_SOFTMAX] = {softmax, softmax_backward},
    [ATTENTION_SOFTMAX1] = {softmax1, softmax_backward},
    [ATTENTION_UNIFORM] = {uniform, uniform_backward},
    [ATTENTION_SOFTMAX1_UNNORMALISED] = {softmax1_unnormalised, softmax1_unnormalised_backward},
};

void attention_weigh(enum Attention attention, size_t n, const Real *scores, Real *weights)
{
  variants[attention].forward(n, scores, weights);
}

void attention_weigh_back(enum Attention attention, size_t n, const Real *scores,
                          const Real *weights, const Real *d_weights, Real *d_scores)
{
  variants[attention].backward(n, scores, weights, d_weights, d_scores);
}

/* ---- activation functions ---- */

/* The distribution function and the density of N(0, 1). */
static Real normal_cdf(Real x)
{
  return REAL(0.5) * erfc(-x * REAL(0.70710678118654752));
}

static Real normal_density(Real x)
{
  return REAL(0.39894228040143268) * decaying_exp(-x * x / 2);
}

void activate(enum Activation activation, size_t n, const Real *x, Real *y)
{
  switch (activation) {
  case ACTIVATION_RELU:
    for (size_t i = 0; i < n; i++)
      y[i] = x[i] > 0 ? x[i] : 0;
    break;
  case ACTIVATION_GELU:
    for (size_t i = 0; i < n; i++)
      y[i] = x[i] * normal_cdf(x[i]);
    break;
  }
}

void activate_backward(enum Activation activation, size_t n, const Real *x, const Real *dy,
                       Real *dx)
{
  switch (activation) {
  case ACTIVATION_RELU:
    for (size_t i = 0; i < n; i++)
      dx[i] = x[i] > 0 ? dy[i] : 0;
    break;
  case ACTIVATION_GELU:
    for (size_t i = 0; i < n; i++)
      dx[i] = dy[i] * (normal_cdf(x[i]) + x[i] * normal_density(x[i]));
    break;
  }
}

/* ---- layer normalisation ---- */

static const Real epsilon = REAL(1e-5);

void normalise(enum LayerNorm kind, size_t rows, size_t d, const Real *x, const Real *w,
               const Real *b, const struct Norm *norm, Real *y)
{
  for (size_t row = 0; row < rows; row++) {
    Real *hat = norm->hat + row * d, mean = row_sum(d, x + row * d) / (Real)d;
    for (size_t i = 0; i < d; i++)
      hat[i] = x[row * d + i] - mean;
    Real squares = row_dot(d, hat, hat), scale, slope;
    if (kind == LAYER_NORM_POST) {
      Real deviation = sqrt(squares / (Real)(d - 1));
      scale = 1 / (deviation + epsilon);
      slope = deviation > 0 ? 1 / ((Real)(d - 1) * deviation) : 0;
    } else {
      scale = 1 / sqrt(squares / (Real)d + epsilon);
      slope = scale / (Real)d;
    }
    for (size_t i = 0; i < d; i++) {
      hat[i] *= scale;
      y[row * d + i] = w[i] * hat[i] + b[i];
    }
    norm->scale[row] = scale;
    norm->slope[row] = slope;
  }
}

/* With g = w dy: dc = scale g - slope hat (hat . g), as the scale changes with c along hat alone,
   and dx = dc - mean(dc), of which mean(hat) is 0. */
void normalise_backward(size_t rows, size_t d, const Real *w, const struct Norm *norm,
                        const Real *dy, Real *dx, Real *dw, Real *db)
{
  for (size_t row = 0; row < rows; row++) {
    const Real *hat = norm->hat + row * d, *dy_row = dy + row * d;
    const Real scale = norm->scale[row], mean = row_dot(d, w, dy_row) / (Real)d;
    const Real along = norm->slope[row] * row_dot3(d, hat, w, dy_row);
    Real *dx_row = dx + row * d;
    for (size_t i = 0; i < d; i++) {
      dx_row[i] += scale * (w[i] * dy_row[i] - mean) - along * hat[i];
      dw[i] += dy_row[i] * hat[i];
      db[i] += dy_row[i];
    }
  }
}

/* ---- dropout ---- */

/* The bits of a block of four elements. */
static void draw_bits(const struct DropoutPlace *place, uint64_t block, uint32_t bits[4])
{
  const uint32_t key[2] = {(uint32_t)place->seed, (uint32_t)((uint64_t)place->seed >> 32)};
  const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)place->step,
                               UINT32_C(0xD509) << 16 | place->place};
  random_philox(counter, key, bits);
}

void drop(const struct DropoutPlace *place, size_t first, size_t n, Real *values)
{
  const uint32_t threshold = (uint32_t)(place->probability * 0x1p32);
  const Real kept = (Real)(1 / (1 - place->probability));
  uint32_t bits[4];
  for (size_t i = 0; i < n; i++) {
    size_t element = first + i;
    if (i == 0 || element % 4 == 0) draw_bits(place, element / 4, bits);
    values[i] = bits[element % 4] < threshold ? 0 : values[i] * kept;
  }
}

/* ---- losses ---- */

static double exact_loss(size_t V, const Real *logits, size_t answer, size_t best, Real scale,
                         Real *d_logits)
{
  const Real of_answer = logits[answer];
  const Real shift = logits[best] - of_answer; /* 0 if the answer is right */
  const Real one = decaying_exp(-shift);
  for (size_t j = 0; j < V; j++)
    d_logits[j] = decaying_exp(logits[j] - of_answer - shift);
  d_logits[answer] = 0;
  const Real others = row_sum(V, d_logits); /* S e^{-shift} */
  rows_scale(V, scale / (one + others), d_logits);
  d_logits[answer] = -scale * others / (one + others);
  return shift > 0 ? (double)shift + log((double)one + (double)others) : log1p((double)others);
}

static double float32_loss(size_t V, const Real *logits, size_t answer, size_t best, Real scale,
                           Real *d_logits)
{
  float sum = 0;
  for (size_t j = 0; j < V; j++) {
    float power = expf((float)logits[j] - (float)logits[best]);
    d_logits[j] = (Real)power;
    sum += power;
  }
  for (size_t j = 0; j < V; j++) {
    float p = (float)d_logits[j] / sum;
    d_logits[j] = scale * (Real)(p - (j == answer ? 1.0f : 0.0f));
  }
  return (double)(logf(sum) - ((float)logits[answer] - (float)logits[best]));
}

static Real stable(Real x)
{
  return x >= 0 ? x + 1 : 1 / (1 - x);
}

static Real stable_slope(Real x)
{
  return x >= 0 ? 1 : 1 / ((1 - x) * (1 - x));
}

static double stablemax_loss(size_t V, const Real *logits, size_t answer, Real scale,
                             Real *d_logits)
{
  for (size_t j = 0; j < V; j++)
    d_logits[j] = stable(logits[j]);
  const Real sum = row_sum(V, d_logits), of_answer = d_logits[answer];
  for (size_t j = 0; j < V; j++)
    d_logits[j] = scale * stable_slope(logits[j]) / sum;
  d_logits[answer] -= scale * stable_slope(logits[answer]) / of_answer;
  return log((double)sum) - log((double)of_answer);
}

double loss_of_logits(enum Loss loss, size_t V, const Real *logits, size_t answer, Real scale,
                      Real *d_logits, bool *correct)
{
  size_t best = argmax(V, logits);
  *correct = best == answer;
  switch (loss) {
  case LOSS_EXACT:
    break;
  case LOSS_FLOAT32:
    return float32_loss(V, logits, answer, best, scale, d_logits);
  case LOSS_STABLEMAX:
    return stablemax_loss(V, logits, answer, scale, d_logits);
  }
  return exact_loss(V, logits, answer, best, scale, d_logits);
}
