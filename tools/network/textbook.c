#include "network/textbook.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- sizes and parameters ---- */

/* The sizes of a pass over n sequences, short: as in the shapes of textbook.h. */
struct Sizes {
  size_t n, N, R, P, Q, H, d, d_head, m, V;
  size_t row; /* H d_head: all heads of a position */
};

/* For a layer; its queries are all positions, in the last layer those that are read. */
static struct Sizes sizes_of(const struct Textbook *t, size_t layer, size_t n)
{
  const struct Shape *shape = &t->list.shape;
  struct Sizes s = {.n = n,
                    .N = (size_t)shape->n_positions,
                    .R = (size_t)shape->n_registers,
                    .H = (size_t)shape->H,
                    .d = (size_t)shape->d_model,
                    .d_head = (size_t)shape->d_head,
                    .m = (size_t)shape->d_mlp,
                    .V = (size_t)shape->V};
  s.P = s.R + s.N;
  s.Q = layer + 1 == (size_t)shape->n_layers ? (size_t)shape->n_read : s.P;
  s.row = s.H * s.d_head;
  return s;
}

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

static bool is_pre(const struct Textbook *t)
{
  return t->list.shape.layer_norm == LAYER_NORM_PRE;
}

static bool is_post(const struct Textbook *t)
{
  return t->list.shape.layer_norm == LAYER_NORM_POST;
}

/* ---- dropout ---- */

/* The places of the masks; those of layer l have 4 l added. */
enum { DROP_EMBEDDING, DROP_WEIGHTS, DROP_NEURONS, DROP_MLP_OUT };

/* Of values [n][each], or their gradients. */
static void drop_place(const struct Textbook *t, int place, size_t layer, size_t n, size_t each,
                       Real *values)
{
  if (!t->training || !(t->config.dropout > 0)) return;
  const struct DropoutPlace where = {.probability = t->config.dropout,
                                     .seed = t->seed,
                                     .step = t->step,
                                     .place = (uint32_t)(4 * layer) + (uint32_t)place};
  drop(&where, t->first * each, n * each, values);
}

/* ---- embedding ---- */

static void embed(const struct Textbook *t, const Real *parameters, const int *tokens, size_t n,
                  Real *resid_pre)
{
  const struct Sizes s = sizes_of(t, 0, n);
  const Real *embedding = parameter(t, parameters, 0, W_E), *positions = t->positions;
  const Real *registers = s.R > 0 ? parameter(t, parameters, 0, REGISTERS) : NULL;
  if (t->list.shape.positions == POSITIONS_LEARNED) positions = parameter(t, parameters, 0, W_POS);
  for (size_t b = 0; b < n; b++) {
    Real *x = resid_pre + b * s.P * s.d;
    if (registers) memcpy(x, registers, s.R * s.d * sizeof *x);
    x += s.R * s.d;
    for (size_t i = 0; i < s.N; i++, x += s.d) {
      memcpy(x, embedding + (size_t)tokens[b * s.N + i] * s.d, s.d * sizeof *x);
      if (positions) rows_add(s.d, positions + i * s.d, x);
    }
  }
  drop_place(t, DROP_EMBEDDING, 0, n, s.P * s.d, resid_pre);
}

static void embed_backward(const struct Textbook *t, const int *tokens, size_t n, Real *d_resid_pre,
                           Real *gradient)
{
  const struct Sizes s = sizes_of(t, 0, n);
  Real *embedding = gradient_of(t, gradient, 0, W_E);
  bool learned = t->list.shape.positions == POSITIONS_LEARNED;
  Real *positions = learned ? gradient_of(t, gradient, 0, W_POS) : NULL;
  Real *registers = s.R > 0 ? gradient_of(t, gradient, 0, REGISTERS) : NULL;
  drop_place(t, DROP_EMBEDDING, 0, n, s.P * s.d, d_resid_pre);
  for (size_t b = 0; b < n; b++) {
    const Real *dx = d_resid_pre + b * s.P * s.d;
    if (registers) rows_add(s.R * s.d, dx, registers);
    dx += s.R * s.d;
    for (size_t i = 0; i < s.N; i++, dx += s.d) {
      rows_add(s.d, dx, embedding + (size_t)tokens[b * s.N + i] * s.d);
      if (positions) rows_add(s.d, dx, positions + i * s.d);
    }
  }
}

