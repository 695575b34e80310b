#include "engine/factored/factors.h"

#include "base/finite.h"
#include "base/memory.h"
#include "engine/factored/attention.h"
#include "engine/factored/matrix.h"
#include "engine/factored/vector.h"
#include "network/flush.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the sources after W_E[0..p-1]. */
static size_t source_position0(const struct Factors *t)
{
  return (size_t)t->shape.p;
}
static size_t source_position1(const struct Factors *t)
{
  return (size_t)t->shape.p + 1;
}
/* The first of C: "=", if it is there, then the registers. */
static size_t source_constants(const struct Factors *t)
{
  return (size_t)t->shape.p + 2;
}

static bool with_equals(const struct Factors *t)
{
  return t->n_queries == 1;
}

/* x^2 of "=", if it is there */
static float *equals_of(const struct Factors *t, float *sources)
{
  return sources + source_constants(t) * (size_t)t->shape.d_model;
}

static float *registers_of(const struct Factors *t, float *sources)
{
  return equals_of(t, sources) + (with_equals(t) ? (size_t)t->shape.d_model : 0);
}

void factors_describe(struct Factors *t, const struct Shape *shape,
                      const struct ModelConfig *config)
{
  bool equals = shape->n_positions == 3;
  size_t V = (size_t)shape->V;
  bool sum_to_one = attention_sums_to_one(config->attention) && !(config->attention_rate < 1);
  *t = (struct Factors){.shape = *shape,
                        .n_constants = (size_t)shape->n_registers + (equals ? 1 : 0),
                        .n_queries = equals ? 1 : (size_t)shape->p,
                        .folded = equals && shape->n_registers == 0 && sum_to_one,
                        .sparse =
                            config->activation == ACTIVATION_RELU && matrix_sparse_is_faster(V)};
  t->mlp_width = vector_pad((size_t)shape->d_mlp);
  t->logit_width = vector_pad(V);
  t->width = t->mlp_width + t->logit_width;
  t->n_positions = 2 + t->n_constants;
  t->n_sources = (size_t)shape->p + t->n_positions;
}

bool factors_init(struct Factors *t, const struct Shape *shape, const struct ModelConfig *config,
                  struct Error *error)
{
  factors_describe(t, shape, config);
  const bool equals = t->n_queries == 1;
  size_t p = (size_t)shape->p, H = (size_t)shape->H, d = (size_t)shape->d_model;
  size_t d_head = (size_t)shape->d_head, Q = t->n_queries;
  const struct FloatArray arrays[] = {{&t->sources, t->n_sources * d},
                                      {&t->reader, d * t->width},
                                      {&t->readers_by_head, H * d_head * t->width},
                                      {&t->values, H * t->n_sources * d_head},
                                      {&t->T0, t->n_sources * H * t->width},
                                      {&t->T1, p * H * t->width},
                                      {&t->T_constants, t->n_constants * H * t->width},
                                      {&t->base, Q * t->width},
                                      {&t->read_of_b, equals ? 0 : Q * d},
                                      {&t->W_L_transposed, (size_t)shape->d_mlp * t->logit_width},
                                      {&t->query, H * Q * d_head},
                                      {&t->key_query, d * H * Q},
                                      {&t->source_scores, t->n_sources * H * Q},
                                      {&t->score0, p * Q * H},
                                      {&t->score1, p * H},
                                      {&t->score_constants, t->n_constants * Q * H}};
  size_t m = (size_t)shape->d_mlp, V = (size_t)shape->V;
  t->block =
      memory_new_arrays(arrays, sizeof arrays / sizeof *arrays, "the network's factors", error);
  if (t->block) t->read = equals ? equals_of(t, t->sources) : t->read_of_b;
  if (t->block && packed_matrix_init(&t->logits_of_hidden, m, V, t->sparse, error) &&
      packed_matrix_init(&t->hidden_of_logits, V, m, false, error))
    return true;
  factors_release(t);
  return false;
}

