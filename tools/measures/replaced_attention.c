#include "measures/replaced_attention.h"

#include "base/linear.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "engine/factored/activation.h"
#include "engine/factored/matrix.h"
#include "engine/factored/vector.h"

#include <stdlib.h>
#include <string.h>

/* What is linear in resid_mid: R = [W_in, W_U of the numbers], whose products are neurons' inputs
   and logits, `width` numbers. */
struct Reading {
  size_t p, m, d, H, n_sources, width; /* width = m + p */
  float *block;                        /* the allocation of the arrays below */
  float *R;                            /* [d][width] */
  float *sources; /* [2 p + 1][d]: the stream at a for each number, then at b, then at "=" */
  float *added;   /* [H][2 p + 1][width]: r_h of each source, times R */
  float *start;   /* [width]: biases, and with the skip x_= R */
};

/* ---- the linear part ---- */

static void fill_R(const struct Parameters *parameters, const struct Reading *reading)
{
  size_t d = reading->d, m = reading->m, V = (size_t)parameters->shape.V;
  bool tied = parameters->shape.tied;
  const float *W_in = m > 0 ? parameters_at(parameters, W_IN) : NULL;
  const float *unembedding = parameters_at(parameters, tied ? W_E : W_U);
  for (size_t i = 0; i < d; i++) {
    float *row = reading->R + i * reading->width;
    if (m > 0) memcpy(row, W_in + i * m, m * sizeof *row);
    for (size_t c = 0; c < reading->p; c++)
      row[m + c] = tied ? unembedding[c * d + i] : unembedding[i * V + c];
  }
}

static void fill_sources(const struct Parameters *parameters, const struct Reading *reading)
{
  size_t p = reading->p, d = reading->d;
  const float *embedding = parameters_at(parameters, W_E);
  const float *positions = parameters_of_layer(parameters, 0, W_POS); /* NULL: none */
  for (size_t source = 0; source < reading->n_sources; source++) {
    size_t position = source / p, token = position < 2 ? source % p : p;
    for (size_t i = 0; i < d; i++)
      reading->sources[source * d + i] =
          embedding[token * d + i] + (positions ? positions[position * d + i] : 0);
  }
}

/* Through one head's W_V and W_O, and R. `values` is [n_sources][d_head], `outputs` [n_sources][d].
 */
static void add_head(const struct Parameters *parameters, const struct Reading *reading, size_t h,
                     float *values, float *outputs)
{
  size_t n = reading->n_sources, d = reading->d, d_head = (size_t)parameters->shape.d_head;
  size_t width = reading->width, of_head = h * d * d_head;
  matrix_multiply_shared(n, d_head, d, matrix_plain(reading->sources, d),
                         matrix_plain(parameters_at(parameters, W_V) + of_head, d_head),
                         MATRIX_REPLACE, values, d_head);
  matrix_multiply_shared(n, d, d_head, matrix_plain(values, d_head),
                         matrix_plain(parameters_at(parameters, W_O) + of_head, d), MATRIX_REPLACE,
                         outputs, d);
  matrix_multiply_shared(n, width, d, matrix_plain(outputs, d), matrix_plain(reading->R, width),
                         MATRIX_REPLACE, reading->added + h * n * width, width);
}

static void fill_start(const struct Parameters *parameters, const struct Reading *reading,
                       bool with_skip)
{
  size_t d = reading->d, m = reading->m, width = reading->width;
  const float *equals = reading->sources + (reading->n_sources - 1) * d;
  memset(reading->start, 0, width * sizeof *reading->start);
  if (m > 0) {
    memcpy(reading->start, parameters_at(parameters, B_IN), m * sizeof *reading->start);
    matrix_multiply(1, reading->p, d, matrix_plain(parameters_at(parameters, B_OUT), d),
                    matrix_plain(reading->R + m, width), MATRIX_REPLACE, reading->start + m, width);
  }
  if (with_skip)
    matrix_multiply(1, width, d, matrix_plain(equals, d), matrix_plain(reading->R, width),
                    MATRIX_ADD, reading->start, width);
}

static bool reading_init(struct Reading *reading, const struct Parameters *parameters,
                         bool with_skip, struct Error *error)
{
  const struct Shape *shape = &parameters->shape;
  size_t p = (size_t)shape->p, d = (size_t)shape->d_model, d_head = (size_t)shape->d_head;
  size_t m = (size_t)shape->d_mlp, H = (size_t)shape->H, n = 2 * p + 1, width = m + p;
  *reading = (struct Reading){.p = p, .m = m, .d = d, .H = H, .n_sources = n, .width = width};
  float *values, *outputs; /* scratch at the end */
  const struct FloatArray arrays[] = {
      {&reading->R, d * width}, {&reading->sources, n * d}, {&reading->added, H * n * width},
      {&reading->start, width}, {&values, n * d_head},      {&outputs, n * d}};
  reading->block =
      memory_new_arrays(arrays, sizeof arrays / sizeof *arrays, "what heads add", error);
  if (!reading->block) return false;
  fill_R(parameters, reading);
  fill_sources(parameters, reading);
  for (size_t h = 0; h < H; h++)
    add_head(parameters, reading, h, values, outputs);
  fill_start(parameters, reading, with_skip);
  return true;
}

/* ---- pair by pair ---- */

