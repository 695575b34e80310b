/* Streams and their gradients: every value must equal its defining chain bit for bit; and losses
   must be the same from the kernels of both widths. (Panels are tested in check_matrix.) */
#include "width.h"

#include "base/memory.h"
#include "engine/activations.h"
#include "engine/factored/tile.h"
#include "network/flush.h"
#include "network/random.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct Kernels *tested;

/* tokens; pairs of the rows, or of the row or column, under test; that row */
enum { P = 7, N = 5, A = 2 };

/* rows A to A + 2: three pairs, none, two; the same in two blocks a row */
static const size_t row_first[P + 1] = {0, 0, 0, 3, 3, N, N, N};
static const size_t block_first[2 * P + 1] = {0, 0, 0, 0, 0, 1, 3, 3, 3, 4, N, N, N, N, N};
static const int columns[N] = {6, 0, 3, 1, 5}, rows[N] = {2, 2, 2, 4, 4};
static const size_t pair_numbers[N] = {4, 0, 2, 1, 3};

/* Random arrays in the shapes of the kernels' arguments. With small weights (and base) some
   streams and factor gradients are below SMALLEST; with small gradients some weight gradients
   are. */
enum Small { SMALL_NOTHING, SMALL_WEIGHTS, SMALL_GRADIENTS, N_SMALL };

struct Case {
  struct Factors factors;
  size_t H, m, width;
  size_t entries;                               /* weights of a pair */
  float *weights, *hidden, *streams;            /* forward */
  float *gradients, *sum, *d_table, *d_weights; /* backward */
};

static void fill(float *values, const char *name, size_t count)
{
  for (size_t i = 0; i < count; i++)
    values[i] = (float)random_normal(5, name, i);
}

static float *draw(const char *name, size_t count)
{
  struct Error error;
  float *values = memory_new(count, sizeof *values, name, &error);
  ck_assert_msg(values != NULL, "%s", error.message);
  fill(values, name, count);
  return values;
}

static void scale(float *values, size_t count, float factor)
{
  for (size_t i = 0; i < count; i++)
    values[i] *= factor;
}

static void case_init(struct Case *c, const struct Shape *shape, bool folded, enum Small small)
{
  struct Error error;
  const struct ModelConfig config = {.attention = folded ? ATTENTION_SOFTMAX : ATTENTION_SOFTMAX1,
                                     .attention_rate = 1};
  struct Shape whole = *shape;
  whole.p = P;
  whole.d_model = 4;
  whole.d_head = 2;
  ck_assert_msg(factors_init(&c->factors, &whole, &config, &error), "%s", error.message);
  c->H = (size_t)shape->H;
  c->m = c->factors.mlp_width;
  c->entries = c->factors.n_positions * c->H;
  c->width = c->factors.width;
  fill(c->factors.T0, "T0", c->factors.n_sources * c->H * c->width);
  fill(c->factors.T1, "T1", P * c->H * c->width);
  fill(c->factors.T_constants, "constants", c->factors.n_constants * c->H * c->width);
  fill(c->factors.base, "base", c->factors.n_queries * c->width);
  c->weights = draw("weights", N * c->entries);
  c->hidden = draw("hidden", matrix_strips_size(N, c->m));
  c->streams = draw("streams", N * c->width);
  c->gradients = draw("gradients", N * c->width);
  c->sum = draw("sum", c->width);
  c->d_table = draw("d_table", P * c->H * c->width);
  c->d_weights = draw("d_weights", N * c->entries);
  const float weights = small == SMALL_WEIGHTS ? SMALLEST : 1.0f;
  scale(c->weights, N * c->entries, weights);
  scale(c->factors.base, c->factors.n_queries * c->width, weights);
  scale(c->gradients, N * c->width, small == SMALL_GRADIENTS ? SMALLEST : 1.0f);
}

static void case_release(struct Case *c)
{
  factors_release(&c->factors);
  float *const arrays[] = {c->weights, c->hidden,  c->streams,  c->gradients,
                           c->sum,     c->d_table, c->d_weights};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
    free(arrays[i]);
}

