#include "network/textbook.h"

#include "base/memory.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h> /* exp, erfc and sqrt of a Real */

/* ---- dense products; matrices are row-major, `ld` is the distance between rows ---- */

/* C[M, N] += A[M, K] B[K, N] */
static void multiply(size_t M, size_t N, size_t K, const Real *A, size_t lda, const Real *B,
                     size_t ldb, Real *C, size_t ldc)
{
  REAL_BLAS(gemm)
  (CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)M, (int)N, (int)K, 1, A, (int)lda, B, (int)ldb,
   1, C, (int)ldc);
}

/* For that product, dA[M, K] += dC[M, N] B[K, N]^T and dB[K, N] += A[M, K]^T dC[M, N]. */
static void multiply_backward(size_t M, size_t N, size_t K, const Real *A, size_t lda,
                              const Real *B, size_t ldb, const Real *dC, size_t ldc, Real *dA,
                              size_t ldda, Real *dB)
{
  REAL_BLAS(gemm)
  (CblasRowMajor, CblasNoTrans, CblasTrans, (int)M, (int)K, (int)N, 1, dC, (int)ldc, B, (int)ldb, 1,
   dA, (int)ldda);
  REAL_BLAS(gemm)
  (CblasRowMajor, CblasTrans, CblasNoTrans, (int)K, (int)N, (int)M, 1, A, (int)lda, dC, (int)ldc, 1,
   dB, (int)ldb);
}

/* Starts the rows of a sum: each is `row`, or zero. */
static void start_rows(size_t n, size_t width, const Real *row, Real *rows)
{
  for (size_t i = 0; i < n; i++)
    if (row)
      memcpy(rows + i * width, row, width * sizeof *rows);
    else
      memset(rows + i * width, 0, width * sizeof *rows);
}

static void add(size_t n, const Real *terms, Real *sums)
{
  for (size_t i = 0; i < n; i++)
    sums[i] += terms[i];
}

/* sum[width] += the n rows */
static void add_rows(size_t n, size_t width, const Real *rows, Real *sum)
{
  for (size_t i = 0; i < n; i++)
    add(width, rows + i * width, sum);
}

/* In eight partial sums, which a compiler can keep in one vector. */
static Real dot(size_t n, const Real *x, const Real *y)
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

/* y += a x */
static void add_multiple(size_t n, Real a, const Real *x, Real *y)
{
  for (size_t i = 0; i < n; i++)
    y[i] += a * x[i];
}

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

/* ---- parameters ---- */

static const Real *parameter(const struct Textbook *t, const Real *values, size_t layer,
                             enum Parameter kind)
{
  return values + t->list.info[parameters_place(&t->list, (int)layer, kind)].offset;
}

static Real *gradient_of(const struct Textbook *t, Real *gradient, size_t layer,
                         enum Parameter kind)
{
  return gradient + t->list.info[parameters_place(&t->list, (int)layer, kind)].offset;
}

/* ---- attention variants: n scores of one query to its weights, and back ---- */

static Real exponentials(size_t n, const Real *s, Real shift, Real *e)
{
  Real sum = 0;
  for (size_t j = 0; j < n; j++)
    sum += e[j] = decaying_exp(s[j] - shift);
  return sum;
}

/* w_j = e^{s_j} / sum_i e^{s_i} */
static void softmax(size_t n, const Real *s, Real *w)
{
  Real sum = exponentials(n, s, s[argmax(n, s)], w);
  for (size_t j = 0; j < n; j++)
    w[j] /= sum;
}

/* w_j = e^{s_j} / (1 + sum_i e^{s_i}) */
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
  Real mean = dot(n, w, dw);
  for (size_t j = 0; j < n; j++)
    ds[j] = w[j] * (dw[j] - mean);
}

/* w_j = 1 / n */
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

/* w_j = e_j + sum_i e_i, e_j = e^{s_j - max_i s_i} */
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
  Real sum = 0, total = 0;
  for (size_t j = 0; j < n; j++)
    sum += dw[j];
  exponentials(n, s, s[top], ds);
  for (size_t j = 0; j < n; j++)
    total += ds[j] *= dw[j] + sum;
  ds[top] -= total;
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

/* y = max(x, 0), or y = x Phi(x) */
static void activate(enum Activation activation, size_t n, const Real *x, Real *y)
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