void factors_release(struct Factors *t)
{
  free(t->block);
  packed_matrix_release(&t->logits_of_hidden);
  packed_matrix_release(&t->hidden_of_logits);
  *t = (struct Factors){0};
}

bool factor_gradients_init(struct FactorGradients *g, const struct Factors *t, bool own_T1,
                           struct Error *error)
{
  *g = (struct FactorGradients){0};
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, d = (size_t)t->shape.d_model;
  size_t d_head = (size_t)t->shape.d_head, Q = t->n_queries;
  const struct FloatArray arrays[] = {{&g->T1, own_T1 ? p * H * t->width : 0},
                                      {&g->T_constants, t->n_constants * H * t->width},
                                      {&g->base, Q * t->width},
                                      {&g->base_sum, t->width},
                                      {&g->read_of_b, with_equals(t) ? 0 : Q * d},
                                      {&g->W_L, factors_map_size(t)},
                                      {&g->score0, p * Q * H},
                                      {&g->score1, p * H},
                                      {&g->score_constants, t->n_constants * Q * H},
                                      {&g->reader, d * t->width},
                                      {&g->readers_by_head, H * d_head * t->width},
                                      {&g->values, H * t->n_sources * d_head},
                                      {&g->sources, t->n_sources * d},
                                      {&g->source_scores, t->n_sources * H * Q},
                                      {&g->query, H * Q * d_head},
                                      {&g->key_query, d * H * Q}};
  g->block =
      memory_new_arrays(arrays, sizeof arrays / sizeof *arrays, "the factors' gradients", error);
  if (!g->block) return false;
  g->read = with_equals(t) ? equals_of(t, g->sources) : g->read_of_b;
  if (!own_T1) g->T1 = t->T1;
  return true;
}

void factor_gradients_release(struct FactorGradients *g)
{
  free(g->block);
  *g = (struct FactorGradients){0};
}

/* ---- sources: the vectors that the factors are computed from ---- */

static void sources_forward(struct Factors *t, const struct Parameters *parameters)
{
  size_t p = (size_t)t->shape.p, d = (size_t)t->shape.d_model;
  const float *embedding = parameters_at(parameters, W_E);
  const float *position = parameters_at(parameters, W_POS);
  memcpy(t->sources, embedding, p * d * sizeof(float));
  memcpy(t->sources + source_position0(t) * d, position, 2 * d * sizeof(float));
  const float *last = position + (with_equals(t) ? 2 : 1) * d;
  const float *tokens = embedding + (with_equals(t) ? p : 0) * d;
  for (size_t y = 0; y < t->n_queries; y++)
    for (size_t i = 0; i < d; i++)
      t->read[y * d + i] = tokens[y * d + i] + last[i];
  size_t registers = (size_t)t->shape.n_registers;
  if (registers > 0)
    memcpy(registers_of(t, t->sources), parameters_at(parameters, REGISTERS),
           registers * d * sizeof(float));
}

static void sources_backward(const struct Factors *t, const struct FactorGradients *g,
                             struct Parameters *gradient)
{
  size_t p = (size_t)t->shape.p, d = (size_t)t->shape.d_model;
  float *embedding = parameters_at(gradient, W_E), *position = parameters_at(gradient, W_POS);
  memcpy(embedding, g->sources, p * d * sizeof(float));
  memcpy(position, g->sources + source_position0(t) * d, 2 * d * sizeof(float));
  if (with_equals(t)) {
    memcpy(embedding + p * d, g->read, d * sizeof(float));
    memcpy(position + 2 * d, g->read, d * sizeof(float));
  }
  for (size_t b = 0; b < p && !with_equals(t); b++)
    for (size_t i = 0; i < d; i++) {
      embedding[b * d + i] += g->read[b * d + i];
      position[d + i] += g->read[b * d + i];
    }
  size_t registers = (size_t)t->shape.n_registers;
  if (registers > 0)
    memcpy(parameters_at(gradient, REGISTERS), registers_of(t, g->sources),
           registers * d * sizeof(float));
}