static void expect_same(float actual, float expected, const char *what, size_t i, size_t f)
{
  ck_assert_msg(memcmp(&actual, &expected, sizeof actual) == 0, "%s (%zu, %zu): %.9g, not %.9g",
                what, i, f, (double)actual, (double)expected);
}

/* The index of column f of head h of an entry in a factor in strips. */
static size_t place(const struct Case *c, size_t entries, size_t entry, size_t h, size_t f)
{
  size_t s = 0;
  struct FactorStrip strip = factor_strip(&c->factors, s);
  while (strip.begin + strip.columns <= f)
    strip = factor_strip(&c->factors, ++s);
  return strip.begin * entries * c->H + (entry * c->H + h) * strip.columns + f - strip.begin;
}

/* Column f of the stream of pair i. */
static float stream_at(const struct Case *c, size_t i, size_t f)
{
  const struct Factors *t = &c->factors;
  const float *weights = c->weights + i * c->entries;
  float sum = t->base[factor_query(t, (size_t)columns[i]) * t->width + f];
  for (size_t h = 0; h < c->H; h++)
    sum = fmaf(weights[h], t->T0[place(c, t->n_sources, (size_t)rows[i], h, f)], sum);
  for (size_t h = 0; h < c->H; h++)
    sum = fmaf(weights[c->H + h], t->T1[place(c, P, (size_t)columns[i], h, f)], sum);
  for (size_t k = 0; k < t->n_constants && !t->folded; k++)
    for (size_t h = 0; h < c->H; h++)
      sum =
          fmaf(weights[(2 + k) * c->H + h], t->T_constants[place(c, t->n_constants, k, h, f)], sum);
  return sum;
}

static void expect_forward(struct Case *c, bool rectified, size_t n_blocks)
{
  memset(c->hidden, 0, matrix_strips_size(N, c->m) * sizeof(float));
  memset(c->streams, 0, N * c->width * sizeof(float));
  const struct RowsOfPairs few = {.first_row = A,
                                  .end_row = A + 3,
                                  .n_blocks = n_blocks,
                                  .block_first = n_blocks == 1 ? row_first : block_first,
                                  .column = columns,
                                  .weights = c->weights,
                                  .rectified = rectified,
                                  .hidden = c->hidden,
                                  .streams = c->streams};
  tested->stream_forward(&c->factors, &few);
  for (size_t i = 0; i < N; i++)
    for (size_t f = 0; f < c->width; f++) {
      float expected = stream_at(c, i, f);
      expected = rectified && f < c->m && expected <= 0.0f ? 0.0f : flush(expected);
      expect_same(f < c->m ? *matrix_at(matrix_in_strips(c->hidden, N), i, f)
                           : c->streams[i * c->width + f],
                  expected, "stream", i, f);
    }
}

/* The inner product of a gradient and head h of an entry, in sixteen lanes, summed as in
   engine/factored/wide.h. */
static float inner_product(const struct Case *c, const float *gradient,
                           const struct StreamLine *line, size_t h)
{
  float lane[16] = {0};
  for (size_t f = 0; f < c->width; f++)
    lane[f % 16] =
        fmaf(gradient[f], line->factor[place(c, line->entries, line->entry, h, f)], lane[f % 16]);
  for (size_t half = 8; half >= 4; half /= 2)
    for (size_t i = 0; i < half; i++)
      lane[i] += lane[i + half];
  return flush((lane[0] + lane[2]) + (lane[1] + lane[3]));
}

/* The whole line, or first two of its pairs and then the others, with pair 1's gradients first. */
static void run_backward(struct Case *c, struct StreamLine line, bool in_two, bool accumulate,
                         float *d_table)
{
  float *d_weights = c->d_weights + c->H;
  if (in_two) {
    line.n = 2;
    line.goes_on = true;
    tested->stream_backward(&c->factors, &line, accumulate, d_table, d_weights);
    accumulate = true;
    line.pairs += line.n;
    line.n = N - line.n;
    line.goes_on = false;
    line.first = 1;
    line.gradients += c->width;
  }
  tested->stream_backward(&c->factors, &line, accumulate, d_table, d_weights);
}