/* ---- heads ---- */

/* y[rows][H][d_head] = x[rows][d] W[h] for every head, W being [H][d][d_head]. */
static void project(const struct Sizes *s, size_t rows, const Real *x, const Real *W, Real *y)
{
  rows_start(rows, s->row, NULL, y);
  for (size_t h = 0; h < s->H; h++)
    multiply(rows, s->d_head, s->d, x, s->d, W + h * s->d * s->d_head, s->d_head, y + h * s->d_head,
             s->row);
}

static void project_backward(const struct Sizes *s, size_t rows, const Real *x, const Real *W,
                             const Real *dy, Real *dx, Real *dW)
{
  for (size_t h = 0; h < s->H; h++)
    multiply_backward(rows, s->d_head, s->d, x, s->d, W + h * s->d * s->d_head, s->d_head,
                      dy + h * s->d_head, s->row, dx, s->d, dW + h * s->d * s->d_head);
}

/* How many positions, from the first on, query i of Q sees: it is position P - Q + i. A register
   sees all, a token those up to its own. */
static size_t count_seen(const struct Sizes *s, size_t i)
{
  size_t position = s->P - s->Q + i;
  return position < s->R ? s->P : position + 1;
}

/* Where one head of one sequence begins in the arrays of a layer. */
struct Head {
  size_t queries;   /* in q and z; the next query is s.row further */
  size_t positions; /* in k and v, likewise */
  size_t entries;   /* in the scores and weights, [Q][P] */
};

/* Head number i of all heads of all sequences. */
static struct Head head_of(const struct Sizes *s, size_t i)
{
  size_t b = i / s->H, h = i % s->H;
  return (struct Head){.queries = b * s->Q * s->row + h * s->d_head,
                       .positions = b * s->P * s->row + h * s->d_head,
                       .entries = i * s->Q * s->P};
}

/* A, and A' without dropout, of one head: 0 where a query does not see. */
static void weigh(const struct Textbook *t, const struct TextbookLayer *l, const struct Sizes *s,
                  struct Head at)
{
  const Real rate = (Real)t->config.attention_rate;
  rows_start(s->Q, s->P, NULL, l->scores + at.entries);
  multiply_transposed(s->Q, s->P, s->d_head, l->q + at.queries, s->row, l->k + at.positions, s->row,
                      l->scores + at.entries, s->P);
  for (size_t i = 0; i < s->Q; i++) {
    size_t row = at.entries + i * s->P, seen = count_seen(s, i);
    attention_weigh(t->config.attention, seen, l->scores + row, l->weights + row);
    rows_start(1, s->P - seen, NULL, l->weights + row + seen);
    if (l->mixed == l->weights) continue;
    rows_start(1, s->P, NULL, l->mixed + row);
    for (size_t j = 0; j < seen; j++)
      l->mixed[row + j] = (1 - rate) + rate * l->weights[row + j];
  }
}

/* From the gradient of A' without dropout to those of q and k. */
static void weigh_backward(const struct Textbook *t, const struct TextbookLayer *l,
                           const struct Sizes *s, struct Head at)
{
  const Real rate = (Real)t->config.attention_rate;
  const struct TextbookLayer *d = &t->d;
  if (l->mixed != l->weights) rows_scale(s->Q * s->P, rate, d->mixed + at.entries);
  for (size_t i = 0; i < s->Q; i++) {
    size_t row = at.entries + i * s->P, seen = count_seen(s, i);
    attention_weigh_back(t->config.attention, seen, l->scores + row, l->weights + row,
                         d->mixed + row, d->scores + row);
    rows_start(1, s->P - seen, NULL, d->scores + row + seen);
  }
  multiply_transposed_backward(s->Q, s->P, s->d_head, l->q + at.queries, s->row,
                               l->k + at.positions, s->row, d->scores + at.entries, s->P,
                               d->q + at.queries, d->k + at.positions);
}

/* z of all heads at all queries, from q, k and v. Queries are divided by sqrt(d_head), rather than
   their many scores. */