/* ---- scores ---- */

static void scale_values(float *values, size_t n, float factor)
{
  for (size_t i = 0; i < n; i++)
    values[i] = flush(values[i] * factor);
}

/* The scores at positions from those of the sources, which are [n_sources][H][Q]. */
static void place_scores(struct Factors *t)
{
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, Q = t->n_queries;
  const float *position0 = t->source_scores + source_position0(t) * H * Q;
  const float *position1 = t->source_scores + source_position1(t) * H * Q;
  const float *constants = t->source_scores + source_constants(t) * H * Q;
  for (size_t x = 0; x < p; x++)
    for (size_t h = 0; h < H; h++) {
      const float *of_token = t->source_scores + (x * H + h) * Q;
      size_t own = factor_query(t, x);
      for (size_t y = 0; y < Q; y++)
        t->score0[(x * Q + y) * H + h] = of_token[y] + position0[h * Q + y];
      t->score1[x * H + h] = of_token[own] + position1[h * Q + own];
    }
  for (size_t c = 0; c < t->n_constants; c++)
    for (size_t h = 0; h < H; h++)
      for (size_t y = 0; y < Q; y++)
        t->score_constants[(c * Q + y) * H + h] = constants[(c * H + h) * Q + y];
}

/* score_h(x, y) = source(x) . W_K[h] query_h(y) with query_h(y) = r(y) W_Q[h] / sqrt(d_head) */
static void scores_forward(struct Factors *t, const struct Parameters *parameters)
{
  size_t H = (size_t)t->shape.H, Q = t->n_queries;
  size_t d = (size_t)t->shape.d_model, d_head = (size_t)t->shape.d_head;
  float scale = 1.0f / sqrtf((float)d_head);
  for (size_t h = 0; h < H; h++) {
    const float *W_Q_h = parameters_at(parameters, W_Q) + h * d * d_head;
    const float *W_K_h = parameters_at(parameters, W_K) + h * d * d_head;
    float *query = t->query + h * Q * d_head;
    matrix_multiply(Q, d_head, d, matrix_plain(t->read, d), matrix_plain(W_Q_h, d_head),
                    MATRIX_REPLACE, query, d_head);
    scale_values(query, Q * d_head, scale);
    matrix_multiply(d, Q, d_head, matrix_plain(W_K_h, d_head), matrix_transposed(query, d_head),
                    MATRIX_REPLACE, t->key_query + h * Q, H * Q);
  }
  matrix_multiply(t->n_sources, H * Q, d, matrix_plain(t->sources, d),
                  matrix_plain(t->key_query, H * Q), MATRIX_REPLACE, t->source_scores, H * Q);
  place_scores(t);
}

static void place_scores_backward(const struct Factors *t, struct FactorGradients *g)
{
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, Q = t->n_queries;
  float *position0 = g->source_scores + source_position0(t) * H * Q;
  float *position1 = g->source_scores + source_position1(t) * H * Q;
  float *constants = g->source_scores + source_constants(t) * H * Q;
  memset(position0, 0, 2 * H * Q * sizeof(float));
  for (size_t x = 0; x < p; x++)
    for (size_t h = 0; h < H; h++) {
      float *of_token = g->source_scores + (x * H + h) * Q, d1 = g->score1[x * H + h];
      size_t own = factor_query(t, x);
      for (size_t y = 0; y < Q; y++) {
        of_token[y] = g->score0[(x * Q + y) * H + h];
        position0[h * Q + y] += of_token[y];
      }
      of_token[own] += d1;
      position1[h * Q + own] += d1;
    }
  for (size_t c = 0; c < t->n_constants; c++)
    for (size_t h = 0; h < H; h++)
      for (size_t y = 0; y < Q; y++)
        constants[(c * H + h) * Q + y] = g->score_constants[(c * Q + y) * H + h];
}