static void expect_backward(struct Case *c, bool accumulate, bool summed, bool in_two)
{
  float *d_table = draw("d_table", P * c->H * c->width), *sum = draw("sum", c->width);
  size_t constants = accumulate ? c->factors.n_constants : 0;
  struct StreamLine line = {.pairs = pair_numbers,
                            .n = N,
                            .factor = constants > 0 ? c->factors.T_constants : c->factors.T1,
                            .entries = constants > 0 ? constants : P,
                            .entry = constants > 0 ? constants - 1 : A,
                            .weights = c->weights + c->H, /* of position 1 */
                            .gradients = c->gradients,
                            .sum = summed ? sum : NULL};
  run_backward(c, line, in_two, accumulate, d_table);
  for (size_t h = 0; h < c->H; h++)
    for (size_t f = 0; f < c->width; f++) {
      size_t at = place(c, line.entries, line.entry, h, f);
      float expected = accumulate ? c->d_table[at] : 0.0f;
      for (size_t i = 0; i < N; i++)
        expected = fmaf(line.weights[pair_numbers[i] * c->entries + h],
                        c->gradients[pair_numbers[i] * c->width + f], expected);
      expect_same(d_table[at], flush(expected), "d_table", h, f);
    }
  for (size_t entry = 0; entry < line.entries; entry++) /* the others are unchanged */
    for (size_t at = 0; at < c->H * c->width && entry != line.entry; at++) {
      size_t i = place(c, line.entries, entry, at / c->width, at % c->width);
      expect_same(d_table[i], c->d_table[i], "another entry", entry, at);
    }
  for (size_t f = 0; f < c->width; f++) {
    float expected = c->sum[f];
    for (size_t i = 0; summed && i < N; i++)
      expected += c->gradients[pair_numbers[i] * c->width + f];
    expect_same(sum[f], expected, "sum", 0, f);
  }
  for (size_t i = 0; i < N; i++)
    for (size_t h = 0; h < c->H; h++)
      expect_same(c->d_weights[i * c->entries + c->H + h],
                  inner_product(c, c->gradients + i * c->width, &line, h), "d_weights", i, h);
  free(d_table);
  free(sum);
}

/* The gradient of an entry in place of the entry. */
static void expect_backward_in_place(struct Case *c)
{
  size_t size = P * c->H * c->width;
  float *T1 = c->factors.T1, *d_table = draw("d_table", size), *d_weights = c->d_weights + c->H;
  memcpy(d_table, T1, size * sizeof *T1);
  const struct StreamLine line = {.pairs = pair_numbers,
                                  .n = N,
                                  .factor = T1,
                                  .entries = P,
                                  .entry = A,
                                  .weights = c->weights + c->H,
                                  .gradients = c->gradients};
  tested->stream_backward(&c->factors, &line, false, d_table, d_weights);
  float *expected = draw("d_weights", N * c->entries);
  memcpy(expected, c->d_weights, N * c->entries * sizeof *expected);
  memset(c->d_weights, 0, N * c->entries * sizeof *expected);
  tested->stream_backward(&c->factors, &line, false, T1, d_weights);
  for (size_t i = 0; i < size; i++)
    expect_same(T1[i], d_table[i], "in place", i, 0);
  for (size_t i = 0; i < N; i++)
    for (size_t h = 0; h < c->H; h++)
      expect_same(d_weights[i * c->entries + h], expected[i * c->entries + c->H + h], "d_weights",
                  i, h);
  free(d_table);
  free(expected);
}

/* one head, the block of four, less and more than it; rows of one Wide, and of more than a block;
   with registers, and without "=" */
