#include "model/tables.h"

#include "base/memory.h"
#include "model/flush.h"
#include "model/product.h"
#include "model/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the sources after W_E[0..p-1]. */
static size_t source_position0(const struct Tables *t)
{
  return (size_t)t->shape.p;
}
static size_t source_position1(const struct Tables *t)
{
  return (size_t)t->shape.p + 1;
}
static size_t source_equals(const struct Tables *t)
{
  return (size_t)t->shape.p + 2;
}

bool tables_fold(enum Attention attention)
{
  return attention == ATTENTION_SOFTMAX || attention == ATTENTION_UNIFORM;
}

bool tables_init(struct Tables *t, const struct Shape *shape, enum Attention attention,
                 struct Error *error)
{
  *t = (struct Tables){.shape = *shape, .folded = tables_fold(attention)};
  size_t p = (size_t)shape->p, H = (size_t)shape->H, d = (size_t)shape->d_model;
  size_t d_head = (size_t)shape->d_head;
  t->mlp_width = vector_pad((size_t)shape->d_mlp);
  t->logit_width = vector_pad((size_t)shape->V);
  t->width = t->mlp_width + t->logit_width;
  t->n_sources = p + 3;
  const struct FloatArray arrays[] = {{&t->sources, t->n_sources * d},
                                      {&t->reader, d * t->width},
                                      {&t->readers_by_head, H * d_head * t->width},
                                      {&t->values, H * t->n_sources * d_head},
                                      {&t->source_rows, t->n_sources * H * t->width},
                                      {&t->T0, p * H * t->width},
                                      {&t->T1, p * H * t->width},
                                      {&t->T2, H * t->width},
                                      {&t->base, t->width},
                                      {&t->W_L_transposed, (size_t)shape->d_mlp * t->logit_width},
                                      {&t->query, H * d_head},
                                      {&t->key_query, d * H},
                                      {&t->source_scores, t->n_sources * H},
                                      {&t->score0, p * H},
                                      {&t->score1, p * H},
                                      {&t->score2, H}};
  size_t m = (size_t)shape->d_mlp, V = (size_t)shape->V;
  t->block =
      memory_new_arrays(arrays, sizeof arrays / sizeof *arrays, "the network's tables", error);
  if (t->block && packed_init(&t->logits_of_hidden, m, V, error) &&
      packed_init(&t->hidden_of_logits, V, m, error))
    return true;
  tables_release(t);
  return false;
}

void tables_release(struct Tables *t)
{
  free(t->block);
  packed_release(&t->logits_of_hidden);
  packed_release(&t->hidden_of_logits);
  *t = (struct Tables){0};
}

bool table_gradients_init(struct TableGradients *g, const struct Tables *t, struct Error *error)
{
  *g = (struct TableGradients){0};
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, d = (size_t)t->shape.d_model;
  size_t d_head = (size_t)t->shape.d_head;
  const struct FloatArray arrays[] = {{&g->T0, p * H * t->width},
                                      {&g->T1, p * H * t->width},
                                      {&g->T2, H * t->width},
                                      {&g->base, t->width},
                                      {&g->W_L, (size_t)t->shape.V * t->mlp_width},
                                      {&g->score0, p * H},
                                      {&g->score1, p * H},
                                      {&g->score2, H},
                                      {&g->source_rows, t->n_sources * H * t->width},
                                      {&g->reader, d * t->width},
                                      {&g->readers_by_head, H * d_head * t->width},
                                      {&g->values, H * t->n_sources * d_head},
                                      {&g->sources, t->n_sources * d},
                                      {&g->source_scores, t->n_sources * H},
                                      {&g->query, H * d_head},
                                      {&g->key_query, d * H}};
  g->block =
      memory_new_arrays(arrays, sizeof arrays / sizeof *arrays, "the tables' gradients", error);
  return g->block;
}

void table_gradients_release(struct TableGradients *g)
{
  free(g->block);
  *g = (struct TableGradients){0};
}

/* ---- sources: the vectors that the tables are computed from ---- */

