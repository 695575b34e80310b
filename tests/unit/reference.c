#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POSITIONS = 3, MAX_D = 256, MAX_HEADS = 16, MAX_MLP = 1024, MAX_V = 256 };

/* Activations of one pair. */
struct Pass {
  int tokens[POSITIONS];
  double resid_pre[POSITIONS][MAX_D];
  double q[MAX_HEADS][POSITIONS][MAX_D], k[MAX_HEADS][POSITIONS][MAX_D];
  double v[MAX_HEADS][POSITIONS][MAX_D], z[MAX_HEADS][POSITIONS][MAX_D];
  double scores[MAX_HEADS][POSITIONS][POSITIONS], weights[MAX_HEADS][POSITIONS][POSITIONS];
  double resid_mid[POSITIONS][MAX_D];
  double pre[POSITIONS][MAX_MLP], hidden[POSITIONS][MAX_MLP];
  double resid_post[POSITIONS][MAX_D];
  double logits[POSITIONS][MAX_V];
};

struct Network {
  const struct Parameters *list;
  const struct ModelConfig *config;
  const double *values;
  double *gradient;
};

static const double *value(const struct Network *n, enum Parameter which)
{
  return n->values + n->list->info[which].offset;
}

static double *gradient_of(const struct Network *n, enum Parameter which)
{
  return n->gradient + n->list->info[which].offset;
}

/* y[N] += x[M] W[M][N] */
static void multiply(const double *x, const double *W, int M, int N, double *y)
{
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++)
      y[j] += x[i] * W[i * N + j];
}

/* dx[M] += W dy, dW[M][N] += x dy */
static void multiply_backward(const double *x, const double *W, const double *dy, int M, int N,
                              double *dx, double *dW)
{
  for (int i = 0; i < M; i++)
    for (int j = 0; j < N; j++) {
      dx[i] += W[i * N + j] * dy[j];
      dW[i * N + j] += x[i] * dy[j];
    }
}

static int argmax(const double *s, int n)
{
  int best = 0;
  for (int j = 1; j < n; j++)
    if (s[j] > s[best]) best = j;
  return best;
}

/* Attention of a query that sees n positions. */
static void attend(enum Attention attention, const double *s, int n, double *w)
{
  double shift = s[argmax(s, n)], sum = 0;
  for (int j = 0; j < n; j++)
    sum += w[j] = exp(s[j] - shift);
  for (int j = 0; j < n; j++)
    switch (attention) {
    case ATTENTION_SOFTMAX:
      w[j] /= sum;
      break;
    case ATTENTION_SOFTMAX1:
      w[j] /= exp(-shift) + sum;
      break;
    case ATTENTION_UNIFORM:
      w[j] = 1.0 / n;
      break;
    case ATTENTION_SOFTMAX1_UNNORMALISED:
      w[j] = w[j] / 1 + sum;
      break;
    }
}

/* ds from dw by the full Jacobian. */
static void attend_backward(enum Attention attention, const double *s, const double *w,
                            const double *dw, int n, double *ds)
{
  for (int i = 0; i < n; i++)
    ds[i] = 0;
  if (attention == ATTENTION_UNIFORM) return;
  int top = argmax(s, n);
  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++) {
      if (attention != ATTENTION_SOFTMAX1_UNNORMALISED) {
        ds[i] += dw[j] * w[j] * ((i == j) - w[i]);
        continue;
      }
      /* w_j = e_j + sum_i e_i, e_i = exp(s_i - s_top) */
      double slope = exp(s[i] - s[top]) * (1 + (i == j));
      ds[i] += dw[j] * slope;
      ds[top] -= dw[j] * slope;
    }
}

static double activate(enum Activation activation, double x)
{
  if (activation == ACTIVATION_RELU) return x > 0 ? x : 0;
  return x * 0.5 * (1 + erf(x / sqrt(2)));
}

static double activate_slope(enum Activation activation, double x)
{
  if (activation == ACTIVATION_RELU) return x > 0;
  return 0.5 * (1 + erf(x / sqrt(2))) + x * exp(-x * x / 2) / sqrt(2 * acos(-1));
}