/* Adds to g->sources and g->read; sets W_Q and W_K of the gradient. */
static void scores_backward(const struct Factors *t, const struct Parameters *parameters,
                            struct FactorGradients *g, struct Parameters *gradient)
{
  size_t H = (size_t)t->shape.H, Q = t->n_queries;
  size_t d = (size_t)t->shape.d_model, d_head = (size_t)t->shape.d_head;
  place_scores_backward(t, g);
  matrix_multiply(d, H * Q, t->n_sources, matrix_transposed(t->sources, d),
                  matrix_plain(g->source_scores, H * Q), MATRIX_REPLACE, g->key_query, H * Q);
  matrix_multiply(t->n_sources, d, H * Q, matrix_plain(g->source_scores, H * Q),
                  matrix_transposed(t->key_query, H * Q), MATRIX_ADD, g->sources, d);
  float scale = 1.0f / sqrtf((float)d_head);
  for (size_t h = 0; h < H; h++) {
    const float *W_Q_h = parameters_at(parameters, W_Q) + h * d * d_head;
    const float *W_K_h = parameters_at(parameters, W_K) + h * d * d_head;
    const float *query = t->query + h * Q * d_head, *d_key_query = g->key_query + h * Q;
    float *d_query = g->query + h * Q * d_head;
    matrix_multiply(d, d_head, Q, matrix_plain(d_key_query, H * Q), matrix_plain(query, d_head),
                    MATRIX_REPLACE, parameters_at(gradient, W_K) + h * d * d_head, d_head);
    matrix_multiply(Q, d_head, d, matrix_transposed(d_key_query, H * Q),
                    matrix_plain(W_K_h, d_head), MATRIX_REPLACE, d_query, d_head);
    scale_values(d_query, Q * d_head, scale);
    matrix_multiply(d, d_head, Q, matrix_transposed(t->read, d), matrix_plain(d_query, d_head),
                    MATRIX_REPLACE, parameters_at(gradient, W_Q) + h * d * d_head, d_head);
    matrix_multiply(Q, d, d_head, matrix_plain(d_query, d_head), matrix_transposed(W_Q_h, d_head),
                    MATRIX_ADD, g->read, d);
  }
}

/* ---- reader R = [W_in | W_U], and W_L ---- */

static void reader_forward(struct Factors *t, const struct Parameters *parameters)
{
  size_t d = (size_t)t->shape.d_model, m = (size_t)t->shape.d_mlp, V = (size_t)t->shape.V;
  const float *input = parameters_at(parameters, W_IN),
              *unembedding = parameters_at(parameters, W_U);
  for (size_t i = 0; i < d; i++) {
    memcpy(t->reader + i * t->width, input + i * m, m * sizeof(float));
    memcpy(t->reader + i * t->width + t->mlp_width, unembedding + i * V, V * sizeof(float));
  }
  matrix_multiply_shared(m, V, d, matrix_plain(parameters_at(parameters, W_OUT), d),
                         matrix_plain(unembedding, V), MATRIX_REPLACE, t->W_L_transposed,
                         t->logit_width);
  t->finite = all_finite(t->W_L_transposed, m * t->logit_width);
  packed_matrix_fill(&t->logits_of_hidden, matrix_plain(t->W_L_transposed, t->logit_width));
  packed_matrix_fill(&t->hidden_of_logits, matrix_transposed(t->W_L_transposed, t->logit_width));
}

