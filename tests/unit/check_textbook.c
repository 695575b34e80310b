/* The textbook network, at any depth, held against finite differences in double precision. */
#define REAL_BITS 64
#include "network/textbook.h"

#include "example.h"
#include "network/random.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The gradient of the loss over all training pairs, of the examples' networks. */
START_TEST(gradient_agrees_with_finite_differences)
{
  struct Example e;
  example_init(&e, _i);
  example_loss(&e, true, e.expected);
  const double h = 1e-5;
  for (int which = 0; which < e.parameters.n; which++) {
    const struct ParameterInfo *info = &e.parameters.info[which];
    bool frozen = !e.config.model.biases && (info->kind == B_IN || info->kind == B_OUT);
    for (size_t k = 0; k < 5; k++) {
      size_t i = info->offset + (k * 7919 + 3) % info->count;
      double kept = e.values[i];
      e.values[i] = kept + h;
      double above = example_loss(&e, true, NULL);
      e.values[i] = kept - h;
      double below = example_loss(&e, true, NULL), slope = (above - below) / (2 * h);
      e.values[i] = kept;
      if (frozen) slope = 0;
      ck_assert_msg(fabs(slope - e.expected[i]) <= 1e-7,
                    "case %d: %s[%zu]: gradient %g, difference quotient %g", _i, info->name,
                    i - info->offset, e.expected[i], slope);
    }
  }
  example_release(&e);
}
END_TEST

/* ---- other shapes: layers, positions, answers at several positions ---- */

static const struct {
  struct Shape shape;
  size_t n_read, n;
  struct ModelConfig model;
} deep[] = {
    {{.p = 6,
      .V_in = 7,
      .V = 7,
      .n_positions = 3,
      .n_layers = 2,
      .H = 2,
      .d_model = 9,
      .d_head = 4,
      .d_mlp = 11},
     1,
     3,
     {.attention = ATTENTION_SOFTMAX, .biases = true}},
    {{.p = 5,
      .V_in = 8,
      .V = 4,
      .n_positions = 7,
      .n_layers = 1,
      .H = 3,
      .d_model = 8,
      .d_head = 5,
      .d_mlp = 10},
     7,
     2,
     {.attention = ATTENTION_SOFTMAX1, .activation = ACTIVATION_GELU}},
    {{.p = 5,
      .V_in = 8,
      .V = 6,
      .n_positions = 5,
      .n_layers = 3,
      .H = 1,
      .d_model = 6,
      .d_head = 9,
      .d_mlp = 7},
     3,
     4,
     {.attention = ATTENTION_SOFTMAX1_UNNORMALISED, .biases = true}},
    {{.p = 5,
      .V_in = 8,
      .V = 6,
      .n_positions = 1,
      .n_layers = 2,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 7},
     1,
     5,
     {.attention = ATTENTION_UNIFORM, .biases = true}},
};
enum { N_DEEP = sizeof deep / sizeof *deep, MOST = 64 };

/* The sum of the losses of the sequences of a case. */
static double loss_of(struct Textbook *network, const double *values, const int *tokens,
                      const int *answers, size_t n, double *gradient)
{
  double loss = 0;
  size_t correct = 0;
  textbook_forward(network, values, tokens, n);
  textbook_losses(network, answers, n, 1, &loss, &correct);
  if (gradient) textbook_backward(network, values, tokens, n, gradient);
  return loss;
}

START_TEST(any_depth_agrees_with_finite_differences)
{
  struct Textbook network;
  struct Error error = {0};
  const struct Shape *shape = &deep[_i].shape;
  size_t n = deep[_i].n;
  ck_assert(textbook_init(&network, shape, &deep[_i].model, n + 1, deep[_i].n_read, &error));
  int tokens[MOST], answers[MOST];
  for (size_t i = 0; i < n * (size_t)shape->n_positions; i++)
    tokens[i] = (int)(random_uniform(_i, "tokens", i) * shape->V_in);
  for (size_t i = 0; i < n * deep[_i].n_read; i++)
    answers[i] = (int)(random_uniform(_i, "answers", i) * shape->V);
  size_t total = network.list.total;
  double *values = calloc(2 * total, sizeof *values), *gradient = values + total;
  ck_assert_ptr_nonnull(values);
  for (size_t i = 0; i < total; i++)
    values[i] = 0.5 * random_normal(_i, "values", i);
  loss_of(&network, values, tokens, answers, n, gradient);
  const double h = 1e-5;
  for (int which = 0; which < network.list.n; which++) {
    const struct ParameterInfo *info = &network.list.info[which];
    bool frozen = !deep[_i].model.biases && (info->kind == B_IN || info->kind == B_OUT);
    for (size_t k = 0; k < 9 && !frozen; k++) {
      size_t i = info->offset + (k * 7919 + 5) % info->count;
      double kept = values[i];
      values[i] = kept + h;
      double above = loss_of(&network, values, tokens, answers, n, NULL);
      values[i] = kept - h;
      double below = loss_of(&network, values, tokens, answers, n, NULL);
      values[i] = kept;
      double slope = (above - below) / (2 * h);
      ck_assert_msg(fabs(slope - gradient[i]) <= 1e-6 * (1 + fabs(slope)),
                    "case %d: %s[%zu]: gradient %.9g, difference quotient %.9g", _i, info->name,
                    i - info->offset, gradient[i], slope);
    }
  }
  free(values);
  textbook_release(&network);
}
END_TEST