/* dx = dy f'(x) */
static void activate_backward(enum Activation activation, size_t n, const Real *x, const Real *dy,
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

/* ---- embedding ---- */

/* resid_pre[b][i] = W_E[token] + W_pos[i] */
static void embed(const struct Textbook *t, const Real *parameters, const int *tokens, size_t n,
                  Real *resid_pre)
{
  size_t N = (size_t)t->list.shape.n_positions, d = (size_t)t->list.shape.d_model;
  const Real *embedding = parameter(t, parameters, 0, W_E);
  const Real *position = parameter(t, parameters, 0, W_POS);
  for (size_t b = 0; b < n; b++)
    for (size_t i = 0; i < N; i++) {
      Real *x = resid_pre + (b * N + i) * d;
      memcpy(x, embedding + (size_t)tokens[b * N + i] * d, d * sizeof *x);
      add(d, position + i * d, x);
    }
}

static void embed_backward(const struct Textbook *t, const int *tokens, size_t n,
                           const Real *d_resid_pre, Real *gradient)
{
  size_t N = (size_t)t->list.shape.n_positions, d = (size_t)t->list.shape.d_model;
  Real *embedding = gradient_of(t, gradient, 0, W_E);
  Real *position = gradient_of(t, gradient, 0, W_POS);
  for (size_t b = 0; b < n; b++)
    for (size_t i = 0; i < N; i++) {
      const Real *dx = d_resid_pre + (b * N + i) * d;
      add(d, dx, embedding + (size_t)tokens[b * N + i] * d);
      add(d, dx, position + i * d);
    }
}

/* ---- heads ---- */

/* The queries of a layer, which are the last positions of each sequence. */
static size_t count_queries(const struct Textbook *t, size_t layer)
{
  bool last = layer + 1 == (size_t)t->list.shape.n_layers;
  return last ? t->n_read : (size_t)t->list.shape.n_positions;
}

/* y[rows][H][d_head] = x[rows][d] W[h] for every head, W being [H][d][d_head]. */
static void project(const struct Textbook *t, size_t rows, const Real *x, const Real *W, Real *y)
{
  size_t H = (size_t)t->list.shape.H, d = (size_t)t->list.shape.d_model;
  size_t d_head = (size_t)t->list.shape.d_head;
  start_rows(rows, H * d_head, NULL, y);
  for (size_t h = 0; h < H; h++)
    multiply(rows, d_head, d, x, d, W + h * d * d_head, d_head, y + h * d_head, H * d_head);
}

static void project_backward(const struct Textbook *t, size_t rows, const Real *x, const Real *W,
                             const Real *dy, Real *dx, Real *dW)
{
  size_t H = (size_t)t->list.shape.H, d = (size_t)t->list.shape.d_model;
  size_t d_head = (size_t)t->list.shape.d_head;
  for (size_t h = 0; h < H; h++)
    multiply_backward(rows, d_head, d, x, d, W + h * d * d_head, d_head, dy + h * d_head,
                      H * d_head, dx, d, dW + h * d * d_head);
}

/* scores, weights, and z = A v. Query i of Q is position N - Q + i, and sees the positions up to
   its own. */
static void attend(const struct Textbook *t, const struct TextbookLayer *l, size_t Q, size_t n)
{
  size_t N = (size_t)t->list.shape.n_positions, H = (size_t)t->list.shape.H;
  size_t d_head = (size_t)t->list.shape.d_head, row = H * d_head;
  const Real scale = 1 / sqrt((Real)d_head);
  start_rows(n * Q, row, NULL, l->z);
  for (size_t b = 0; b < n; b++)
    for (size_t i = 0; i < Q; i++)
      for (size_t h = 0; h < H; h++) {
        size_t query = b * Q + i, seen = N - Q + i + 1, head = h * d_head;
        Real *scores = l->scores + (query * H + h) * N, *weights = l->weights + (query * H + h) * N;
        for (size_t j = 0; j < seen; j++)
          scores[j] =
              scale * dot(d_head, l->q + query * row + head, l->k + (b * N + j) * row + head);
        variants[t->config.attention].forward(seen, scores, weights);
        for (size_t j = 0; j < seen; j++)
          add_multiple(d_head, weights[j], l->v + (b * N + j) * row + head,
                       l->z + query * row + head);
      }
}

static void attend_backward(const struct Textbook *t, const struct TextbookLayer *l, size_t Q,
                            size_t n)
{
  size_t N = (size_t)t->list.shape.n_positions, H = (size_t)t->list.shape.H;
  size_t d_head = (size_t)t->list.shape.d_head, row = H * d_head;
  const Real scale = 1 / sqrt((Real)d_head);
  const struct TextbookLayer *d = &t->d;
  start_rows(n * Q, row, NULL, d->q);
  start_rows(n * N, row, NULL, d->k);
  start_rows(n * N, row, NULL, d->v);
  for (size_t b = 0; b < n; b++)
    for (size_t i = 0; i < Q; i++)
      for (size_t h = 0; h < H; h++) {
        size_t query = b * Q + i, seen = N - Q + i + 1, head = h * d_head;
        size_t entry = (query * H + h) * N;
        const Real *weights = l->weights + entry, *dz = d->z + query * row + head;
        Real *dw = d->weights + entry, *ds = d->scores + entry;
        for (size_t j = 0; j < seen; j++) {
          size_t key = (b * N + j) * row + head;
          dw[j] = dot(d_head, dz, l->v + key);
          add_multiple(d_head, weights[j], dz, d->v + key);
        }
        variants[t->config.attention].backward(seen, l->scores + entry, weights, dw, ds);
        for (size_t j = 0; j < seen; j++) {
          size_t key = (b * N + j) * row + head;
          add_multiple(d_head, scale * ds[j], l->k + key, d->q + query * row + head);
          add_multiple(d_head, scale * ds[j], l->q + query * row + head, d->k + key);
        }
      }
}

/* The last Q of N positions of each sequence, [n][Q][width] of [n][N][width]. */
static void take_queries(size_t n, size_t N, size_t Q, size_t width, const Real *all, Real *queries)
{
  for (size_t b = 0; b < n; b++)
    memcpy(queries + b * Q * width, all + (b * N + N - Q) * width, Q * width * sizeof *all);
}

static void take_queries_backward(size_t n, size_t N, size_t Q, size_t width, const Real *d_queries,
                                  Real *d_all)
{
  for (size_t b = 0; b < n; b++)
    add(Q * width, d_queries + b * Q * width, d_all + (b * N + N - Q) * width);
}

/* resid_mid = resid_pre at the queries + sum_h z[h] W_O[h] */
static void heads(const struct Textbook *t, const Real *parameters, size_t layer, size_t n)
{
  const struct TextbookLayer *l = &t->layers[layer];
  size_t N = (size_t)t->list.shape.n_positions, Q = count_queries(t, layer);
  size_t d = (size_t)t->list.shape.d_model;
  size_t all_heads = (size_t)t->list.shape.H * (size_t)t->list.shape.d_head;
  take_queries(n, N, Q, d, l->resid_pre, l->queried);
  project(t, n * Q, l->queried, parameter(t, parameters, layer, W_Q), l->q);
  project(t, n * N, l->resid_pre, parameter(t, parameters, layer, W_K), l->k);
  project(t, n * N, l->resid_pre, parameter(t, parameters, layer, W_V), l->v);
  attend(t, l, Q, n);
  memcpy(l->resid_mid, l->queried, n * Q * d * sizeof(Real));
  multiply(n * Q, d, all_heads, l->z, all_heads, parameter(t, parameters, layer, W_O), d,
           l->resid_mid, d);
}

/* From d.resid_mid to d.resid_pre. */
static void heads_backward(const struct Textbook *t, const Real *parameters, size_t layer, size_t n,
                           Real *gradient)
{
  const struct TextbookLayer *l = &t->layers[layer], *dl = &t->d;
  size_t N = (size_t)t->list.shape.n_positions, Q = count_queries(t, layer);
  size_t d = (size_t)t->list.shape.d_model;
  size_t all_heads = (size_t)t->list.shape.H * (size_t)t->list.shape.d_head;
  start_rows(n * Q, all_heads, NULL, dl->z);
  multiply_backward(n * Q, d, all_heads, l->z, all_heads, parameter(t, parameters, layer, W_O), d,
                    dl->resid_mid, d, dl->z, all_heads, gradient_of(t, gradient, layer, W_O));
  attend_backward(t, l, Q, n);
  memcpy(dl->queried, dl->resid_mid, n * Q * d * sizeof(Real));
  start_rows(n * N, d, NULL, dl->resid_pre);
  project_backward(t, n * N, l->resid_pre, parameter(t, parameters, layer, W_V), dl->v,
                   dl->resid_pre, gradient_of(t, gradient, layer, W_V));
  project_backward(t, n * N, l->resid_pre, parameter(t, parameters, layer, W_K), dl->k,
                   dl->resid_pre, gradient_of(t, gradient, layer, W_K));
  project_backward(t, n * Q, l->queried, parameter(t, parameters, layer, W_Q), dl->q, dl->queried,
                   gradient_of(t, gradient, layer, W_Q));
  take_queries_backward(n, N, Q, d, dl->queried, dl->resid_pre);
}

/* ---- neurons ---- */

/* resid_post = resid_mid + f(resid_mid W_in + b_in) W_out + b_out */
static void mlp(const struct Textbook *t, const Real *parameters, size_t layer, size_t n)
{
  const struct TextbookLayer *l = &t->layers[layer];
  size_t rows = n * count_queries(t, layer);
  size_t d = (size_t)t->list.shape.d_model, m = (size_t)t->list.shape.d_mlp;
  start_rows(rows, m, parameter(t, parameters, layer, B_IN), l->pre);
  multiply(rows, m, d, l->resid_mid, d, parameter(t, parameters, layer, W_IN), m, l->pre, m);
  activate(t->config.activation, rows * m, l->pre, l->hidden);
  start_rows(rows, d, parameter(t, parameters, layer, B_OUT), l->resid_post);
  add(rows * d, l->resid_mid, l->resid_post);
  multiply(rows, d, m, l->hidden, m, parameter(t, parameters, layer, W_OUT), d, l->resid_post, d);
}

/* From d.resid_post to d.resid_mid. */
static void mlp_backward(const struct Textbook *t, const Real *parameters, size_t layer, size_t n,
                         Real *gradient)
{
  const struct TextbookLayer *l = &t->layers[layer], *dl = &t->d;
  size_t rows = n * count_queries(t, layer);
  size_t d = (size_t)t->list.shape.d_model, m = (size_t)t->list.shape.d_mlp;
  memcpy(dl->resid_mid, dl->resid_post, rows * d * sizeof(Real));
  start_rows(rows, m, NULL, dl->hidden);
  multiply_backward(rows, d, m, l->hidden, m, parameter(t, parameters, layer, W_OUT), d,
                    dl->resid_post, d, dl->hidden, m, gradient_of(t, gradient, layer, W_OUT));
  activate_backward(t->config.activation, rows * m, l->pre, dl->hidden, dl->pre);
  multiply_backward(rows, m, d, l->resid_mid, d, parameter(t, parameters, layer, W_IN), m, dl->pre,
                    m, dl->resid_mid, d, gradient_of(t, gradient, layer, W_IN));
  if (!t->config.biases) return;
  add_rows(rows, m, dl->pre, gradient_of(t, gradient, layer, B_IN));
  add_rows(rows, d, dl->resid_post, gradient_of(t, gradient, layer, B_OUT));
}

/* ---- the network ---- */

void textbook_forward(struct Textbook *t, const Real *parameters, const int *tokens, size_t n)
{
  size_t d = (size_t)t->list.shape.d_model, V = (size_t)t->list.shape.V;
  size_t n_layers = (size_t)t->list.shape.n_layers;
  embed(t, parameters, tokens, n, t->layers[0].resid_pre);
  for (size_t layer = 0; layer < n_layers; layer++) {
    heads(t, parameters, layer, n);
    mlp(t, parameters, layer, n);
  }
  start_rows(n * t->n_read, V, NULL, t->logits);
  multiply(n * t->n_read, V, d, t->layers[n_layers - 1].resid_post, d,
           parameter(t, parameters, 0, W_U), V, t->logits, V);
}

void textbook_backward(struct Textbook *t, const Real *parameters, const int *tokens, size_t n,
                       Real *gradient)
{
  size_t d = (size_t)t->list.shape.d_model, V = (size_t)t->list.shape.V;
  size_t n_layers = (size_t)t->list.shape.n_layers;
  start_rows(n * t->n_read, d, NULL, t->d.resid_post);
  multiply_backward(n * t->n_read, V, d, t->layers[n_layers - 1].resid_post, d,
                    parameter(t, parameters, 0, W_U), V, t->d_logits, V, t->d.resid_post, d,
                    gradient_of(t, gradient, 0, W_U));
  for (size_t layer = n_layers; layer-- > 0;) {
    mlp_backward(t, parameters, layer, n, gradient);
    heads_backward(t, parameters, layer, n, gradient);
    Real *below = t->d.resid_pre; /* the gradient of the layer below's resid_post */
    t->d.resid_pre = t->d.resid_post;
    t->d.resid_post = below;
  }
  embed_backward(t, tokens, n, t->d.resid_post, gradient);
}

/* The loss of V logits, and its gradients dl_j = e^{l_j - l_y} / (1 + S), dl_y = -S / (1 + S). The
   largest logit is subtracted where it is not the answer's; 1 - p_y is never computed by
   subtraction, so that a loss of 1e-12 keeps its digits. */
static double loss_of_logits(size_t V, const Real *logits, size_t answer, Real scale,
                             Real *d_logits, bool *correct)
{
  size_t best = argmax(V, logits);
  *correct = best == answer;
  const Real shift = logits[best] - logits[answer]; /* 0 if the answer is right */
  const Real one = decaying_exp(-shift);
  Real others = 0; /* S e^{-shift} */
  for (size_t j = 0; j < V; j++) {
    d_logits[j] = j == answer ? 0 : decaying_exp(logits[j] - logits[answer] - shift);
    others += d_logits[j];
  }
  for (size_t j = 0; j < V; j++)
    d_logits[j] *= scale / (one + others);
  d_logits[answer] = -scale * others / (one + others);
  return shift > 0 ? (double)shift + log((double)one + (double)others) : log1p((double)others);
}

void textbook_losses(struct Textbook *t, const int *answers, size_t n, Real scale, double *loss,
                     size_t *correct)
{
  size_t V = (size_t)t->list.shape.V;
  for (size_t i = 0; i < n * t->n_read; i++) {
    bool right;
    *loss += loss_of_logits(V, t->logits + i * V, (size_t)answers[i], scale, t->d_logits + i * V,
                            &right);
    *correct += right;
  }
}

/* ---- memory ---- */

/* A place in the arena; only counted while there is none. */
static void take(Real *arena, size_t *used, size_t count, Real **array)
{
  enum { LINE = 64 / sizeof(Real) };
  *array = arena ? arena + *used : NULL;
  *used += (count + LINE - 1) / LINE * LINE;
}

static void place_layer(const struct Textbook *t, size_t Q, Real *arena, size_t *used,
                        struct TextbookLayer *l)
{
  const struct Shape *shape = &t->list.shape;
  size_t N = (size_t)shape->n_positions, H = (size_t)shape->H, d = (size_t)shape->d_model;
  size_t all = t->B * N, queries = t->B * Q, row = H * (size_t)shape->d_head;
  take(arena, used, queries * d, &l->queried);
  take(arena, used, all * row, &l->k);
  take(arena, used, all * row, &l->v);
  take(arena, used, queries * row, &l->q);
  take(arena, used, queries * H * N, &l->scores);
  take(arena, used, queries * H * N, &l->weights);
  take(arena, used, queries * row, &l->z);
  take(arena, used, queries * d, &l->resid_mid);
  take(arena, used, queries * (size_t)shape->d_mlp, &l->pre);
  take(arena, used, queries * (size_t)shape->d_mlp, &l->hidden);
}

/* Places all arrays in the arena; returns its size. */
static size_t place(struct Textbook *t, Real *arena)
{
  const struct Shape *shape = &t->list.shape;
  size_t N = (size_t)shape->n_positions, d = (size_t)shape->d_model, used = 0;
  size_t n_layers = (size_t)shape->n_layers;
  take(arena, &used, t->B * N * d, &t->layers[0].resid_pre);
  for (size_t i = 0; i < n_layers; i++) {
    place_layer(t, count_queries(t, i), arena, &used, &t->layers[i]);
    take(arena, &used, t->B * count_queries(t, i) * d, &t->layers[i].resid_post);
    if (i + 1 < n_layers) t->layers[i + 1].resid_pre = t->layers[i].resid_post;
  }
  place_layer(t, n_layers > 1 ? N : t->n_read, arena, &used, &t->d);
  take(arena, &used, t->B * N * d, &t->d.resid_pre);
  take(arena, &used, t->B * N * d, &t->d.resid_post);
  take(arena, &used, t->B * t->n_read * (size_t)shape->V, &t->logits);
  take(arena, &used, t->B * t->n_read * (size_t)shape->V, &t->d_logits);
  return used;
}

bool textbook_init(struct Textbook *t, const struct Shape *shape, const struct ModelConfig *config,
                   size_t B, size_t n_read, struct Error *error)
{
  *t = (struct Textbook){.config = *config, .B = B, .n_read = n_read};
  if (!parameters_describe_shape(&t->list, shape, error)) return false;
  const char *what = "the activations of a batch";
  t->layers = memory_new((size_t)shape->n_layers, sizeof *t->layers, what, error);
  if (t->layers) t->arena = memory_new(place(t, NULL), sizeof *t->arena, what, error);
  if (!t->arena) {
    textbook_release(t);
    return false;
  }
  place(t, t->arena);
  return true;
}

void textbook_release(struct Textbook *t)
{
  free(t->arena);
  free(t->layers);
  parameters_release(&t->list);
  *t = (struct Textbook){0};
}
