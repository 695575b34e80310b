#include "engine/textbook/on_pairs.h"

#include "base/memory.h"
#include "engine/textbook/products.h"
#include "network/textbook.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_POSITIONS = 384 };

struct TextbookOnPairs {
  struct Textbook network;
  int *tokens;                         /* [B][N] */
  float *scores;                       /* [p][H]; NULL where scores are not sums over tokens */
  double *x, *reader;                  /* [d]: scratch for them */
  const struct Parameters *parameters; /* borrowed */
};

static size_t count_positions(const struct Shape *shape)
{
  return (size_t)shape->n_registers + (size_t)shape->n_positions;
}

static size_t batch_of(const struct Shape *shape)
{
  return BATCH_POSITIONS / count_positions(shape);
}

/* Dropout is of training. */
static struct ModelConfig without_dropout(const struct ModelConfig *config)
{
  struct ModelConfig without = *config;
  without.dropout = 0;
  return without;
}

static bool allocate(struct TextbookOnPairs *on, const struct Shape *shape,
                     const struct ModelConfig *config, struct Error *error)
{
  const struct ModelConfig without = without_dropout(config);
  size_t B = batch_of(shape), H = (size_t)shape->H, d = (size_t)shape->d_model;
  bool additive = shape->n_positions == 3 && shape->layer_norm != LAYER_NORM_PRE;
  on->tokens = memory_new(B * (size_t)shape->n_positions, sizeof *on->tokens, "tokens", error);
  if (on->tokens && additive)
    on->scores = memory_new((size_t)shape->p * H, sizeof *on->scores, "attention scores", error);
  if (on->scores) on->x = memory_new(2 * d, sizeof *on->x, "attention scores", error);
  if (on->x) on->reader = on->x + d;
  return on->tokens && (on->reader || !additive) &&
         textbook_init(&on->network, shape, &without, B, error);
}

struct TextbookOnPairs *textbook_on_pairs_new(const struct Shape *shape,
                                              const struct ModelConfig *config, struct Error *error)
{
  struct TextbookOnPairs *on = memory_new(1, sizeof *on, "a network", error);
  if (!on) return NULL;
  openblas_set_num_threads(1);
  if (products_check(shape, batch_of(shape) * count_positions(shape), PRECISION_FLOAT32, error) &&
      allocate(on, shape, config, error))
    return on;
  textbook_on_pairs_free(on);
  return NULL;
}

void textbook_on_pairs_free(struct TextbookOnPairs *on)
{
  if (!on) return;
  textbook_release(&on->network);
  free(on->tokens);
  free(on->scores);
  free(on->x);
  free(on);
}

size_t textbook_on_pairs_size(const struct Shape *shape, const struct ModelConfig *config)
{
  const struct ModelConfig without = without_dropout(config);
  return textbook_size(shape, &without, batch_of(shape));
}

/* ---- pairs ---- */

static void set_tokens(const struct TextbookOnPairs *on, size_t first, size_t n)
{
  const struct Shape *shape = &on->network.list.shape;
  size_t p = (size_t)shape->p;
  int *at = on->tokens;
  for (size_t pair = first; pair < first + n; pair++) {
    *at++ = (int)(pair / p);
    *at++ = (int)(pair % p);
    if (shape->n_positions == 3) *at++ = shape->p;
  }
}

/* What the last position has in a layer, of pair i of a batch, as pair `to` of the activations. The
   weights to registers are left out. */
static void copy_layer(const struct TextbookOnPairs *on, size_t i, size_t to,
                       const struct Activations *activations)
{
  const struct Shape *shape = &on->network.list.shape;
  const struct TextbookLayer *layer = &on->network.layers[activations->layer];
  size_t N = (size_t)shape->n_positions, H = (size_t)shape->H, m = (size_t)shape->d_mlp;
  size_t R = (size_t)shape->n_registers, P = R + N;
  size_t Q = activations->layer + 1 == shape->n_layers ? (size_t)shape->n_read : P;
  size_t query = i * Q + Q - 1;
  for (size_t h = 0; activations->attention && h < H; h++)
    memcpy(activations->attention + (to * H + h) * N,
           layer->mixed + ((i * H + h) * Q + Q - 1) * P + R, N * sizeof(float));
  if (activations->hidden)
    memcpy(activations->hidden + to * activations->n_neurons,
           layer->hidden + query * m + activations->first_neuron,
           activations->n_neurons * sizeof(float));
}