/* What is not read is not computed, and what is computed does not depend on how much is read. */
START_TEST(reading_more_positions_changes_no_logit)
{
  struct Shape shape = deep[1].shape;
  struct Error error = {0};
  struct Textbook all, last;
  ck_assert(textbook_init(&all, &shape, &deep[1].model, 2, 7, &error));
  ck_assert(textbook_init(&last, &shape, &deep[1].model, 2, 1, &error));
  int tokens[14];
  for (int i = 0; i < 14; i++)
    tokens[i] = i * i % shape.V_in;
  double *values = calloc(all.list.total, sizeof *values);
  ck_assert_ptr_nonnull(values);
  for (size_t i = 0; i < all.list.total; i++)
    values[i] = 0.5 * random_normal(1, "values", i);
  textbook_forward(&all, values, tokens, 2);
  textbook_forward(&last, values, tokens, 2);
  for (int b = 0; b < 2; b++)
    for (int c = 0; c < shape.V; c++)
      ck_assert_double_eq_tol(all.logits[(b * 7 + 6) * shape.V + c], last.logits[b * shape.V + c],
                              1e-12);
  free(values);
  textbook_release(&last);
  textbook_release(&all);
}
END_TEST

/* No position sees a later one. */
START_TEST(attention_is_causal)
{
  struct Textbook network;
  struct Error error = {0};
  const struct Shape *shape = &deep[1].shape;
  ck_assert(textbook_init(&network, shape, &deep[1].model, 1, 7, &error));
  double *values = calloc(network.list.total, sizeof *values), before[7 * 4];
  ck_assert_ptr_nonnull(values);
  for (size_t i = 0; i < network.list.total; i++)
    values[i] = random_normal(2, "values", i);
  int tokens[7] = {0, 1, 2, 3, 4, 5, 6};
  textbook_forward(&network, values, tokens, 1);
  memcpy(before, network.logits, sizeof before);
  tokens[4] = 0;
  textbook_forward(&network, values, tokens, 1);
  ck_assert_mem_eq(before, network.logits, 4 * 4 * sizeof *before);
  for (int i = 4; i < 7; i++)
    ck_assert(memcmp(before + i * 4, network.logits + i * 4, 4 * sizeof *before) != 0);
  free(values);
  textbook_release(&network);
}
END_TEST

/* ---- the loss ---- */

START_TEST(losses_keep_their_digits)
{
  struct Shape shape = deep[1].shape;
  struct Textbook network;
  struct Error error = {0};
  ck_assert(textbook_init(&network, &shape, &deep[1].model, 1, 1, &error));
  const double distances[] = {0, 1, 30, 60, -3, -700};
  for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
    const double D = distances[i];
    const int answer = 2;
    for (int c = 0; c < shape.V; c++)
      network.logits[c] = 5 + (c == answer ? D : 0);
    double loss = 0, wrong = 3 * exp(-D) / (1 + 3 * exp(-D));
    size_t correct = 0;
    if (D < -100) wrong = 1;
    textbook_losses(&network, &answer, 1, 2, &loss, &correct);
    double expected = D < -100 ? -D + log(3) : log1p(3 * exp(-D));
    ck_assert_double_eq_tol(loss, expected, 1e-14 * expected);
    ck_assert_uint_eq(correct, D > 0);
    ck_assert_double_eq_tol(network.d_logits[answer], -2 * wrong, 1e-14 * wrong);
    ck_assert_double_eq_tol(network.d_logits[0], 2 * wrong / 3, 1e-14 * wrong);
  }
  textbook_release(&network);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("textbook");
  TCase *tests = tcase_create("textbook");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, gradient_agrees_with_finite_differences, 0, N_EXAMPLES - 1);
  tcase_add_loop_test(tests, any_depth_agrees_with_finite_differences, 0, N_DEEP);
  tcase_add_test(tests, reading_more_positions_changes_no_logit);
  tcase_add_test(tests, attention_is_causal);
  tcase_add_test(tests, losses_keep_their_digits);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