static void attend(const struct Textbook *t, size_t layer, const struct Sizes *s)
{
  const struct TextbookLayer *l = &t->layers[layer];
  rows_scale(s->n * s->Q * s->row, (Real)(1 / sqrt((double)s->d_head)), l->q);
  for (size_t i = 0; i < s->n * s->H; i++)
    weigh(t, l, s, head_of(s, i));
  drop_place(t, DROP_WEIGHTS, layer, s->n, s->H * s->Q * s->P, l->mixed);
  rows_start(s->n * s->Q, s->row, NULL, l->z);
  for (size_t i = 0; i < s->n * s->H; i++) {
    struct Head at = head_of(s, i);
    multiply(s->Q, s->d_head, s->P, l->mixed + at.entries, s->P, l->v + at.positions, s->row,
             l->z + at.queries, s->row);
  }
}

static void attend_backward(const struct Textbook *t, size_t layer, const struct Sizes *s)
{
  const struct TextbookLayer *l = &t->layers[layer], *d = &t->d;
  rows_start(s->n * s->P, s->row, NULL, d->v);
  rows_start(s->n * s->H * s->Q, s->P, NULL, d->mixed);
  for (size_t i = 0; i < s->n * s->H; i++) {
    struct Head at = head_of(s, i);
    multiply_backward(s->Q, s->d_head, s->P, l->mixed + at.entries, s->P, l->v + at.positions,
                      s->row, d->z + at.queries, s->row, d->mixed + at.entries, s->P,
                      d->v + at.positions);
  }
  drop_place(t, DROP_WEIGHTS, layer, s->n, s->H * s->Q * s->P, d->mixed);
  rows_start(s->n * s->Q, s->row, NULL, d->q);
  rows_start(s->n * s->P, s->row, NULL, d->k);
  for (size_t i = 0; i < s->n * s->H; i++)
    weigh_backward(t, l, s, head_of(s, i));
  rows_scale(s->n * s->Q * s->row, (Real)(1 / sqrt((double)s->d_head)), d->q);
}

/* The queries' rows, [n][Q][width] of [n][P][width]; nothing to do where they are the same array.
 */
static void take_queries(const struct Sizes *s, size_t width, const Real *all, Real *queries)
{
  for (size_t b = 0; b < s->n && all != queries; b++)
    memcpy(queries + b * s->Q * width, all + (b * s->P + s->P - s->Q) * width,
           s->Q * width * sizeof *all);
}

static void take_queries_backward(const struct Sizes *s, size_t width, const Real *d_queries,
                                  Real *d_all)
{
  for (size_t b = 0; b < s->n; b++)
    rows_add(s->Q * width, d_queries + b * s->Q * width, d_all + (b * s->P + s->P - s->Q) * width);
}

/* resid_mid = n'(resid_pre at the queries + sum_h z[h] W_O[h]) */
static void heads(const struct Textbook *t, const Real *parameters, size_t layer, size_t n)
{
  const struct TextbookLayer *l = &t->layers[layer];
  const struct Sizes s = sizes_of(t, layer, n);
  take_queries(&s, s.d, l->resid_pre, l->queried);
  if (s.H == 0) return; /* resid_mid is queried */
  if (is_pre(t))
    normalise(LAYER_NORM_PRE, n * s.P, s.d, l->resid_pre, parameter(t, parameters, layer, LN1_W),
              parameter(t, parameters, layer, LN1_B), &l->ln1, l->normed_pre);
  take_queries(&s, s.d, l->normed_pre, l->q_input);
  project(&s, n * s.Q, l->q_input, parameter(t, parameters, layer, W_Q), l->q);
  project(&s, n * s.P, l->normed_pre, parameter(t, parameters, layer, W_K), l->k);
  project(&s, n * s.P, l->normed_pre, parameter(t, parameters, layer, W_V), l->v);
  attend(t, layer, &s);
  memcpy(l->mid_sum, l->queried, n * s.Q * s.d * sizeof(Real));
  multiply(n * s.Q, s.d, s.row, l->z, s.row, parameter(t, parameters, layer, W_O), s.d, l->mid_sum,
           s.d);
  if (is_post(t))
    normalise(LAYER_NORM_POST, n * s.Q, s.d, l->mid_sum, parameter(t, parameters, layer, LN1_W),
              parameter(t, parameters, layer, LN1_B), &l->ln1, l->resid_mid);
}