static void attention_layer(const struct Network *n, struct Pass *pass)
{
  int d = n->list->shape.d_model, d_head = n->list->shape.d_head;
  for (int h = 0; h < n->list->shape.H; h++) {
    size_t matrix = (size_t)(h * d * d_head);
    for (int i = 0; i < POSITIONS; i++) {
      multiply(pass->resid_pre[i], value(n, W_Q) + matrix, d, d_head, pass->q[h][i]);
      multiply(pass->resid_pre[i], value(n, W_K) + matrix, d, d_head, pass->k[h][i]);
      multiply(pass->resid_pre[i], value(n, W_V) + matrix, d, d_head, pass->v[h][i]);
    }
    for (int i = 0; i < POSITIONS; i++) {
      for (int j = 0; j <= i; j++)
        for (int e = 0; e < d_head; e++)
          pass->scores[h][i][j] += pass->q[h][i][e] * pass->k[h][j][e] / sqrt(d_head);
      attend(n->config->attention, pass->scores[h][i], i + 1, pass->weights[h][i]);
      for (int j = 0; j <= i; j++)
        for (int e = 0; e < d_head; e++)
          pass->z[h][i][e] += pass->weights[h][i][j] * pass->v[h][j][e];
      multiply(pass->z[h][i], value(n, W_O) + matrix, d_head, d, pass->resid_mid[i]);
    }
  }
}

static void forward(const struct Network *n, int a, int b, struct Pass *pass)
{
  const struct Shape *shape = &n->list->shape;
  int d = shape->d_model, m = shape->d_mlp, V = shape->V;
  memset(pass, 0, sizeof *pass);
  pass->tokens[0] = a;
  pass->tokens[1] = b;
  pass->tokens[2] = shape->p;
  for (int i = 0; i < POSITIONS; i++)
    for (int e = 0; e < d; e++)
      pass->resid_mid[i][e] = pass->resid_pre[i][e] =
          value(n, W_E)[pass->tokens[i] * d + e] + value(n, W_POS)[i * d + e];
  attention_layer(n, pass);
  for (int i = 0; i < POSITIONS; i++) {
    memcpy(pass->pre[i], value(n, B_IN), (size_t)m * sizeof(double));
    multiply(pass->resid_mid[i], value(n, W_IN), d, m, pass->pre[i]);
    for (int u = 0; u < m; u++)
      pass->hidden[i][u] = activate(n->config->activation, pass->pre[i][u]);
    for (int e = 0; e < d; e++)
      pass->resid_post[i][e] = pass->resid_mid[i][e] + value(n, B_OUT)[e];
    multiply(pass->hidden[i], value(n, W_OUT), m, d, pass->resid_post[i]);
    multiply(pass->resid_post[i], value(n, W_U), d, V, pass->logits[i]);
  }
}

static void attention_layer_backward(const struct Network *n, const struct Pass *pass, int h,
                                     double d_mid[POSITIONS][MAX_D], double d_pre[POSITIONS][MAX_D])
{
  int d = n->list->shape.d_model, d_head = n->list->shape.d_head;
  size_t matrix = (size_t)(h * d * d_head);
  double dq[POSITIONS][MAX_D] = {0}, dk[POSITIONS][MAX_D] = {0}, dv[POSITIONS][MAX_D] = {0};
  for (int i = 0; i < POSITIONS; i++) {
    double dz[MAX_D] = {0}, dw[POSITIONS] = {0}, ds[POSITIONS] = {0};
    multiply_backward(pass->z[h][i], value(n, W_O) + matrix, d_mid[i], d_head, d, dz,
                      gradient_of(n, W_O) + matrix);
    for (int j = 0; j <= i; j++)
      for (int e = 0; e < d_head; e++) {
        dw[j] += dz[e] * pass->v[h][j][e];
        dv[j][e] += dz[e] * pass->weights[h][i][j];
      }
    attend_backward(n->config->attention, pass->scores[h][i], pass->weights[h][i], dw, i + 1, ds);
    for (int j = 0; j <= i; j++)
      for (int e = 0; e < d_head; e++) {
        dq[i][e] += ds[j] * pass->k[h][j][e] / sqrt(d_head);
        dk[j][e] += ds[j] * pass->q[h][i][e] / sqrt(d_head);
      }
  }
  for (int i = 0; i < POSITIONS; i++) {
    multiply_backward(pass->resid_pre[i], value(n, W_Q) + matrix, dq[i], d, d_head, d_pre[i],
                      gradient_of(n, W_Q) + matrix);
    multiply_backward(pass->resid_pre[i], value(n, W_K) + matrix, dk[i], d, d_head, d_pre[i],
                      gradient_of(n, W_K) + matrix);
    multiply_backward(pass->resid_pre[i], value(n, W_V) + matrix, dv[i], d, d_head, d_pre[i],
                      gradient_of(n, W_V) + matrix);
  }
}