static const struct Shape shapes[] = {
    {.n_positions = 3, .V = 7, .H = 1, .d_mlp = 5},
    {.n_positions = 3, .V = 8, .H = 3, .d_mlp = 33},
    {.n_positions = 3, .V = 114, .H = 4, .d_mlp = 512},
    {.n_positions = 3, .V = 8, .H = 9, .d_mlp = 100},
    {.n_positions = 3, .V = 8, .H = 4, .d_mlp = 70, .n_registers = 1},
    {.n_positions = 3, .V = 8, .H = 2, .d_mlp = 36, .n_registers = 3},
    {.n_positions = 2, .V = 7, .H = 4, .d_mlp = 130},
    {.n_positions = 2, .V = 7, .H = 5, .d_mlp = 31},
    {.n_positions = 2, .V = 7, .H = 4, .d_mlp = 65, .n_registers = 1},
};

START_TEST(streams_are_their_definitions)
{
  for (int variant = 0; variant < 16 * N_SMALL; variant++) {
    struct Case c;
    case_init(&c, &shapes[_i], variant & 1, (enum Small)(variant / 16));
    for (size_t n_blocks = 1; n_blocks <= 2; n_blocks++) {
      expect_forward(&c, false, n_blocks);
      expect_forward(&c, true, n_blocks);
    }
    expect_backward(&c, variant & 2, variant & 4, variant & 8);
    expect_backward_in_place(&c);
    case_release(&c);
  }
}
END_TEST

static const int lengths[] = {1, 5, 8, 15, 16, 17, 32, 113, 114, 128};

/* Rows of logits around vector edges: each answer once, close to the largest logit or (`far`)
   not, and with logits of -infinity. Losses must be the same alone, in a batch, and for both
   widths. */
static void expect_losses(int n, bool far, bool with_infinities)
{
  size_t pairs = (size_t)n, row = (size_t)n + 3;
  float *logits = draw("logits", pairs * row), *narrow = draw("gradients", pairs * row);
  int *answers = malloc(pairs * sizeof *answers);
  ck_assert(answers != NULL);
  double alone = 0, together = 0;
  size_t correct_alone = 0, correct_together = 0;
  memcpy(narrow, logits, pairs * row * sizeof *narrow);
  for (int y = 0; y < n; y++) {
    float *at = logits + (size_t)y * row;
    for (int i = 0; i < n; i++)
      at[i] = with_infinities && i % 7 == 3 && i != y ? -INFINITY : 20.0f * at[i];
    if (far) at[y] = 90.0f;
    answers[y] = y;
    const struct Logits one = {.pairs = 1, .at = at, .n = n, .answers = &y};
    kernels_256.loss_add(&one, &alone, &correct_alone);
  }
  struct Logits all = {.pairs = pairs,
                       .at = logits,
                       .row = row,
                       .n = n,
                       .answers = answers,
                       .gradients = narrow,
                       .scale = 0x1p44f};
  kernels_256.loss_add(&all, &together, &correct_together);
  ck_assert(alone == together);
  ck_assert_uint_eq(correct_alone, correct_together);
  ck_assert(!far || correct_together == pairs);
  for (size_t i = 0; i < pairs; i++) {
    float sum = 0;
    for (int j = 0; j < n; j++)
      sum += narrow[i * row + (size_t)j];
    ck_assert_float_eq_tol(sum, 0.0f, 1e-5f * 0x1p44f);
  }
  double loss = 0; /* with the gradients over the logits */
  size_t correct = 0;
  for (size_t i = 0; i < pairs; i++) /* what is behind a row stays */
    memcpy(narrow + i * row + n, logits + i * row + n, (row - (size_t)n) * sizeof *narrow);
  all.gradients = logits;
  tested->loss_add(&all, &loss, &correct);
  ck_assert(loss == together);
  ck_assert_uint_eq(correct, correct_together);
  ck_assert_mem_eq(logits, narrow, pairs * row * sizeof *logits);
  free(logits);
  free(narrow);
  free(answers);
}