/* From the gradient of mid_sum to those of q_input and normed_pre. */
static void heads_inside_backward(const struct Textbook *t, const Real *parameters, size_t layer,
                                  const struct Sizes *s, Real *gradient)
{
  const struct TextbookLayer *l = &t->layers[layer], *d = &t->d;
  rows_start(s->n * s->Q, s->row, NULL, d->z);
  multiply_backward(s->n * s->Q, s->d, s->row, l->z, s->row, parameter(t, parameters, layer, W_O),
                    s->d, d->mid_sum, s->d, d->z, s->row, gradient_of(t, gradient, layer, W_O));
  attend_backward(t, layer, s);
  rows_start(s->n * s->P, s->d, NULL, d->normed_pre);
  project_backward(s, s->n * s->P, l->normed_pre, parameter(t, parameters, layer, W_V), d->v,
                   d->normed_pre, gradient_of(t, gradient, layer, W_V));
  project_backward(s, s->n * s->P, l->normed_pre, parameter(t, parameters, layer, W_K), d->k,
                   d->normed_pre, gradient_of(t, gradient, layer, W_K));
  rows_start(s->n * s->Q, s->d, NULL, d->q_input);
  project_backward(s, s->n * s->Q, l->q_input, parameter(t, parameters, layer, W_Q), d->q,
                   d->q_input, gradient_of(t, gradient, layer, W_Q));
  take_queries_backward(s, s->d, d->q_input, d->normed_pre);
}

/* From d.resid_mid to d.resid_pre. */
static void heads_backward(const struct Textbook *t, const Real *parameters, size_t layer, size_t n,
                           Real *gradient)
{
  const struct TextbookLayer *l = &t->layers[layer], *d = &t->d;
  const struct Sizes s = sizes_of(t, layer, n);
  rows_start(n * s.P, s.d, NULL, d->resid_pre);
  if (s.H == 0) {
    take_queries_backward(&s, s.d, d->resid_mid, d->resid_pre);
    return;
  }
  if (is_post(t)) {
    rows_start(n * s.Q, s.d, NULL, d->mid_sum);
    normalise_backward(n * s.Q, s.d, parameter(t, parameters, layer, LN1_W), &l->ln1, d->resid_mid,
                       d->mid_sum, gradient_of(t, gradient, layer, LN1_W),
                       gradient_of(t, gradient, layer, LN1_B));
  }
  heads_inside_backward(t, parameters, layer, &s, gradient);
  if (is_pre(t))
    normalise_backward(n * s.P, s.d, parameter(t, parameters, layer, LN1_W), &l->ln1, d->normed_pre,
                       d->resid_pre, gradient_of(t, gradient, layer, LN1_W),
                       gradient_of(t, gradient, layer, LN1_B));
  take_queries_backward(&s, s.d, d->mid_sum, d->resid_pre);
}

/* ---- neurons ---- */

/* resid_post = n'(resid_mid + f(n(resid_mid) W_in + b_in) W_out + b_out) */
static void mlp(const struct Textbook *t, const Real *parameters, size_t layer, size_t n)
{
  const struct TextbookLayer *l = &t->layers[layer];
  const struct Sizes s = sizes_of(t, layer, n);
  size_t rows = n * s.Q;
  if (s.m == 0) return; /* resid_post is resid_mid */
  if (is_pre(t))
    normalise(LAYER_NORM_PRE, rows, s.d, l->resid_mid, parameter(t, parameters, layer, LN2_W),
              parameter(t, parameters, layer, LN2_B), &l->ln2, l->normed_mid);
  rows_start(rows, s.m, parameter(t, parameters, layer, B_IN), l->pre);
  multiply(rows, s.m, s.d, l->normed_mid, s.d, parameter(t, parameters, layer, W_IN), s.m, l->pre,
           s.m);
  activate(t->config.activation, rows * s.m, l->pre, l->hidden);
  drop_place(t, DROP_NEURONS, layer, n, s.Q * s.m, l->hidden);
  rows_start(rows, s.d, parameter(t, parameters, layer, B_OUT), l->post_sum);
  multiply(rows, s.d, s.m, l->hidden, s.m, parameter(t, parameters, layer, W_OUT), s.d, l->post_sum,
           s.d);
  drop_place(t, DROP_MLP_OUT, layer, n, s.Q * s.d, l->post_sum);
  rows_add(rows * s.d, l->resid_mid, l->post_sum);
  if (is_post(t))
    normalise(LAYER_NORM_POST, rows, s.d, l->post_sum, parameter(t, parameters, layer, LN2_W),
              parameter(t, parameters, layer, LN2_B), &l->ln2, l->resid_post);
}