struct Forward {
  const struct Reading *reading;
  enum Activation activation;
  const float *weights; /* [p^2][H][3] */
  float *hidden;        /* [p^2][m] */
  float *logits;        /* [p^2][p] */
};

static void activate(enum Activation activation, size_t m, float *neurons, float *slope)
{
  if (activation == ACTIVATION_GELU)
    activation_gelu_forward(neurons, vector_pad(m), slope);
  else
    for (size_t i = 0; i < m; i++)
      neurons[i] = neurons[i] > 0 ? neurons[i] : 0;
}

/* The sums of one pair, [width]. */
static void sum_heads(const struct Forward *forward, size_t pair, double *sums)
{
  const struct Reading *reading = forward->reading;
  size_t p = reading->p, width = reading->width;
  const size_t sources[] = {pair / p, p + pair % p, 2 * p};
  for (size_t i = 0; i < width; i++)
    sums[i] = (double)reading->start[i];
  for (size_t h = 0; h < reading->H; h++)
    for (size_t position = 0; position < 3; position++)
      linear_add_scaled_floats(
          width, (double)forward->weights[(pair * reading->H + h) * 3 + position],
          reading->added + (h * reading->n_sources + sources[position]) * width, sums);
}

/* All pairs of one a: their neurons, and their logits without these. */
static bool run_row(const void *context, size_t a, struct Error *error)
{
  const struct Forward *forward = context;
  size_t p = forward->reading->p, m = forward->reading->m, width = forward->reading->width;
  double *sums = memory_new(width, sizeof *sums, "the stream of a pair", error);
  float *neurons =
      sums ? memory_new(2 * vector_pad(m), sizeof *neurons, "the neurons of a pair", error) : NULL;
  for (size_t pair = a * p; neurons && pair < (a + 1) * p; pair++) {
    sum_heads(forward, pair, sums);
    for (size_t i = 0; i < m; i++)
      neurons[i] = (float)sums[i];
    activate(forward->activation, m, neurons, neurons + vector_pad(m));
    memcpy(forward->hidden + pair * m, neurons, m * sizeof *neurons);
    for (size_t c = 0; c < p; c++)
      forward->logits[pair * p + c] = (float)sums[m + c];
  }
  bool done = neurons;
  free(neurons);
  free(sums);
  return done;
}

bool replaced_attention_logits(const struct ReplacedNetwork *network, const float *weights,
                               bool with_skip, float *logits, struct Error *error)
{
  const struct Parameters *parameters = &network->snapshot->parameters;
  struct Reading reading;
  if (!reading_init(&reading, parameters, with_skip, error)) return false;
  size_t p = reading.p, m = reading.m;
  struct Forward forward = {&reading, network->config->model.activation, weights, .logits = logits};
  forward.hidden = memory_new(p * p, m * sizeof *forward.hidden, "replaced neurons", error);
  float *map =
      forward.hidden ? memory_new(p * m, sizeof *map, "the neuron-logit map", error) : NULL;
  bool done = map && parallel_each(p, run_row, &forward, error);
  if (done && m > 0) {
    activations_neuron_logit_map(parameters, 0, map);
    matrix_multiply_shared(p * p, p, m, matrix_plain(forward.hidden, m), matrix_transposed(map, m),
                           MATRIX_ADD, logits, p);
  }
  free(map);
  free(forward.hidden);
  free(reading.block);
  return done;
}

/* ---- other weights ---- */

/* A copy of the network's own attention, [p^2][H][3]. */
static float *copy_attention(const struct ReplacedNetwork *network, struct Error *error)
{
  const struct Activations *activations = &network->snapshot->activations;
  size_t n = activations->n * (size_t)network->snapshot->parameters.shape.H * 3;
  float *weights = memory_new(n, sizeof *weights, "attention", error);
  if (weights) memcpy(weights, activations->attention, n * sizeof *weights);
  return weights;
}

bool replaced_attention_by_fits(const struct ReplacedNetwork *network, float *logits,
                                struct Error *error)
{
  int p = network->basis->p, H = network->snapshot->parameters.shape.H;
  float *weights = copy_attention(network, error), *at = weights;
  if (!weights) return false;
  for (int pair = 0; pair < p * p; pair++)
    for (int h = 0; h < H; h++) {
      double to_a = attention_fitted(&network->attention_fits[h], p, pair / p, pair % p);
      *at++ = (float)to_a;
      *at++ = (float)(1 - to_a);
      *at++ = 0;
    }
  bool done = replaced_attention_logits(network, weights, true, logits, error);
  free(weights);
  return done;
}

bool replaced_attention_off_equals(const struct ReplacedNetwork *network, float *logits,
                                   struct Error *error)
{
  size_t n = network->snapshot->activations.n * (size_t)network->snapshot->parameters.shape.H;
  float *weights = copy_attention(network, error);
  if (!weights) return false;
  for (size_t i = 0; i < n; i++)
    weights[3 * i + 2] = 0;
  bool done = replaced_attention_logits(network, weights, true, logits, error);
  free(weights);
  return done;
}

bool replaced_attention_skip(const struct ReplacedNetwork *network, float *logits,
                             struct Error *error)
{
  return replaced_attention_logits(network, network->snapshot->activations.attention, false, logits,
                                   error);
}