/* base = r R + [b_in | b_out W_U] */
static void base_forward(struct Factors *t, const struct Parameters *parameters)
{
  size_t d = (size_t)t->shape.d_model, m = (size_t)t->shape.d_mlp, V = (size_t)t->shape.V;
  const float *b_in = parameters_at(parameters, B_IN), *b_out = parameters_at(parameters, B_OUT);
  matrix_multiply(t->n_queries, t->width, d, matrix_plain(t->read, d),
                  matrix_plain(t->reader, t->width), MATRIX_REPLACE, t->base, t->width);
  matrix_multiply(t->n_queries, V, d, matrix_plain(b_out, 0), /* all rows are b_out */
                  matrix_plain(parameters_at(parameters, W_U), V), MATRIX_ADD,
                  t->base + t->mlp_width, t->width);
  for (size_t y = 0; y < t->n_queries; y++) {
    float *base = t->base + y * t->width;
    for (size_t i = 0; i < m; i++)
      base[i] += b_in[i];
    for (size_t i = t->mlp_width + V; i < t->width; i++)
      base[i] = -INFINITY;
  }
}

/* From g->base: adds to g->reader and g->read, and sets g->base_sum. */
static void base_backward(const struct Factors *t, struct FactorGradients *g)
{
  size_t d = (size_t)t->shape.d_model;
  if (!with_equals(t)) memset(g->read, 0, t->n_queries * d * sizeof(float));
  matrix_multiply(d, t->width, t->n_queries, matrix_transposed(t->read, d),
                  matrix_plain(g->base, t->width), MATRIX_ADD, g->reader, t->width);
  matrix_multiply(t->n_queries, d, t->width, matrix_plain(g->base, t->width),
                  matrix_transposed(t->reader, t->width), MATRIX_ADD, g->read, d);
  memcpy(g->base_sum, g->base, t->width * sizeof(float));
  for (size_t y = 1; y < t->n_queries; y++)
    for (size_t i = 0; i < t->width; i++)
      g->base_sum[i] += g->base[y * t->width + i];
}

/* From g->W_L, and g->reader and g->base_sum as left by base_backward: sets W_in, b_in, W_out,
   b_out, W_U of the gradient. */
static void reader_backward(const struct Factors *t, const struct Parameters *parameters,
                            struct FactorGradients *g, struct Parameters *gradient)
{
  size_t d = (size_t)t->shape.d_model, m = (size_t)t->shape.d_mlp, V = (size_t)t->shape.V;
  const float *unembedding = parameters_at(parameters, W_U);
  const float *d_logits = g->base_sum + t->mlp_width;
  float *d_unembedding = parameters_at(gradient, W_U);

  for (size_t i = 0; i < d; i++) {
    memcpy(parameters_at(gradient, W_IN) + i * m, g->reader + i * t->width, m * sizeof(float));
    memcpy(d_unembedding + i * V, g->reader + i * t->width + t->mlp_width, V * sizeof(float));
  }
  memcpy(parameters_at(gradient, B_IN), g->base_sum, m * sizeof(float));
  matrix_multiply(d, 1, V, matrix_plain(unembedding, V), matrix_transposed(d_logits, V),
                  MATRIX_REPLACE, parameters_at(gradient, B_OUT), 1);
  matrix_multiply(d, V, 1, matrix_transposed(parameters_at(parameters, B_OUT), d),
                  matrix_plain(d_logits, V), MATRIX_ADD, d_unembedding, V);

  const struct Matrix d_W_L = t->sparse ? matrix_plain(g->W_L, t->logit_width)
                                        : matrix_transposed(g->W_L, t->mlp_width); /* [m, V] */
  matrix_multiply_shared(m, d, V, d_W_L, matrix_transposed(unembedding, V), MATRIX_REPLACE,
                         parameters_at(gradient, W_OUT), d);
  matrix_multiply_shared(d, V, m, matrix_transposed(parameters_at(parameters, W_OUT), d), d_W_L,
                         MATRIX_ADD, d_unembedding, V);
}

/* ---- factor rows: T_h[x] = source(x) W_V[h] W_O[h] R ---- */

