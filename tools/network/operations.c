#include "network/operations.h"

#include "network/random.h"

#include <cblas.h>
#include <math.h>
#include <string.h>
#include <tgmath.h> /* exp, erfc and sqrt of a Real */

/* ---- products ---- */

void multiply(size_t M, size_t N, size_t K, const Real *A, size_t lda, const Real *B, size_t ldb,
              Real *C, size_t ldc)
{
  REAL_BLAS(gemm)
  (CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)M, (int)N, (int)K, 1, A, (int)lda, B, (int)ldb,
   1, C, (int)ldc);
}

void multiply_transposed(size_t M, size_t N, size_t K, const Real *A, size_t lda, const Real *B,
                         size_t ldb, Real *C, size_t ldc)
{
  REAL_BLAS(gemm)
  (CblasRowMajor, CblasNoTrans, CblasTrans, (int)M, (int)N, (int)K, 1, A, (int)lda, B, (int)ldb, 1,
   C, (int)ldc);
}

void multiply_first_transposed(size_t M, size_t N, size_t K, const Real *A, size_t lda,
                               const Real *B, size_t ldb, Real *C, size_t ldc)
{
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

void rows_add_multiple(size_t n, Real a, const Real *x, Real *y)
{
  for (size_t i = 0; i < n; i++)
    y[i] += a * x[i];
}

/* In eight partial sums, which a compiler can keep in one vector. */
Real rows_dot(size_t n, const Real *x, const Real *y)
{
  enum { WAYS = 8 };
  Real sums[WAYS] = {0}, sum = 0;
  size_t whole = n - n % WAYS;
  for (size_t i = 0; i < whole; i += WAYS)
    for (size_t k = 0; k < WAYS; k++)
      sums[k] += x[i + k] * y[i + k];
  for (size_t k = 0; k < WAYS; k++)
    sum += sums[k];
  for (size_t i = whole; i < n; i++)
    sum += x[i] * y[i];
  return sum;
}

static Real row_sum(size_t n, const Real *x)
{
  Real sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += x[i];
  return sum;
}

/* ---- elementary ---- */

/* exp(x) for x <= 0. Below exp(-80) it is 0, as it would soon be subnormal. */
static Real decaying_exp(Real x)
{
  return x < REAL(-80.0) ? 0 : exp(x);
}

static size_t argmax(size_t n, const Real *x)
{
  size_t best = 0;
  for (size_t j = 1; j < n; j++)
    if (x[j] > x[best]) best = j;
  return best;
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
  Real sum = exponentials(n, s, s[argmax(n, s)], w);
  for (size_t j = 0; j < n; j++)
    w[j] /= sum;
}

static void softmax1(size_t n, const Real *s, Real *w)
{
  Real largest = s[argmax(n, s)], shift = largest > 0 ? largest : 0;
  Real sum = exponentials(n, s, shift, w) + decaying_exp(-shift);
  for (size_t j = 0; j < n; j++)
    w[j] /= sum;
}

/* Of both: ds_j = w_j (dw_j - sum_i w_i dw_i). */
static void softmax_backward(size_t n, const Real *s, const Real *w, const Real *dw, Real *ds)
{
  (void)s;
  Real mean = rows_dot(n, w, dw);
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
  Real sum = exponentials(n, s, s[argmax(n, s)], w);
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
    Real squares = rows_dot(d, hat, hat), scale, slope;
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
   and dx = dc - mean(dc). */
void normalise_backward(size_t rows, size_t d, const Real *w, const struct Norm *norm,
                        const Real *dy, Real *dx, Real *dw, Real *db)
{
  for (size_t row = 0; row < rows; row++) {
    const Real *hat = norm->hat + row * d, *dy_row = dy + row * d;
    Real along = 0, sum = 0;
    for (size_t i = 0; i < d; i++) {
      along += hat[i] * w[i] * dy_row[i];
      dw[i] += dy_row[i] * hat[i];
      db[i] += dy_row[i];
    }
    along *= norm->slope[row];
    for (size_t i = 0; i < d; i++)
      sum += norm->scale[row] * w[i] * dy_row[i] - along * hat[i];
    for (size_t i = 0; i < d; i++)
      dx[row * d + i] += norm->scale[row] * w[i] * dy_row[i] - along * hat[i] - sum / (Real)d;
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
  const Real shift = logits[best] - logits[answer]; /* 0 if the answer is right */
  const Real one = decaying_exp(-shift);
  for (size_t j = 0; j < V; j++)
    d_logits[j] = j == answer ? 0 : decaying_exp(logits[j] - logits[answer] - shift);
  const Real others = row_sum(V, d_logits); /* S e^{-shift} */
  for (size_t j = 0; j < V; j++)
    d_logits[j] *= scale / (one + others);
  d_logits[answer] = -scale * others / (one + others);
  return shift > 0 ? (double)shift + log((double)one + (double)others) : log1p((double)others);
}

static double float32_loss(size_t V, const Real *logits, size_t answer, size_t best, Real scale,
                           Real *d_logits)
{
  float sum = 0;
  for (size_t j = 0; j < V; j++)
    sum += expf((float)logits[j] - (float)logits[best]);
  for (size_t j = 0; j < V; j++) {
    float p = expf((float)logits[j] - (float)logits[best]) / sum;
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