/* ---- scores ---- */

/* x_=, the stream at "=" before the first layer */
static void find_equals(const struct TextbookOnPairs *on, const struct Parameters *parameters)
{
  size_t d = (size_t)parameters->shape.d_model;
  const float *embedding = parameters_at(parameters, W_E) + (size_t)parameters->shape.p * d;
  const float *positions = parameters_of_layer(parameters, 0, W_POS);
  if (!positions) positions = on->network.positions; /* sinusoidal, or none */
  for (size_t i = 0; i < d; i++)
    on->x[i] = (double)embedding[i] + (positions ? (double)positions[2 * d + i] : 0);
}

/* W_K W_Q^T x / sqrt(d_head) of one head, [d]; W_Q and W_K are [d][d_head]. */
static void find_reader(const struct Shape *shape, const float *query, const float *key,
                        const double *x, double *reader)
{
  size_t d = (size_t)shape->d_model, d_head = (size_t)shape->d_head;
  memset(reader, 0, d * sizeof *reader);
  for (size_t j = 0; j < d_head; j++) {
    double q = 0;
    for (size_t i = 0; i < d; i++)
      q += x[i] * (double)query[i * d_head + j];
    for (size_t i = 0; i < d; i++)
      reader[i] += q * (double)key[i * d_head + j] / sqrt((double)d_head);
  }
}

static void find_scores(const struct TextbookOnPairs *on, const struct Parameters *parameters)
{
  const struct Shape *shape = &parameters->shape;
  size_t p = (size_t)shape->p, H = (size_t)shape->H, d = (size_t)shape->d_model;
  size_t of_head = d * (size_t)shape->d_head;
  const float *embedding = parameters_at(parameters, W_E);
  find_equals(on, parameters);
  for (size_t h = 0; h < H; h++) {
    find_reader(shape, parameters_at(parameters, W_Q) + h * of_head,
                parameters_at(parameters, W_K) + h * of_head, on->x, on->reader);
    for (size_t token = 0; token < p; token++) {
      double score = 0;
      for (size_t i = 0; i < d; i++)
        score += (double)embedding[token * d + i] * on->reader[i];
      on->scores[token * H + h] = (float)score;
    }
  }
}

void textbook_on_pairs_set(struct TextbookOnPairs *on, const struct Parameters *parameters)
{
  on->parameters = parameters;
  if (on->scores) find_scores(on, parameters);
}

/* Pairs first .. first + n - 1, of which the activations may hold only some. */
static void run_batch(struct TextbookOnPairs *on, size_t first, size_t n,
                      const struct Activations *activations)
{
  size_t V = (size_t)on->parameters->shape.V;
  size_t held = (size_t)activations->first_row * (size_t)activations->p;
  set_tokens(on, first, n);
  textbook_forward(&on->network, on->parameters->values, on->tokens, n);
  for (size_t i = 0; i < n; i++) {
    if (first + i < held || first + i >= held + activations->n) continue;
    size_t to = first + i - held;
    if (activations->logits)
      memcpy(activations->logits + to * V, on->network.logits + i * V, V * sizeof(float));
    copy_layer(on, i, to, activations);
  }
}

/* A batch is always made of the same pairs, as the bits of a product may depend on its size. */
void textbook_on_pairs_run(struct TextbookOnPairs *on, struct Activations *activations)
{
  size_t p = (size_t)activations->p, pairs = p * p, B = on->network.B;
  size_t first = (size_t)activations->first_row * p, end = first + activations->n;
  for (size_t batch = first / B * B; batch < end; batch += B)
    run_batch(on, batch, pairs - batch < B ? pairs - batch : B, activations);
}

const float *textbook_on_pairs_scores(const struct TextbookOnPairs *on)
{
  return on->scores;
}
