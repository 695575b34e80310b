#include "engine/opencl/plan.h"

#include <assert.h>

/* As in the kernels: GROUP, which is ITEMS_OF_PRODUCT, too; DOT_PAIRS. */
enum { ITEMS = 128, PAIRS_OF_ATTENTION = 4 };

/* The kernels of products, and the tile of C that a group computes. */
struct ProductKernel {
  const char *name;
  size_t rows, columns;
};
static const struct ProductKernel small = {"small_products", 32, 32},
                                  large = {"large_products", 64, 128};

static size_t pieces(size_t n, size_t size)
{
  return (n + size - 1) / size;
}

/* ---- operands: matrix_plain and matrix_transposed of engine/factored/matrix.h ---- */

/* A = [M, K], row-major. */
static struct Operand A_plain(Index at, size_t stride)
{
  return (struct Operand){.at = at, .row = (Index)stride, .step = 1};
}

/* A = the transpose of [K, M], row-major. */
static struct Operand A_transposed(Index at, size_t stride)
{
  return (struct Operand){.at = at, .row = 1, .step = (Index)stride};
}

/* B = [K, N], row-major. */
static struct Operand B_plain(Index at, size_t stride)
{
  return A_transposed(at, stride);
}

/* B = the transpose of [N, K], row-major. */
static struct Operand B_transposed(Index at, size_t stride)
{
  return A_plain(at, stride);
}

/* The same operand of each product of a batch. */
static struct Operand each(struct Operand operand, size_t stride)
{
  operand.batch = (Index)stride;
  return operand;
}

/* Whose segment s is matrix s of several [.., size], `stride` apart: k goes through their columns.
 */
static struct Operand through(struct Operand operand, size_t stride, size_t size)
{
  operand.jump = (Index)stride - (Index)size * operand.step;
  return operand;
}

/* ---- products ---- */

/* A B over K terms, or, if K is 0, over segments. */
struct PlannedSummand {
  size_t K;
  struct Operand A, B;
  Index segments;
  size_t segments_batch;
};

/* A B over K terms. */
static struct PlannedSummand terms(size_t K, struct Operand A, struct Operand B)
{
  return (struct PlannedSummand){.K = K, .A = A, .B = B};
}

/* A product to be planned: C [M, N] = or += the sum of its summands; the rest is as in struct
   Product. */
struct Planned {
  size_t batches, M, N; /* batches: 0 is 1 */
  struct PlannedSummand sum[MOST_SUMMANDS];
  Index C;
  size_t C_row, C_batch;
  bool add;
  enum ProductEnd end;
  Index other;
  size_t other_row;
};

static void add_launch(struct Plan *plan, enum PlanStage stage, struct PlannedLaunch launch)
{
  assert(plan->stages[stage].n < MOST_LAUNCHES);
  plan->stages[stage].launches[plan->stages[stage].n++] = launch;
}

/* A launch of a kernel with so many work-items. */
static void add_kernel(struct Plan *plan, enum PlanStage stage, const char *kernel, size_t n)
{
  add_launch(plan, stage, (struct PlannedLaunch){kernel, pieces(n, ITEMS), ITEMS, {0}});
}

static bool is_there(const struct PlannedSummand *sum)
{
  return sum->K > 0 || sum->segments > 0;
}

static void add_product(struct Plan *plan, const struct Planned *p, size_t first_group)
{
  assert(plan->n_products < MOST_PRODUCTS);
  struct Product *product = &plan->products[plan->n_products++];
  *product = (struct Product){.first_group = (Index)first_group,
                              .M = (Index)p->M,
                              .N = (Index)p->N,
                              .C = p->C,
                              .C_row = (Index)p->C_row,
                              .C_batch = (Index)p->C_batch,
                              .add = p->add,
                              .end = p->end,
                              .other = p->other,
                              .other_row = (Index)p->other_row};
  for (const struct PlannedSummand *sum = p->sum;
       product->n_summands < MOST_SUMMANDS && is_there(sum); sum++)
    product->summands[product->n_summands++] =
        (struct Summand){sum->A, sum->B, (Index)sum->K, sum->segments, (Index)sum->segments_batch};
}