/* From the gradient of the MLP's output, d_mlp_out, to that of normed_mid, added. */
static void mlp_inside_backward(const struct Textbook *t, const Real *parameters, size_t layer,
                                const struct Sizes *s, Real *d_normed_mid, Real *gradient)
{
  const struct TextbookLayer *l = &t->layers[layer], *d = &t->d;
  size_t rows = s->n * s->Q;
  drop_place(t, DROP_MLP_OUT, layer, s->n, s->Q * s->d, t->d_mlp_out);
  rows_start(rows, s->m, NULL, d->hidden);
  multiply_backward(rows, s->d, s->m, l->hidden, s->m, parameter(t, parameters, layer, W_OUT), s->d,
                    t->d_mlp_out, s->d, d->hidden, s->m, gradient_of(t, gradient, layer, W_OUT));
  drop_place(t, DROP_NEURONS, layer, s->n, s->Q * s->m, d->hidden);
  activate_backward(t->config.activation, rows * s->m, l->pre, d->hidden, d->pre);
  multiply_backward(rows, s->m, s->d, l->normed_mid, s->d, parameter(t, parameters, layer, W_IN),
                    s->m, d->pre, s->m, d_normed_mid, s->d, gradient_of(t, gradient, layer, W_IN));
  if (!t->config.biases) return;
  rows_sum(rows, s->m, d->pre, gradient_of(t, gradient, layer, B_IN));
  rows_sum(rows, s->d, t->d_mlp_out, gradient_of(t, gradient, layer, B_OUT));
}

/* From d.resid_post to d.resid_mid. */
static void mlp_backward(const struct Textbook *t, const Real *parameters, size_t layer, size_t n,
                         Real *gradient)
{
  const struct TextbookLayer *l = &t->layers[layer], *d = &t->d;
  const struct Sizes s = sizes_of(t, layer, n);
  size_t rows = n * s.Q;
  if (s.m > 0 && is_post(t)) {
    rows_start(rows, s.d, NULL, d->resid_mid);
    normalise_backward(rows, s.d, parameter(t, parameters, layer, LN2_W), &l->ln2, d->resid_post,
                       d->resid_mid, gradient_of(t, gradient, layer, LN2_W),
                       gradient_of(t, gradient, layer, LN2_B));
  } else {
    memcpy(d->resid_mid, d->resid_post, rows * s.d * sizeof(Real));
  }
  if (s.m == 0) return;
  memcpy(t->d_mlp_out, d->resid_mid, rows * s.d * sizeof(Real));
  if (!is_pre(t)) {
    mlp_inside_backward(t, parameters, layer, &s, d->resid_mid, gradient);
    return;
  }
  rows_start(rows, s.d, NULL, d->normed_mid);
  mlp_inside_backward(t, parameters, layer, &s, d->normed_mid, gradient);
  normalise_backward(rows, s.d, parameter(t, parameters, layer, LN2_W), &l->ln2, d->normed_mid,
                     d->resid_mid, gradient_of(t, gradient, layer, LN2_W),
                     gradient_of(t, gradient, layer, LN2_B));
}

/* ---- unembedding ---- */