static void sources_forward(struct Tables *t, const struct Parameters *parameters)
{
  size_t p = (size_t)t->shape.p, d = (size_t)t->shape.d_model;
  const float *embedding = parameters_at(parameters, W_E);
  const float *position = parameters_at(parameters, W_POS);
  memcpy(t->sources, embedding, p * d * sizeof(float));
  memcpy(t->sources + source_position0(t) * d, position, 2 * d * sizeof(float));
  float *equals = t->sources + source_equals(t) * d;
  for (size_t i = 0; i < d; i++)
    equals[i] = embedding[p * d + i] + position[2 * d + i];
}

static void sources_backward(const struct Tables *t, const float *d_sources,
                             struct Parameters *gradient)
{
  size_t p = (size_t)t->shape.p, d = (size_t)t->shape.d_model;
  float *embedding = parameters_at(gradient, W_E), *position = parameters_at(gradient, W_POS);
  const float *equals = d_sources + source_equals(t) * d;
  memcpy(embedding, d_sources, p * d * sizeof(float));
  memcpy(embedding + p * d, equals, d * sizeof(float));
  memcpy(position, d_sources + source_position0(t) * d, 2 * d * sizeof(float));
  memcpy(position + 2 * d, equals, d * sizeof(float));
}

/* ---- scores: score_h(x) = source(x) . W_K[h] query_h, query_h = x_= W_Q[h] / sqrt(d_head) ---- */

static void scale_values(float *values, size_t n, float factor)
{
  for (size_t i = 0; i < n; i++)
    values[i] = flush(values[i] * factor);
}

static void scores_forward(struct Tables *t, const struct Parameters *parameters)
{
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, d = (size_t)t->shape.d_model;
  size_t d_head = (size_t)t->shape.d_head;
  const float *equals = t->sources + source_equals(t) * d;
  float scale = 1.0f / sqrtf((float)d_head);
  for (size_t h = 0; h < H; h++) {
    const float *W_Q_h = parameters_at(parameters, W_Q) + h * d * d_head;
    const float *W_K_h = parameters_at(parameters, W_K) + h * d * d_head;
    float *query = t->query + h * d_head;
    product(1, d_head, d, plain(equals, d), plain(W_Q_h, d_head), REPLACE, query, d_head);
    scale_values(query, d_head, scale);
    product(d, 1, d_head, plain(W_K_h, d_head), transposed(query, d_head), REPLACE,
            t->key_query + h, H);
  }
  product(t->n_sources, H, d, plain(t->sources, d), plain(t->key_query, H), REPLACE,
          t->source_scores, H);
  const float *position0 = t->source_scores + source_position0(t) * H;
  const float *position1 = t->source_scores + source_position1(t) * H;
  for (size_t x = 0; x < p; x++)
    for (size_t h = 0; h < H; h++) {
      t->score0[x * H + h] = t->source_scores[x * H + h] + position0[h];
      t->score1[x * H + h] = t->source_scores[x * H + h] + position1[h];
    }
  memcpy(t->score2, t->source_scores + source_equals(t) * H, H * sizeof(float));
}

/* Adds to g->sources; sets W_Q and W_K of the gradient. */
static void scores_backward(const struct Tables *t, const struct Parameters *parameters,
                            struct TableGradients *g, struct Parameters *gradient)
{
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, d = (size_t)t->shape.d_model;
  size_t d_head = (size_t)t->shape.d_head;
  float *position0 = g->source_scores + source_position0(t) * H;
  float *position1 = g->source_scores + source_position1(t) * H;
  memset(position0, 0, 2 * H * sizeof(float));
  for (size_t x = 0; x < p; x++)
    for (size_t h = 0; h < H; h++) {
      position0[h] += g->score0[x * H + h];
      position1[h] += g->score1[x * H + h];
      g->source_scores[x * H + h] = g->score0[x * H + h] + g->score1[x * H + h];
    }
  memcpy(g->source_scores + source_equals(t) * H, g->score2, H * sizeof(float));