/* A launch of products that do not depend on each other; those with long chains should be first. */
static void add_products(struct Plan *plan, enum PlanStage stage, struct ProductKernel kernel,
                         const struct Planned *products, size_t n)
{
  const size_t first = plan->n_products;
  size_t groups = 0, n_there = 0;
  for (size_t i = 0; i < n; i++) {
    const struct Planned *p = &products[i];
    const size_t tiles = pieces(p->M, kernel.rows) * pieces(p->N, kernel.columns);
    const size_t size = tiles * (p->batches > 0 ? p->batches : 1);
    if (size == 0) continue;
    assert(n_there < MOST_PRODUCTS_TOGETHER);
    add_product(plan, p, groups);
    groups += size;
    n_there++;
  }
  add_launch(plan, stage,
             (struct PlannedLaunch){.kernel = kernel.name,
                                    .groups = groups,
                                    .items = ITEMS,
                                    .numbers = {(int)first, (int)n_there}});
}

#define ADD_PRODUCTS(plan, stage, tile, products)                                                  \
  add_products(plan, stage, tile, products, sizeof(products) / sizeof *(products))

/* ---- sizes and places, by the names of engine/factored/factors.h ---- */

#define AT(name)        (layout->at[AT_##name])
#define OF(parameter)   (layout->at[AT_PARAMETERS] + layout->parameter_at[parameter])
#define D_OF(parameter) (layout->at[AT_D_PARAMETERS] + layout->parameter_at[parameter])

struct Sizes {
  size_t p, H, d, d_head, m, V, S, Q, width, mlp, logits; /* mlp, logits: padded */
};

static struct Sizes sizes_of(const struct Layout *layout)
{
  const struct Factors *t = &layout->sizes;
  return (struct Sizes){.p = (size_t)t->shape.p,
                        .H = (size_t)t->shape.H,
                        .d = (size_t)t->shape.d_model,
                        .d_head = (size_t)t->shape.d_head,
                        .m = (size_t)t->shape.d_mlp,
                        .V = (size_t)t->shape.V,
                        .S = t->n_sources,
                        .Q = t->n_queries,
                        .width = t->width,
                        .mlp = t->mlp_width,
                        .logits = t->logit_width};
}

/* ---- parameters to factors ---- */