/* From the gradient of the logits at the last position. */
static void backward(const struct Network *n, const struct Pass *pass, const double *d_logits)
{
  const struct Shape *shape = &n->list->shape;
  int d = shape->d_model, m = shape->d_mlp, V = shape->V;
  double d_mid[POSITIONS][MAX_D] = {0}, d_pre[POSITIONS][MAX_D] = {0};
  for (int i = 0; i < POSITIONS; i++) {
    double zero[MAX_V] = {0}, d_post[MAX_D] = {0}, d_hidden[MAX_MLP] = {0};
    multiply_backward(pass->resid_post[i], value(n, W_U), i == POSITIONS - 1 ? d_logits : zero, d,
                      V, d_post, gradient_of(n, W_U));
    multiply_backward(pass->hidden[i], value(n, W_OUT), d_post, m, d, d_hidden,
                      gradient_of(n, W_OUT));
    for (int u = 0; u < m; u++) {
      d_hidden[u] *= activate_slope(n->config->activation, pass->pre[i][u]);
      gradient_of(n, B_IN)[u] += d_hidden[u];
    }
    for (int e = 0; e < d; e++) {
      gradient_of(n, B_OUT)[e] += d_post[e];
      d_mid[i][e] = d_post[e];
    }
    multiply_backward(pass->resid_mid[i], value(n, W_IN), d_hidden, d, m, d_mid[i],
                      gradient_of(n, W_IN));
  }
  memcpy(d_pre, d_mid, sizeof d_pre);
  for (int h = 0; h < shape->H; h++)
    attention_layer_backward(n, pass, h, d_mid, d_pre);
  for (int i = 0; i < POSITIONS; i++)
    for (int e = 0; e < d; e++) {
      gradient_of(n, W_E)[pass->tokens[i] * d + e] += d_pre[i][e];
      gradient_of(n, W_POS)[i * d + e] += d_pre[i][e];
    }
}

double reference_loss(const struct Parameters *list, const double *values,
                      const struct ModelConfig *config, const struct Dataset *dataset, bool train,
                      double *gradient)
{
  struct Network network = {list, config, values, gradient};
  struct Pass *pass = malloc(sizeof *pass);
  if (!pass) abort();
  int p = dataset->p, V = list->shape.V;
  double loss = 0, n = (double)(train ? dataset->n_train : dataset->n_test);
  if (gradient) memset(gradient, 0, list->total * sizeof *gradient);
  for (int pair = 0; pair < p * p; pair++) {
    if ((dataset->train[pair] != 0) != train) continue;
    forward(&network, pair / p, pair % p, pass);
    const double *logits = pass->logits[POSITIONS - 1];
    double largest = logits[argmax(logits, V)], sum = 0, d_logits[MAX_V];
    for (int c = 0; c < V; c++)
      sum += exp(logits[c] - largest);
    loss += (largest + log(sum) - logits[dataset->answer[pair]]) / n;
    for (int c = 0; c < V; c++)
      d_logits[c] = (exp(logits[c] - largest) / sum - (c == dataset->answer[pair])) / n;
    if (gradient) backward(&network, pass, d_logits);
  }
  if (gradient && !config->biases) {
    memset(gradient_of(&network, B_IN), 0, list->info[B_IN].count * sizeof(double));
    memset(gradient_of(&network, B_OUT), 0, list->info[B_OUT].count * sizeof(double));
  }
  free(pass);
  return loss;
}

void reference_logits(const struct Parameters *list, const double *values,
                      const struct ModelConfig *config, int a, int b, double *logits)
{
  struct Network network = {list, config, values, NULL};
  struct Pass *pass = malloc(sizeof *pass);
  if (!pass) abort();
  forward(&network, a, b, pass);
  memcpy(logits, pass->logits[POSITIONS - 1], (size_t)list->shape.V * sizeof *logits);
  free(pass);
}