  product(d, H, t->n_sources, transposed(t->sources, d), plain(g->source_scores, H), REPLACE,
          g->key_query, H);
  product(t->n_sources, d, H, plain(g->source_scores, H), transposed(t->key_query, H), ADD,
          g->sources, d);
  const float *equals = t->sources + source_equals(t) * d;
  float *d_equals = g->sources + source_equals(t) * d;
  float scale = 1.0f / sqrtf((float)d_head);
  for (size_t h = 0; h < H; h++) {
    const float *W_Q_h = parameters_at(parameters, W_Q) + h * d * d_head;
    const float *W_K_h = parameters_at(parameters, W_K) + h * d * d_head;
    const float *query = t->query + h * d_head;
    float *d_query = g->query + h * d_head;
    product(d, d_head, 1, plain(g->key_query + h, H), plain(query, d_head), REPLACE,
            parameters_at(gradient, W_K) + h * d * d_head, d_head);
    product(1, d_head, d, transposed(g->key_query + h, H), plain(W_K_h, d_head), REPLACE, d_query,
            d_head);
    scale_values(d_query, d_head, scale);
    product(d, d_head, 1, transposed(equals, d), plain(d_query, d_head), REPLACE,
            parameters_at(gradient, W_Q) + h * d * d_head, d_head);
    product(d, 1, d_head, plain(W_Q_h, d_head), transposed(d_query, d_head), ADD, d_equals, 1);
  }
}

/* ---- reader R = [W_in | W_U], and W_L ---- */

static void reader_forward(struct Tables *t, const struct Parameters *parameters)
{
  size_t d = (size_t)t->shape.d_model, m = (size_t)t->shape.d_mlp, V = (size_t)t->shape.V;
  const float *input = parameters_at(parameters, W_IN),
              *unembedding = parameters_at(parameters, W_U);
  for (size_t i = 0; i < d; i++) {
    memcpy(t->reader + i * t->width, input + i * m, m * sizeof(float));
    memcpy(t->reader + i * t->width + t->mlp_width, unembedding + i * V, V * sizeof(float));
  }
  product_shared(m, V, d, plain(parameters_at(parameters, W_OUT), d), plain(unembedding, V),
                 REPLACE, t->W_L_transposed, t->logit_width);
  packed_fill(&t->logits_of_hidden, plain(t->W_L_transposed, t->logit_width));
  packed_fill(&t->hidden_of_logits, transposed(t->W_L_transposed, t->logit_width));

  product(1, t->width, d, plain(t->sources + source_equals(t) * d, d), plain(t->reader, t->width),
          REPLACE, t->base, t->width);
  const float *b_in = parameters_at(parameters, B_IN);
  for (size_t i = 0; i < m; i++)
    t->base[i] += b_in[i];
  float *logits = t->base + t->mlp_width;
  product(1, V, d, plain(parameters_at(parameters, B_OUT), d), plain(unembedding, V), ADD, logits,
          V);
  for (size_t i = V; i < t->logit_width; i++)
    logits[i] = -INFINITY;
}

/* From g->base, g->W_L and g->reader as left by table_rows_backward: sets W_in, b_in, W_out,
   b_out, W_U of the gradient, and adds to g->sources. */
static void reader_backward(const struct Tables *t, const struct Parameters *parameters,
                            struct TableGradients *g, struct Parameters *gradient)
{
  size_t d = (size_t)t->shape.d_model, m = (size_t)t->shape.d_mlp, V = (size_t)t->shape.V;
  const float *unembedding = parameters_at(parameters, W_U);
  const float *equals = t->sources + source_equals(t) * d;
  const float *d_logits = g->base + t->mlp_width;
  float *d_unembedding = parameters_at(gradient, W_U);