static void plan_prepare(struct Plan *plan, const struct Layout *layout)
{
  const struct Sizes s = sizes_of(layout);
  add_kernel(plan, PLAN_PREPARE, "gather", s.S * s.d + s.Q * s.d + s.d * s.width);
  const struct Planned of_parameters[] = {
      {.M = s.Q, /* the logits of the base: r R + b_out W_U; all rows of the last A are b_out */
       .N = s.V,
       .sum = {terms(s.d, A_plain(AT(READ), s.d), B_plain(OF(W_U), s.V)),
               terms(s.d, A_plain(OF(B_OUT), 0), B_plain(OF(W_U), s.V))},
       .C = AT(BASE) + (Index)s.mlp,
       .C_row = s.width},
      {.M = s.Q, /* and its neurons */
       .N = s.m,
       .sum = {terms(s.d, A_plain(AT(READ), s.d), B_plain(OF(W_IN), s.m))},
       .C = AT(BASE),
       .C_row = s.width},
      {.M = s.m, /* W_L, transposed = W_out W_U */
       .N = s.V,
       .sum = {terms(s.d, A_plain(OF(W_OUT), s.d), B_plain(OF(W_U), s.V))},
       .C = AT(W_L_TRANSPOSED),
       .C_row = s.logits},
      {.M = s.H * s.d_head, /* W_O[h] R */
       .N = s.width,
       .sum = {terms(s.d, A_plain(OF(W_O), s.d), B_plain(AT(READER), s.width))},
       .C = AT(READERS_BY_HEAD),
       .C_row = s.width},
      {.batches = s.H, /* sources W_V[h] */
       .M = s.S,
       .N = s.d_head,
       .sum = {terms(s.d, A_plain(AT(SOURCES), s.d),
                     each(B_plain(OF(W_V), s.d_head), s.d * s.d_head))},
       .C = AT(VALUES),
       .C_row = s.d_head,
       .C_batch = s.S * s.d_head},
      {.batches = s.H, /* r W_Q[h] / sqrt(d_head) */
       .M = s.Q,
       .N = s.d_head,
       .sum = {terms(s.d, A_plain(AT(READ), s.d),
                     each(B_plain(OF(W_Q), s.d_head), s.d * s.d_head))},
       .C = AT(QUERY),
       .C_row = s.d_head,
       .C_batch = s.Q * s.d_head,
       .end = END_SCALE}};
  ADD_PRODUCTS(plan, PLAN_PREPARE, small, of_parameters);
  const struct Planned of_heads[] = {
      {.batches = s.H, /* source rows: values W_O[h] R */
       .M = s.S,
       .N = s.width,
       .sum = {terms(s.d_head, each(A_plain(AT(VALUES), s.d_head), s.S * s.d_head),
                     each(B_plain(AT(READERS_BY_HEAD), s.width), s.d_head * s.width))},
       .C = AT(SOURCE_ROWS),
       .C_row = s.H * s.width,
       .C_batch = s.width},
      {.batches = s.H, /* W_K[h] query_h */
       .M = s.d,
       .N = s.Q,
       .sum = {terms(s.d_head, each(A_plain(OF(W_K), s.d_head), s.d * s.d_head),
                     each(B_transposed(AT(QUERY), s.d_head), s.Q * s.d_head))},
       .C = AT(KEY_QUERY),
       .C_row = s.H * s.Q,
       .C_batch = s.Q}};
  ADD_PRODUCTS(plan, PLAN_PREPARE, small, of_heads);
  add_kernel(plan, PLAN_PREPARE, "place",
             s.S * s.H * s.Q + s.Q * s.width + s.p * s.H * s.width / 4);
}

/* ---- pairs ---- */

static struct PlannedLaunch plan_streams(bool train, size_t first, size_t count)
{
  return (struct PlannedLaunch){
      "streams", pieces(count, PAIRS_OF_STREAMS), ITEMS, {train, (int)first, (int)count}};
}

static struct PlannedLaunch plan_logits(bool train, size_t first, size_t count)
{
  return (struct PlannedLaunch){
      "logits", pieces(count, PAIRS_OF_LOGITS), ITEMS, {train, (int)first, (int)count}};
}

static struct PlannedLaunch plan_losses_of(size_t first, size_t count)
{
  return (struct PlannedLaunch){"losses", pieces(count, ITEMS), ITEMS, {0, (int)first, (int)count}};
}

static struct PlannedLaunch plan_sum_losses(const struct Layout *layout, bool train)
{
  return (struct PlannedLaunch){"sum_losses", pieces(layout->n_groups, ITEMS), ITEMS, {train}};
}

static void plan_losses(struct Plan *plan, const struct Layout *layout)
{
  add_launch(plan, PLAN_LOSSES, plan_losses_of(0, layout->n_train));
  add_launch(plan, PLAN_LOSSES, plan_sum_losses(layout, true));
}

/* As many test pairs at a time as there is room for. */
static void plan_test(struct Plan *plan, const struct Layout *layout)
{
  const size_t n = layout->n_test, most = layout->room;
  for (size_t first = 0, count; first < n; first += count) {
    count = n - first < most ? n - first : most;
    add_launch(plan, PLAN_TEST, plan_streams(false, first, count));
    add_launch(plan, PLAN_TEST, plan_logits(false, first, count));
    add_launch(plan, PLAN_TEST, plan_losses_of(first, count));
  }
  add_launch(plan, PLAN_TEST, plan_sum_losses(layout, false));
}

/* ---- backward ---- */