/* A strip of T^0, or of what is in its place: [n_sources][H][columns]. */
static float *strip_of_T0(const struct Factors *t, struct FactorStrip strip)
{
  return t->T0 + strip.begin * t->n_sources * (size_t)t->shape.H;
}

/* The same of T^1, or of its gradient: [p][H][columns]. */
static float *strip_of_T1(const struct Factors *t, struct FactorStrip strip, float *T1)
{
  return T1 + strip.begin * (size_t)t->shape.p * (size_t)t->shape.H;
}

/* A strip of all factors and, if folded, the base from the source rows in T^0's place. */
static void place_strip(struct Factors *t, struct FactorStrip strip)
{
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, columns = strip.columns;
  size_t row = H * columns;
  float *T0 = strip_of_T0(t, strip), *T1 = strip_of_T1(t, strip, t->T1);
  const float *position0 = T0 + source_position0(t) * row;
  const float *position1 = T0 + source_position1(t) * row;
  const float *constants = T0 + source_constants(t) * row;
  for (size_t x = 0; x < p; x++)
    for (size_t i = 0; i < row; i++) {
      float of_token = T0[x * row + i] - (t->folded ? constants[i] : 0.0f);
      T0[x * row + i] = of_token + position0[i];
      T1[x * row + i] = of_token + position1[i];
    }
  memcpy(t->T_constants + strip.begin * t->n_constants * H, constants,
         t->n_constants * row * sizeof(float));
  for (size_t h = 0; t->folded && h < H; h++)
    for (size_t i = 0; i < columns; i++)
      t->base[strip.begin + i] += constants[h * columns + i];
}

static void factor_rows_forward(struct Factors *t, const struct Parameters *parameters)
{
  size_t H = (size_t)t->shape.H, d = (size_t)t->shape.d_model, d_head = (size_t)t->shape.d_head;
  matrix_multiply_shared(H * d_head, t->width, d, matrix_plain(parameters_at(parameters, W_O), d),
                         matrix_plain(t->reader, t->width), MATRIX_REPLACE, t->readers_by_head,
                         t->width);
#pragma omp parallel for
  for (size_t h = 0; h < H; h++)
    matrix_multiply(t->n_sources, d_head, d, matrix_plain(t->sources, d),
                    matrix_plain(parameters_at(parameters, W_V) + h * d * d_head, d_head),
                    MATRIX_REPLACE, t->values + h * t->n_sources * d_head, d_head);
#pragma omp parallel for
  for (size_t s = 0; s < factor_strips(t); s++) {
    struct FactorStrip strip = factor_strip(t, s);
    size_t columns = strip.columns;
    for (size_t h = 0; h < H; h++)
      matrix_multiply(
          t->n_sources, columns, d_head,
          matrix_plain(t->values + h * t->n_sources * d_head, d_head),
          matrix_plain(t->readers_by_head + h * d_head * t->width + strip.begin, t->width),
          MATRIX_REPLACE, strip_of_T0(t, strip) + h * columns, H * columns);
    place_strip(t, strip);
  }
}

/* The gradient of the source rows, in place of T^0's: the sum over the factors they enter. */
static void place_strip_backward(struct Factors *t, const struct FactorGradients *g,
                                 struct FactorStrip strip)
{
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, columns = strip.columns;
  size_t row = H * columns;
  float *rows = strip_of_T0(t, strip);
  const float *T1 = strip_of_T1(t, strip, g->T1);
  float *position0 = rows + source_position0(t) * row;
  float *position1 = rows + source_position1(t) * row;
  float *constants = rows + source_constants(t) * row;
  memset(position0, 0, row * sizeof(float));
  memset(position1, 0, row * sizeof(float));
  for (size_t x = 0; x < p; x++)
    for (size_t i = 0; i < row; i++) {
      float d0 = rows[x * row + i], d1 = T1[x * row + i];
      position0[i] += d0;
      position1[i] += d1;
      rows[x * row + i] = d0 + d1;
    }
  if (!t->folded)
    memcpy(constants, g->T_constants + strip.begin * t->n_constants * H,
           t->n_constants * row * sizeof(float));
  for (size_t h = 0; t->folded && h < H; h++)
    for (size_t i = 0; i < columns; i++)
      constants[h * columns + i] =
          g->base[strip.begin + i] - position0[h * columns + i] - position1[h * columns + i];
}