/* logits = n(x^L) W_U, or n(x^L) W_E^T */
static void unembed(const struct Textbook *t, const Real *parameters, size_t n)
{
  size_t last = (size_t)t->list.shape.n_layers - 1;
  const struct Sizes s = sizes_of(t, last, n);
  size_t rows = n * s.Q;
  if (is_pre(t))
    normalise(LAYER_NORM_PRE, rows, s.d, t->layers[last].resid_post,
              parameter(t, parameters, 0, LN_FINAL_W), parameter(t, parameters, 0, LN_FINAL_B),
              &t->ln_final, t->normed_final);
  rows_start(rows, s.V, NULL, t->logits);
  if (t->list.shape.tied)
    multiply_transposed(rows, s.V, s.d, t->normed_final, s.d, parameter(t, parameters, 0, W_E), s.d,
                        t->logits, s.V);
  else
    multiply(rows, s.V, s.d, t->normed_final, s.d, parameter(t, parameters, 0, W_U), s.V, t->logits,
             s.V);
}

/* From d_logits to d.resid_post of the last layer. */
static void unembed_backward(const struct Textbook *t, const Real *parameters, size_t n,
                             Real *gradient)
{
  const struct Sizes s = sizes_of(t, (size_t)t->list.shape.n_layers - 1, n);
  size_t rows = n * s.Q;
  rows_start(rows, s.d, NULL, t->d_normed_final);
  if (t->list.shape.tied) {
    multiply(rows, s.d, s.V, t->d_logits, s.V, parameter(t, parameters, 0, W_E), s.d,
             t->d_normed_final, s.d);
    multiply_first_transposed(s.V, s.d, rows, t->d_logits, s.V, t->normed_final, s.d,
                              gradient_of(t, gradient, 0, W_E), s.d);
  } else {
    multiply_backward(rows, s.V, s.d, t->normed_final, s.d, parameter(t, parameters, 0, W_U), s.V,
                      t->d_logits, s.V, t->d_normed_final, s.d, gradient_of(t, gradient, 0, W_U));
  }
  if (!is_pre(t)) {
    memcpy(t->d.resid_post, t->d_normed_final, rows * s.d * sizeof(Real));
    return;
  }
  rows_start(rows, s.d, NULL, t->d.resid_post);
  normalise_backward(rows, s.d, parameter(t, parameters, 0, LN_FINAL_W), &t->ln_final,
                     t->d_normed_final, t->d.resid_post, gradient_of(t, gradient, 0, LN_FINAL_W),
                     gradient_of(t, gradient, 0, LN_FINAL_B));
}

/* ---- the network ---- */

void textbook_forward(struct Textbook *t, const Real *parameters, const int *tokens, size_t n)
{
  embed(t, parameters, tokens, n, t->layers[0].resid_pre);
  for (size_t layer = 0; layer < (size_t)t->list.shape.n_layers; layer++) {
    heads(t, parameters, layer, n);
    mlp(t, parameters, layer, n);
  }
  unembed(t, parameters, n);
}

/* The gradient of a layer's resid_pre becomes that of the layer below's resid_post. */
static void swap_layers(struct TextbookLayer *d)
{
  bool shared = d->normed_pre == d->resid_pre;
  Real *below = d->resid_pre;
  d->resid_pre = d->resid_post;
  d->resid_post = below;
  if (shared) d->normed_pre = d->resid_pre;
}

void textbook_backward(struct Textbook *t, const Real *parameters, const int *tokens, size_t n,
                       Real *gradient)
{
  unembed_backward(t, parameters, n, gradient);
  for (size_t layer = (size_t)t->list.shape.n_layers; layer-- > 0;) {
    mlp_backward(t, parameters, layer, n, gradient);
    heads_backward(t, parameters, layer, n, gradient);
    swap_layers(&t->d);
  }
  embed_backward(t, tokens, n, t->d.resid_post, gradient);
}

void textbook_losses(struct Textbook *t, const int *answers, size_t n, Real scale, double *loss,
                     size_t *correct, double *by_position)
{
  size_t V = (size_t)t->list.shape.V, n_read = (size_t)t->list.shape.n_read;
  for (size_t i = 0; i < n * n_read; i++) {
    bool right = false;
    if (answers[i] < 0) {
      memset(t->d_logits + i * V, 0, V * sizeof(Real));
      continue;
    }
    double own = loss_of_logits(t->loss, V, t->logits + i * V, (size_t)answers[i], scale,
                                t->d_logits + i * V, &right);
    *loss += own;
    *correct += right;
    if (by_position) by_position[i % n_read] += own;
  }
}