static void plan_pairs_backward(struct Plan *plan, const struct Layout *layout)
{
  const struct Sizes s = sizes_of(layout);
  const size_t n = layout->n_train, G = layout->n_groups;
  const bool folded = layout->sizes.folded, equals = s.Q == 1;
  const Index d_logits = AT(STREAMS) + (Index)s.mlp;
  const struct Planned products[] = {
      {.batches = G, /* a group's share of dW_L, tile after tile */
       .M = s.V,
       .N = s.m,
       .sum = {{.A = A_transposed(d_logits, s.width),
                .B = B_plain(AT(HIDDEN), s.mlp),
                .segments = layout->ints_at[INTS_GROUP_SEGMENTS],
                .segments_batch = 1}},
       .C = AT(GROUP_W_L),
       .C_row = s.mlp,
       .C_batch = s.V * s.mlp},
      {.M = n, /* gradients of the neurons' inputs: of the logits W_L */
       .N = s.m,
       .sum = {terms(s.V, A_plain(d_logits, s.width), B_transposed(AT(W_L_TRANSPOSED), s.logits))},
       .C = AT(STREAMS),
       .C_row = s.width,
       .end = layout->gelu ? END_SLOPE : END_GATE,
       .other = layout->gelu ? AT(SLOPES) : AT(HIDDEN),
       .other_row = s.mlp}};
  ADD_PRODUCTS(plan, PLAN_BACKWARD, large, products);
  const size_t constants = folded ? 0 : layout->sizes.n_constants * s.H * s.width;
  add_launch(
      plan, PLAN_BACKWARD,
      (struct PlannedLaunch){"attention", pieces(n, PAIRS_OF_ATTENTION), ITEMS, {0, 0, (int)n}});
  const size_t groups = pieces(G * constants, ITEMS) + (equals ? G * pieces(s.width, ITEMS) : 0) +
                        pieces(s.p * s.H * layout->sizes.n_positions, ITEMS) +
                        2 * s.p * pieces(s.width, ITEMS) + pieces(s.V * s.mlp, ITEMS);
  add_launch(plan, PLAN_BACKWARD, (struct PlannedLaunch){"factors_backward", groups, ITEMS, {0}});
  add_kernel(plan, PLAN_BACKWARD, "sums",
             s.H * s.width + s.width + s.S * s.H * s.Q + s.p * s.H * s.width / 4);
}

/* From the gradients of the factors to those of the parameters, as in factors_backward: each stage
   has all that the one before it allows. */

/* From the gradients of the source rows and of W_L. */
static void plan_of_rows(struct Plan *plan, const struct Layout *layout)
{
  const struct Sizes s = sizes_of(layout);
  const struct Planned of_rows[] = {
      {.batches = s.H, /* of the values, strip after strip */
       .M = s.S,
       .N = s.d_head,
       .sum = {{.A = each(A_plain(AT(D_SOURCE_ROWS), s.H * s.width), s.width),
                .B = each(B_transposed(AT(READERS_BY_HEAD), s.width), s.d_head * s.width),
                .segments = layout->ints_at[INTS_STRIP_SEGMENTS]}},
       .C = AT(D_VALUES),
       .C_row = s.d_head,
       .C_batch = s.S * s.d_head},
      {.batches = s.H, /* of W_O[h] R */
       .M = s.d_head,
       .N = s.width,
       .sum = {terms(s.S, each(A_transposed(AT(VALUES), s.d_head), s.S * s.d_head),
                     each(B_plain(AT(D_SOURCE_ROWS), s.H * s.width), s.width))},
       .C = AT(D_READERS_BY_HEAD),
       .C_row = s.width,
       .C_batch = s.d_head * s.width},
      {.M = s.m, /* of W_out */
       .N = s.d,
       .sum = {terms(s.V, A_transposed(AT(D_W_L), s.mlp), B_transposed(OF(W_U), s.V))},
       .C = D_OF(W_OUT),
       .C_row = s.d},
      {.M = s.d, /* of W_K[h] query_h, for all heads */
       .N = s.H * s.Q,
       .sum = {terms(s.S, A_transposed(AT(SOURCES), s.d), B_plain(AT(D_SOURCE_SCORES), s.H * s.Q))},
       .C = AT(D_KEY_QUERY),
       .C_row = s.H * s.Q},
      {.M = s.d, /* of b_out */
       .N = 1,
       .sum = {terms(s.V, A_plain(OF(W_U), s.V), B_transposed(AT(D_BASE_SUM) + (Index)s.mlp, s.V))},
       .C = D_OF(B_OUT),
       .C_row = 1}};
  ADD_PRODUCTS(plan, PLAN_BACKWARD, small, of_rows);
}