START_TEST(losses_are_the_same_alone_and_together)
{
  for (int variant = 0; variant < 4; variant++)
    expect_losses(lengths[_i], variant & 1, variant & 2);
}
END_TEST

/* Logits enough for sparse products, but not a whole number of vectors. */
enum { SPARSE_P = 97 };

static void draw_network(struct Config *config, struct Parameters *parameters)
{
  struct Error error;
  config_init(config);
  config->data.modulus = SPARSE_P;
  config->model.d_mlp = 20;
  ck_assert(parameters_init(parameters, config, &error));
  parameters_initialise(parameters, 0);
}

/* A neuron that is 0 on all pairs, behind which W_L overflows: 0 times infinity. */
START_TEST(what_overflows_is_seen_even_where_neurons_are_0)
{
  struct Config config;
  struct Parameters parameters;
  struct Activations activations;
  struct Error error;
  draw_network(&config, &parameters);
  const struct Shape *shape = &parameters.shape;
  size_t d = (size_t)shape->d_model, V = (size_t)shape->V;
  parameters_at(&parameters, B_IN)[0] = -1e6f;
  for (size_t i = 0; i < d; i++)
    parameters_at(&parameters, W_OUT)[i] = 1e38f;
  for (size_t i = 0; i < d * V; i++)
    parameters_at(&parameters, W_U)[i] += 100;
  ck_assert(activations_init(&activations, shape, &config.model, 0, &error));
  activations_forward(&activations, &parameters);
  for (size_t pair = 0; pair < activations.n; pair++) {
    ck_assert_float_eq(activations.hidden[pair * 20], 0);
    for (size_t c = 0; c < V; c++)
      ck_assert_float_nan(activations.logits[pair * V + c]);
  }
  activations_release(&activations);
  parameters_release(&parameters);
}
END_TEST

/* Infinity times the 0 of W_L's padding. */
START_TEST(an_infinite_neuron_leaves_the_padding_as_it_is)
{
  enum { PAIRS = 3 };
  struct Config config;
  struct Parameters parameters;
  struct Factors factors;
  struct TileScratch scratch;
  struct Error error;
  draw_network(&config, &parameters);
  ck_assert(factors_init(&factors, &parameters.shape, &config.model, &error));
  factors_forward(&factors, &parameters);
  ck_assert(tile_scratch_init(&scratch, &factors, PAIRS, &error));
  const struct Tile tile = {.n = PAIRS, .streams = scratch.streams, .hidden = scratch.hidden};
  for (size_t i = 0; i < matrix_strips_size(PAIRS, factors.mlp_width); i++)
    tile.hidden[i] = INFINITY;
  for (size_t i = 0; i < PAIRS * factors.width; i++)
    tile.streams[i] = -INFINITY;
  tile_mlp(&factors, config.model.activation, &scratch, &tile);
  size_t V = (size_t)parameters.shape.V;
  for (size_t i = 0; i < PAIRS; i++)
    for (size_t f = factors.mlp_width + V; f < factors.width; f++)
      ck_assert_float_eq(tile.streams[i * factors.width + f], -INFINITY);
  tile_scratch_release(&scratch);
  factors_release(&factors);
  parameters_release(&parameters);
}
END_TEST

int main(int argc, char **argv)
{
  tested = kernels_to_test(argc, argv);
  Suite *suite = suite_create("kernels");
  TCase *tests = tcase_create(tested->description);
  tcase_set_timeout(tests, 60);
  int n = (int)(sizeof shapes / sizeof *shapes);
  tcase_add_loop_test(tests, streams_are_their_definitions, 0, n);
  tcase_add_loop_test(tests, losses_are_the_same_alone_and_together, 0,
                      (int)(sizeof lengths / sizeof *lengths));
  tcase_add_test(tests, what_overflows_is_seen_even_where_neurons_are_0);
  tcase_add_test(tests, an_infinite_neuron_leaves_the_padding_as_it_is);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