/* Sets W_V and W_O of the gradient, g->reader and g->sources. */
static void factor_rows_backward(struct Factors *t, const struct Parameters *parameters,
                                 struct FactorGradients *g, struct Parameters *gradient)
{
  size_t H = (size_t)t->shape.H, d = (size_t)t->shape.d_model, d_head = (size_t)t->shape.d_head;
#pragma omp parallel for
  for (size_t s = 0; s < factor_strips(t); s++) {
    struct FactorStrip strip = factor_strip(t, s);
    size_t columns = strip.columns;
    const float *d_rows = strip_of_T0(t, strip);
    place_strip_backward(t, g, strip);
    for (size_t h = 0; h < H; h++)
      matrix_multiply(d_head, columns, t->n_sources,
                      matrix_transposed(t->values + h * t->n_sources * d_head, d_head),
                      matrix_plain(d_rows + h * columns, H * columns), MATRIX_REPLACE,
                      g->readers_by_head + h * d_head * t->width + strip.begin, t->width);
  }
#pragma omp parallel for
  for (size_t h = 0; h < H; h++) {
    float *d_values = g->values + h * t->n_sources * d_head;
    for (size_t s = 0; s < factor_strips(t); s++) { /* in order: a sum over columns */
      struct FactorStrip strip = factor_strip(t, s);
      size_t columns = strip.columns;
      matrix_multiply(
          t->n_sources, d_head, columns,
          matrix_plain(strip_of_T0(t, strip) + h * columns, H * columns),
          matrix_transposed(t->readers_by_head + h * d_head * t->width + strip.begin, t->width),
          s == 0 ? MATRIX_REPLACE : MATRIX_ADD, d_values, d_head);
    }
    matrix_multiply(d, d_head, t->n_sources, matrix_transposed(t->sources, d),
                    matrix_plain(d_values, d_head), MATRIX_REPLACE,
                    parameters_at(gradient, W_V) + h * d * d_head, d_head);
  }
  for (size_t h = 0; h < H; h++) /* in order: a sum over heads */
    matrix_multiply(t->n_sources, d, d_head,
                    matrix_plain(g->values + h * t->n_sources * d_head, d_head),
                    matrix_transposed(parameters_at(parameters, W_V) + h * d * d_head, d_head),
                    h == 0 ? MATRIX_REPLACE : MATRIX_ADD, g->sources, d);
  matrix_multiply_shared(H * d_head, d, t->width, matrix_plain(g->readers_by_head, t->width),
                         matrix_transposed(t->reader, t->width), MATRIX_REPLACE,
                         parameters_at(gradient, W_O), d);
  matrix_multiply_shared(
      d, t->width, H * d_head, matrix_transposed(parameters_at(parameters, W_O), d),
      matrix_plain(g->readers_by_head, t->width), MATRIX_REPLACE, g->reader, t->width);
}

void factors_forward(struct Factors *factors, const struct Parameters *parameters)
{
  sources_forward(factors, parameters);
  scores_forward(factors, parameters);
  reader_forward(factors, parameters);
  base_forward(factors, parameters);
  factor_rows_forward(factors, parameters);
}

void factors_backward(struct Factors *factors, const struct Parameters *parameters,
                      struct FactorGradients *gradients, struct Parameters *gradient)
{
  factor_rows_backward(factors, parameters, gradients, gradient);
  base_backward(factors, gradients);
  reader_backward(factors, parameters, gradients, gradient);
  scores_backward(factors, parameters, gradients, gradient);
  sources_backward(factors, gradients, gradient);
}
