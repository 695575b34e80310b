/* Streams and their gradients: every value must be the chain of its definition, to the bit, from
   the kernels of both widths; and their losses must be the same. (check_product has the panels.) */
#include "base/memory.h"
#include "model/kernels.h"
#include "model/random.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { P = 7, N = 5, A = 2 }; /* tokens; pairs of the row or column looked at; the row */

static const int columns[N] = {6, 0, 3, 1, 5};
static const size_t pair_numbers[N] = {4, 0, 2, 1, 3};

/* Random arrays of the shapes that the kernels' arguments have. */
struct Case {
  struct Tables tables;
  size_t H, m, width;
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

static void case_init(struct Case *c, const struct Shape *shape, bool folded)
{
  struct Error error;
  enum Attention attention = folded ? ATTENTION_SOFTMAX : ATTENTION_SOFTMAX1;
  ck_assert_msg(tables_init(&c->tables, shape, attention, &error), "%s", error.message);
  c->H = (size_t)shape->H;
  c->m = c->tables.mlp_width;
  c->width = c->tables.width;
  fill(c->tables.T0, "T0", P * c->H * c->width);
  fill(c->tables.T1, "T1", P * c->H * c->width);
  fill(c->tables.T2, "T2", c->H * c->width);
  fill(c->tables.base, "base", c->width);
  c->weights = draw("weights", N * 3 * c->H);
  c->hidden = draw("hidden", N * c->m);
  c->streams = draw("streams", N * c->width);
  c->gradients = draw("gradients", N * c->width);
  c->sum = draw("sum", c->width);
  c->d_table = draw("d_table", c->H * c->width);
  c->d_weights = draw("d_weights", N * 3 * c->H);
}

static void case_release(struct Case *c)
{
  tables_release(&c->tables);
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

/* Column f of the stream of pair i. */
static float stream_at(const struct Case *c, size_t i, size_t f)
{
  const struct Tables *t = &c->tables;
  const float *weights = c->weights + i * 3 * c->H;
  float sum = t->base[f];
  for (size_t h = 0; h < c->H; h++)
    sum = fmaf(weights[h], t->T0[(A * c->H + h) * c->width + f], sum);
  for (size_t h = 0; h < c->H; h++)
    sum = fmaf(weights[c->H + h], t->T1[((size_t)columns[i] * c->H + h) * c->width + f], sum);
  for (size_t h = 0; h < c->H && !t->folded; h++)
    sum = fmaf(weights[2 * c->H + h], t->T2[h * c->width + f], sum);
  return sum;
}

static void expect_forward(const struct Kernels *run, struct Case *c, bool rectified)
{
  const struct RowOfPairs row = {.a = A,
                                 .columns = columns,
                                 .n = N,
                                 .weights = c->weights,
                                 .rectified = rectified,
                                 .hidden = c->hidden,
                                 .streams = c->streams};
  run->stream_forward(&c->tables, &row);
  for (size_t i = 0; i < N; i++)
    for (size_t f = 0; f < c->width; f++) {
      float expected = stream_at(c, i, f);
      if (rectified && f < c->m && expected <= 0.0f) expected = 0.0f;
      expect_same(f < c->m ? c->hidden[i * c->m + f] : c->streams[i * c->width + f], expected,
                  "stream", i, f);
    }
}

/* An inner product in sixteen lanes, which are added as model/wide.h says. */
static float inner_product(const float *x, const float *y, size_t n)
{
  float lane[16] = {0};
  for (size_t f = 0; f < n; f++)
    lane[f % 16] = fmaf(x[f], y[f], lane[f % 16]);
  for (size_t half = 8; half >= 4; half /= 2)
    for (size_t i = 0; i < half; i++)
      lane[i] += lane[i + half];
  return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

static void expect_backward(const struct Kernels *run, struct Case *c, bool accumulate, bool summed)
{
  const float *table = c->tables.T0 + A * c->H * c->width;
  float *d_table = draw("d_table", c->H * c->width), *sum = draw("sum", c->width);
  struct Line line = {.pairs = pair_numbers,
                      .n = N,
                      .table = table,
                      .weights = c->weights + c->H, /* of position 1 */
                      .gradients = c->gradients,
                      .sum = summed ? sum : NULL};
  run->stream_backward(&c->tables, &line, accumulate, d_table, c->d_weights + c->H);
  for (size_t h = 0; h < c->H; h++)
    for (size_t f = 0; f < c->width; f++) {
      float expected = accumulate ? c->d_table[h * c->width + f] : 0.0f;
      for (size_t i = 0; i < N; i++)
        expected = fmaf(line.weights[pair_numbers[i] * 3 * c->H + h],
                        c->gradients[pair_numbers[i] * c->width + f], expected);
      expect_same(d_table[h * c->width + f], expected, "d_table", h, f);
    }
  for (size_t f = 0; f < c->width; f++) {
    float expected = c->sum[f];
    for (size_t i = 0; summed && i < N; i++)
      expected += c->gradients[pair_numbers[i] * c->width + f];
    expect_same(sum[f], expected, "sum", 0, f);
  }
  for (size_t i = 0; i < N; i++)
    for (size_t h = 0; h < c->H; h++)
      expect_same(c->d_weights[(i * 3 + 1) * c->H + h],
                  inner_product(c->gradients + i * c->width, table + h * c->width, c->width),
                  "d_weights", i, h);
  free(d_table);
  free(sum);
}

/* one head, the block of four, less and more than it; rows of one Wide, and of more than a block */
static const struct Shape shapes[] = {
    {.p = P, .V = 7, .V_in = 8, .H = 1, .d_model = 4, .d_head = 2, .d_mlp = 5},
    {.p = P, .V = 8, .V_in = 8, .H = 3, .d_model = 4, .d_head = 2, .d_mlp = 33},
    {.p = P, .V = 114, .V_in = 8, .H = 4, .d_model = 4, .d_head = 2, .d_mlp = 512},
    {.p = P, .V = 8, .V_in = 8, .H = 9, .d_model = 4, .d_head = 2, .d_mlp = 100},
};

static void expect_definitions(const struct Kernels *run, const struct Shape *shape)
{
  for (int variant = 0; variant < 8; variant++) {
    struct Case c;
    case_init(&c, shape, variant & 1);
    expect_forward(run, &c, false);
    expect_forward(run, &c, true);
    expect_backward(run, &c, variant & 2, variant & 4);
    case_release(&c);
  }
}

START_TEST(streams_are_their_definitions)
{
  expect_definitions(&kernels_256, &shapes[_i]);
}
END_TEST

/* Where the processor lacks the wide vectors, the test above is all there is to see. */
START_TEST(wide_vectors_change_no_bit)
{
#ifdef WIDE_VECTORS
  if (kernels_have_wide_vectors()) expect_definitions(&kernels_512, &shapes[_i]);
#endif
}
END_TEST

static const int lengths[] = {1, 5, 8, 15, 16, 17, 32, 113, 114, 128};

/* Rows of logits around the edges of vectors, with the answer within reach and far from it, and
   with logits that take no part. */
START_TEST(wide_vectors_change_no_loss)
{
#ifdef WIDE_VECTORS
  int n = lengths[_i];
  for (int answer = 0; kernels_have_wide_vectors() && answer < n; answer++)
    for (int variant = 0; variant < 4; variant++) {
      float *narrow = draw("logits", (size_t)n), *wide = draw("logits", (size_t)n);
      for (int i = 0; i < n; i++)
        narrow[i] = variant & 2 && i % 7 == 3 && i != answer ? -INFINITY : 20.0f * narrow[i];
      if (variant & 1) narrow[answer] = 90.0f;
      memcpy(wide, narrow, (size_t)n * sizeof *wide);
      bool correct[2];
      double loss = kernels_256.loss(narrow, n, answer, &correct[0]);
      ck_assert(loss == kernels_512.loss(wide, n, answer, &correct[1]));
      ck_assert_int_eq(correct[0], correct[1]);
      ck_assert(loss == kernels_256.loss_gradient(narrow, n, answer, 0.1f, &correct[0]));
      ck_assert(loss == kernels_512.loss_gradient(wide, n, answer, 0.1f, &correct[1]));
      ck_assert_int_eq(correct[0], correct[1]);
      for (int i = 0; i < n; i++)
        expect_same(wide[i], narrow[i], "gradient of a logit", (size_t)answer, (size_t)i);
      free(narrow);
      free(wide);
    }
#endif
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("kernels");
  TCase *tests = tcase_create("widths");
  int n = (int)(sizeof shapes / sizeof *shapes);
  tcase_add_loop_test(tests, streams_are_their_definitions, 0, n);
  tcase_add_loop_test(tests, wide_vectors_change_no_bit, 0, n);
  tcase_add_loop_test(tests, wide_vectors_change_no_loss, 0,
                      (int)(sizeof lengths / sizeof *lengths));
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