/* ---- memory ---- */

/* A part of the arena; while there is none, its size alone is counted. */
struct Arena {
  Real *base;
  size_t used;
  bool overflows;
};

static void take(struct Arena *arena, size_t rows, size_t width, Real **array)
{
  const size_t line = 64 / sizeof(Real);
  size_t count;
  arena->overflows |= __builtin_mul_overflow(rows, width, &count);
  count = (count + line - 1) / line * line;
  *array = arena->base ? arena->base + arena->used : NULL;
  arena->overflows |= __builtin_add_overflow(arena->used, count, &arena->used);
}

static void take_norm(struct Arena *arena, size_t rows, size_t d, struct Norm *norm)
{
  take(arena, rows, d, &norm->hat);
  take(arena, rows, 1, &norm->scale);
  take(arena, rows, 1, &norm->slope);
}

/* An array of its own, or another one that it would be equal to. */
static void take_or_share(struct Arena *arena, bool own, size_t rows, size_t width, Real *other,
                          Real **array)
{
  if (own)
    take(arena, rows, width, array);
  else
    *array = other;
}

/* All arrays of a layer but resid_pre, which comes before it. */
static void place_layer(const struct Textbook *t, const struct Sizes *s, struct Arena *arena,
                        struct TextbookLayer *l)
{
  size_t all = t->B * s->P, queries = t->B * s->Q, entries = queries * s->H;
  bool pre = is_pre(t), post = is_post(t), heads_here = s->H > 0, neurons = s->m > 0;
  bool mixes = t->config.attention_rate < 1 || t->config.dropout > 0;
  take_or_share(arena, s->Q < s->P, queries, s->d, l->resid_pre, &l->queried);
  take_or_share(arena, pre && heads_here, all, s->d, l->resid_pre, &l->normed_pre);
  take_or_share(arena, s->Q < s->P, queries, s->d, l->normed_pre, &l->q_input);
  take(arena, all, s->row, &l->k);
  take(arena, all, s->row, &l->v);
  take(arena, queries, s->row, &l->q);
  take(arena, entries, s->P, &l->scores);
  take(arena, entries, s->P, &l->weights);
  take_or_share(arena, mixes, entries, s->P, l->weights, &l->mixed);
  take(arena, queries, s->row, &l->z);
  take_or_share(arena, heads_here, queries, s->d, l->queried, &l->mid_sum);
  take_or_share(arena, post && heads_here, queries, s->d, l->mid_sum, &l->resid_mid);
  take_or_share(arena, pre && neurons, queries, s->d, l->resid_mid, &l->normed_mid);
  take(arena, queries, s->m, &l->pre);
  take(arena, queries, s->m, &l->hidden);
  take_or_share(arena, neurons, queries, s->d, l->resid_mid, &l->post_sum);
  take_or_share(arena, post && neurons, queries, s->d, l->post_sum, &l->resid_post);
  if (!pre && !post) return;
  take_norm(arena, pre ? all : queries, s->d, &l->ln1);
  take_norm(arena, queries, s->d, &l->ln2);
}

/* The gradients of any layer. Those of arrays that are the same in a layer may still differ. */
static void place_gradients(struct Textbook *t, struct Arena *arena)
{
  struct Sizes s = sizes_of(t, 0, t->B); /* of several layers, the first has the most queries */
  struct TextbookLayer *d = &t->d;
  size_t all = t->B * s.P, queries = t->B * s.Q, entries = queries * s.H;
  bool mixes = t->config.attention_rate < 1 || t->config.dropout > 0;
  take(arena, all, s.d, &d->resid_pre);
  take(arena, all, s.d, &d->resid_post);
  take(arena, queries, s.d, &d->resid_mid);
  take_or_share(arena, is_post(t) && s.H > 0, queries, s.d, d->resid_mid, &d->mid_sum);
  take_or_share(arena, is_pre(t) && s.H > 0, all, s.d, d->resid_pre, &d->normed_pre);
  take(arena, queries, s.d, &d->q_input);
  take_or_share(arena, is_pre(t) && s.m > 0, queries, s.d, d->resid_mid, &d->normed_mid);
  take(arena, all, s.row, &d->k);
  take(arena, all, s.row, &d->v);
  take(arena, queries, s.row, &d->q);
  take(arena, queries, s.row, &d->z);
  take(arena, entries, s.P, &d->scores);
  take(arena, entries, s.P, &d->weights);
  take_or_share(arena, mixes, entries, s.P, d->weights, &d->mixed);
  take(arena, queries, s.m, &d->pre);
  take(arena, queries, s.m, &d->hidden);
  take(arena, queries, s.d, &t->d_mlp_out);
}