/* The share of the values in the gradient of sources, head after head; d_values: the place of the
   first source's in the first head. */
static struct PlannedSummand through_values(const struct Layout *layout, Index d_values)
{
  const struct Sizes s = sizes_of(layout);
  return (struct PlannedSummand){
      .A = through(A_plain(d_values, s.d_head), s.S * s.d_head, s.d_head),
      .B = through(B_transposed(OF(W_V), s.d_head), s.d * s.d_head, s.d_head),
      .segments = layout->ints_at[INTS_HEAD_SEGMENTS]};
}

/* What `rows` sources from `first` on get through their values, head after head, and through their
   scores. */
static struct Planned of_sources(const struct Layout *layout, size_t first, size_t rows)
{
  const struct Sizes s = sizes_of(layout);
  const Index values = AT(D_VALUES) + (Index)(first * s.d_head);
  const Index scores = AT(D_SOURCE_SCORES) + (Index)(first * s.H * s.Q);
  return (struct Planned){
      .M = rows,
      .N = s.d,
      .sum = {through_values(layout, values),
              terms(s.H * s.Q, A_plain(scores, s.H * s.Q), B_transposed(AT(KEY_QUERY), s.H * s.Q))},
      .C = AT(D_SOURCES) + (Index)(first * s.d),
      .C_row = s.d};
}

/* From those of the values and of W_O[h] R. */
static void plan_of_heads(struct Plan *plan, const struct Layout *layout)
{
  const struct Sizes s = sizes_of(layout);
  const bool equals = s.Q == 1;
  const size_t before = equals ? s.p + 2 : s.S; /* sources before "=" */
  const struct PlannedSummand of_base =
      terms(s.width, A_plain(AT(D_BASE), s.width), B_transposed(AT(READER), s.width));
  struct Planned of_read = {.M = s.Q, /* of what is read, through the base */
                            .N = s.d,
                            .sum = {of_base},
                            .C = AT(D_READ),
                            .C_row = s.d};
  if (equals) { /* it is one of the sources, too */
    of_read.sum[0] = through_values(layout, AT(D_VALUES) + (Index)(before * s.d_head));
    of_read.sum[1] = of_base;
  }
  const struct Planned of_heads[] = {
      of_read,
      {.M = s.d, /* of the reader, W_U here and W_in below: through heads, base, b_out and W_L */
       .N = s.V,
       .sum = {terms(s.H * s.d_head, A_transposed(OF(W_O), s.d),
                     B_plain(AT(D_READERS_BY_HEAD) + (Index)s.mlp, s.width)),
               terms(s.Q, A_transposed(AT(READ), s.d), B_plain(AT(D_BASE) + (Index)s.mlp, s.width)),
               terms(1, A_transposed(OF(B_OUT), s.d), B_plain(AT(D_BASE_SUM) + (Index)s.mlp, s.V)),
               terms(s.m, A_transposed(OF(W_OUT), s.d), B_transposed(AT(D_W_L), s.mlp))},
       .C = D_OF(W_U),
       .C_row = s.V},
      {.M = s.H * s.d_head, /* of W_O */
       .N = s.d,
       .sum = {terms(s.width, A_plain(AT(D_READERS_BY_HEAD), s.width),
                     B_transposed(AT(READER), s.width))},
       .C = D_OF(W_O),
       .C_row = s.d},
      {.M = s.d,
       .N = s.m,
       .sum = {terms(s.H * s.d_head, A_transposed(OF(W_O), s.d),
                     B_plain(AT(D_READERS_BY_HEAD), s.width)),
               terms(s.Q, A_transposed(AT(READ), s.d), B_plain(AT(D_BASE), s.width))},
       .C = D_OF(W_IN),
       .C_row = s.m},
      {.batches = s.H, /* of W_V[h] */
       .M = s.d,
       .N = s.d_head,
       .sum = {terms(s.S, A_transposed(AT(SOURCES), s.d),
                     each(B_plain(AT(D_VALUES), s.d_head), s.S * s.d_head))},
       .C = D_OF(W_V),
       .C_row = s.d_head,
       .C_batch = s.d * s.d_head},
      of_sources(layout, 0, before),
      of_sources(layout, before + equals, s.S - before - equals), /* registers */
      {.batches = s.H,                                            /* of r W_Q[h] */
       .M = s.Q,
       .N = s.d_head,
       .sum = {terms(s.d, each(A_transposed(AT(D_KEY_QUERY), s.H * s.Q), s.Q),
                     each(B_plain(OF(W_K), s.d_head), s.d * s.d_head))},
       .C = AT(D_QUERY),
       .C_row = s.d_head,
       .C_batch = s.Q * s.d_head,
       .end = END_SCALE},
      {.batches = s.H, /* of W_K[h] */
       .M = s.d,
       .N = s.d_head,
       .sum = {terms(s.Q, each(A_plain(AT(D_KEY_QUERY), s.H * s.Q), s.Q),
                     each(B_plain(AT(QUERY), s.d_head), s.Q * s.d_head))},
       .C = D_OF(W_K),
       .C_row = s.d_head,
       .C_batch = s.d * s.d_head}};
  ADD_PRODUCTS(plan, PLAN_BACKWARD, small, of_heads);
}