  product(d, t->width, 1, transposed(equals, d), plain(g->base, t->width), ADD, g->reader,
          t->width);
  product(d, 1, t->width, plain(t->reader, t->width), transposed(g->base, t->width), ADD,
          g->sources + source_equals(t) * d, 1);
  for (size_t i = 0; i < d; i++) {
    memcpy(parameters_at(gradient, W_IN) + i * m, g->reader + i * t->width, m * sizeof(float));
    memcpy(d_unembedding + i * V, g->reader + i * t->width + t->mlp_width, V * sizeof(float));
  }
  memcpy(parameters_at(gradient, B_IN), g->base, m * sizeof(float));
  product(d, 1, V, plain(unembedding, V), transposed(d_logits, V), REPLACE,
          parameters_at(gradient, B_OUT), 1);
  product(d, V, 1, transposed(parameters_at(parameters, B_OUT), d), plain(d_logits, V), ADD,
          d_unembedding, V);

  product_shared(m, d, V, transposed(g->W_L, t->mlp_width), transposed(unembedding, V), REPLACE,
                 parameters_at(gradient, W_OUT), d);
  product_shared(d, V, m, transposed(parameters_at(parameters, W_OUT), d),
                 transposed(g->W_L, t->mlp_width), ADD, d_unembedding, V);
}

/* ---- table rows: T_h[x] = source(x) W_V[h] W_O[h] R ---- */

/* A strip of all source rows, or of their gradients: [n_sources][H][columns]. */
static float *source_strip(const struct Tables *t, struct TableStrip strip, float *source_rows)
{
  return source_rows + strip.begin * t->n_sources * (size_t)t->shape.H;
}

/* A strip of T^0, T^1, T^2 and, if folded, the base from the same strip of the source rows. */
static void place_strip(struct Tables *t, struct TableStrip strip)
{
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, columns = strip.columns;
  size_t row = H * columns, table = strip.begin * p * H;
  const float *sources = source_strip(t, strip, t->source_rows);
  const float *position0 = sources + source_position0(t) * row;
  const float *position1 = sources + source_position1(t) * row;
  const float *equals = sources + source_equals(t) * row;
  float folded = t->folded ? 1.0f : 0.0f;
  for (size_t x = 0; x < p; x++)
    for (size_t i = 0; i < row; i++) {
      float of_token = sources[x * row + i] - folded * equals[i];
      t->T0[table + x * row + i] = of_token + position0[i];
      t->T1[table + x * row + i] = of_token + position1[i];
    }
  memcpy(t->T2 + strip.begin * H, equals, row * sizeof(float));
  for (size_t h = 0; t->folded && h < H; h++)
    for (size_t i = 0; i < columns; i++)
      t->base[strip.begin + i] += equals[h * columns + i];
}

static void table_rows_forward(struct Tables *t, const struct Parameters *parameters)
{
  size_t H = (size_t)t->shape.H, d = (size_t)t->shape.d_model, d_head = (size_t)t->shape.d_head;
  product_shared(H * d_head, t->width, d, plain(parameters_at(parameters, W_O), d),
                 plain(t->reader, t->width), REPLACE, t->readers_by_head, t->width);
#pragma omp parallel for
  for (size_t h = 0; h < H; h++)
    product(t->n_sources, d_head, d, plain(t->sources, d),
            plain(parameters_at(parameters, W_V) + h * d * d_head, d_head), REPLACE,
            t->values + h * t->n_sources * d_head, d_head);
#pragma omp parallel for
  for (size_t s = 0; s < table_strips(t); s++) {
    struct TableStrip strip = table_strip(t, s);
    size_t columns = strip.columns;
    for (size_t h = 0; h < H; h++)
      product(t->n_sources, columns, d_head, plain(t->values + h * t->n_sources * d_head, d_head),
              plain(t->readers_by_head + h * d_head * t->width + strip.begin, t->width), REPLACE,
              source_strip(t, strip, t->source_rows) + h * columns, H * columns);
    place_strip(t, strip);
  }
}