/* Places all arrays in the arena. */
static void place(struct Textbook *t, struct Arena *arena)
{
  size_t n_layers = (size_t)t->list.shape.n_layers;
  struct Sizes s = sizes_of(t, 0, t->B);
  if (t->list.shape.positions == POSITIONS_SINUSOIDAL) take(arena, s.N, s.d, &t->positions);
  take(arena, t->B * s.P, s.d, &t->layers[0].resid_pre);
  for (size_t i = 0; i < n_layers; i++) {
    s = sizes_of(t, i, t->B);
    place_layer(t, &s, arena, &t->layers[i]);
    if (i + 1 < n_layers) t->layers[i + 1].resid_pre = t->layers[i].resid_post;
  }
  place_gradients(t, arena);
  take_or_share(arena, is_pre(t), t->B * s.Q, s.d, t->layers[n_layers - 1].resid_post,
                &t->normed_final);
  if (is_pre(t)) take_norm(arena, t->B * s.Q, s.d, &t->ln_final);
  take(arena, t->B * s.Q, s.d, &t->d_normed_final);
  take(arena, t->B * s.Q, s.V, &t->logits);
  take(arena, t->B * s.Q, s.V, &t->d_logits);
}

/* positions[i][2k] = sin(i / 10000^{2k/d}), positions[i][2k + 1] the cosine (Vaswani et al. 2017)
 */
static void fill_positions(const struct Textbook *t)
{
  size_t d = (size_t)t->list.shape.d_model;
  for (size_t i = 0; t->positions && i < (size_t)t->list.shape.n_positions; i++)
    for (size_t k = 0; k < d; k++) {
      double angle = (double)i / pow(10000, (double)(k - k % 2) / (double)d);
      t->positions[i * d + k] = (Real)(k % 2 == 0 ? sin(angle) : cos(angle));
    }
}

/* All but the arena. */
static bool describe(struct Textbook *t, const struct Shape *shape,
                     const struct ModelConfig *config, size_t B, struct Error *error)
{
  *t = (struct Textbook){.config = *config, .B = B};
  if (!parameters_describe_shape(&t->list, shape, error)) return false;
  t->layers = memory_new((size_t)shape->n_layers, sizeof *t->layers, "the layers", error);
  if (t->layers) return true;
  textbook_release(t);
  return false;
}

bool textbook_init(struct Textbook *t, const struct Shape *shape, const struct ModelConfig *config,
                   size_t B, struct Error *error)
{
  if (!describe(t, shape, config, B, error)) return false;
  struct Arena arena = {0};
  place(t, &arena);
  if (arena.overflows) arena.used = SIZE_MAX;
  t->arena = memory_new(arena.used, sizeof *t->arena, "the activations of a batch", error);
  if (!t->arena) {
    textbook_release(t);
    return false;
  }
  arena = (struct Arena){.base = t->arena};
  place(t, &arena);
  fill_positions(t);
  return true;
}

size_t textbook_size(const struct Shape *shape, const struct ModelConfig *config, size_t B)
{
  struct Textbook t;
  struct Error ignored;
  struct Arena arena = {0};
  if (!describe(&t, shape, config, B, &ignored)) return SIZE_MAX;
  place(&t, &arena);
  textbook_release(&t);
  return arena.overflows || arena.used > SIZE_MAX / sizeof(Real) ? SIZE_MAX
                                                                 : arena.used * sizeof(Real);
}

void textbook_release(struct Textbook *t)
{
  free(t->arena);
  free(t->layers);
  parameters_release(&t->list);
  *t = (struct Textbook){0};
}