/* From those of r W_Q[h]. */
static void plan_of_queries(struct Plan *plan, const struct Layout *layout)
{
  const struct Sizes s = sizes_of(layout);
  const struct PlannedSummand through_queries = {
      .A = through(A_plain(AT(D_QUERY), s.d_head), s.Q * s.d_head, s.d_head),
      .B = through(B_transposed(OF(W_Q), s.d_head), s.d * s.d_head, s.d_head),
      .segments = layout->ints_at[INTS_HEAD_SEGMENTS]};
  struct Planned of_read = {.M = s.Q, /* of what is read, head after head */
                            .N = s.d,
                            .sum = {through_queries},
                            .C = AT(D_READ),
                            .C_row = s.d,
                            .add = true};
  if (s.Q == 1) { /* of "=" the scores' share is still to come, too */
    of_read.sum[0] = of_sources(layout, s.p + 2, 1).sum[1];
    of_read.sum[1] = through_queries;
  }
  const struct Planned of_queries[] = {
      of_read,
      {.batches = s.H, /* of W_Q[h] */
       .M = s.d,
       .N = s.d_head,
       .sum = {terms(s.Q, A_transposed(AT(READ), s.d),
                     each(B_plain(AT(D_QUERY), s.d_head), s.Q * s.d_head))},
       .C = D_OF(W_Q),
       .C_row = s.d_head,
       .C_batch = s.d * s.d_head}};
  ADD_PRODUCTS(plan, PLAN_BACKWARD, small, of_queries);
}

void plan_init(struct Plan *plan, const struct Layout *layout)
{
  *plan = (struct Plan){0};
  plan_prepare(plan, layout);
  add_launch(plan, PLAN_FORWARD, plan_streams(true, 0, layout->n_train));
  add_launch(plan, PLAN_FORWARD, plan_logits(true, 0, layout->n_train));
  plan_losses(plan, layout);
  plan_test(plan, layout);
  plan_pairs_backward(plan, layout);
  plan_of_rows(plan, layout);
  plan_of_heads(plan, layout);
  plan_of_queries(plan, layout);
  add_kernel(plan, PLAN_BACKWARD, "adamw", layout->n_parameters);
}