/* The gradient of the source rows: the sum over the tables they enter. */
static void place_strip_backward(const struct Tables *t, struct TableGradients *g,
                                 struct TableStrip strip)
{
  size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, columns = strip.columns;
  size_t row = H * columns, table = strip.begin * p * H;
  float *sources = source_strip(t, strip, g->source_rows);
  float *position0 = sources + source_position0(t) * row;
  float *position1 = sources + source_position1(t) * row;
  float *equals = sources + source_equals(t) * row;
  memset(position0, 0, row * sizeof(float));
  memset(position1, 0, row * sizeof(float));
  for (size_t x = 0; x < p; x++)
    for (size_t i = 0; i < row; i++) {
      float d0 = g->T0[table + x * row + i], d1 = g->T1[table + x * row + i];
      position0[i] += d0;
      position1[i] += d1;
      sources[x * row + i] = d0 + d1;
    }
  if (!t->folded) memcpy(equals, g->T2 + strip.begin * H, row * sizeof(float));
  for (size_t h = 0; t->folded && h < H; h++)
    for (size_t i = 0; i < columns; i++)
      equals[h * columns + i] =
          g->base[strip.begin + i] - position0[h * columns + i] - position1[h * columns + i];
}

/* Sets W_V and W_O of the gradient, g->reader and g->sources. */
static void table_rows_backward(const struct Tables *t, const struct Parameters *parameters,
                                struct TableGradients *g, struct Parameters *gradient)
{
  size_t H = (size_t)t->shape.H, d = (size_t)t->shape.d_model, d_head = (size_t)t->shape.d_head;
#pragma omp parallel for
  for (size_t s = 0; s < table_strips(t); s++) {
    struct TableStrip strip = table_strip(t, s);
    size_t columns = strip.columns;
    const float *d_rows = source_strip(t, strip, g->source_rows);
    place_strip_backward(t, g, strip);
    for (size_t h = 0; h < H; h++)
      product(d_head, columns, t->n_sources,
              transposed(t->values + h * t->n_sources * d_head, d_head),
              plain(d_rows + h * columns, H * columns), REPLACE,
              g->readers_by_head + h * d_head * t->width + strip.begin, t->width);
  }
#pragma omp parallel for
  for (size_t h = 0; h < H; h++) {
    float *d_values = g->values + h * t->n_sources * d_head;
    for (size_t s = 0; s < table_strips(t); s++) { /* in order: a sum over columns */
      struct TableStrip strip = table_strip(t, s);
      size_t columns = strip.columns;
      product(t->n_sources, d_head, columns,
              plain(source_strip(t, strip, g->source_rows) + h * columns, H * columns),
              transposed(t->readers_by_head + h * d_head * t->width + strip.begin, t->width),
              s == 0 ? REPLACE : ADD, d_values, d_head);
    }
    product(d, d_head, t->n_sources, transposed(t->sources, d), plain(d_values, d_head), REPLACE,
            parameters_at(gradient, W_V) + h * d * d_head, d_head);
  }
  for (size_t h = 0; h < H; h++) /* in order: a sum over heads */
    product(t->n_sources, d, d_head, plain(g->values + h * t->n_sources * d_head, d_head),
            transposed(parameters_at(parameters, W_V) + h * d * d_head, d_head),
            h == 0 ? REPLACE : ADD, g->sources, d);
  product_shared(H * d_head, d, t->width, plain(g->readers_by_head, t->width),
                 transposed(t->reader, t->width), REPLACE, parameters_at(gradient, W_O), d);
  product_shared(d, t->width, H * d_head, transposed(parameters_at(parameters, W_O), d),
                 plain(g->readers_by_head, t->width), REPLACE, g->reader, t->width);
}

void tables_forward(struct Tables *tables, const struct Parameters *parameters)
{
  sources_forward(tables, parameters);
  scores_forward(tables, parameters);
  reader_forward(tables, parameters);
  table_rows_forward(tables, parameters);
}

void tables_backward(const struct Tables *tables, const struct Parameters *parameters,
                     struct TableGradients *gradients, struct Parameters *gradient)
{
  table_rows_backward(tables, parameters, gradients, gradient);
  reader_backward(tables, parameters, gradients, gradient);
  scores_backward(tables, parameters, gradients, gradient);
  sources_backward(tables, gradients->sources, gradient);
}
