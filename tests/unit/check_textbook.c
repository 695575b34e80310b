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

/* ---- other shapes and settings ---- */

/* A network, and the sequences that it is tried with. */
struct Case {
  struct Shape shape;
  struct ModelConfig model;
  enum Loss loss;
  size_t n;
};

/* Each setting away from its default, and some together. */
static const struct Case cases[] = {
    {{.V_in = 7,
      .V = 7,
      .n_positions = 3,
      .n_read = 1,
      .n_layers = 2,
      .H = 2,
      .d_model = 9,
      .d_head = 4,
      .d_mlp = 11},
     {.biases = true, .attention_rate = 1},
     LOSS_EXACT,
     3},
    {{.V_in = 8,
      .V = 4,
      .n_positions = 7,
      .n_read = 7,
      .n_layers = 1,
      .H = 3,
      .d_model = 8,
      .d_head = 5,
      .d_mlp = 10},
     {.attention = ATTENTION_SOFTMAX1, .activation = ACTIVATION_GELU, .attention_rate = 1},
     LOSS_EXACT,
     2},
    {{.V_in = 8,
      .V = 6,
      .n_positions = 5,
      .n_read = 3,
      .n_layers = 3,
      .H = 1,
      .d_model = 6,
      .d_head = 9,
      .d_mlp = 7},
     {.attention = ATTENTION_SOFTMAX1_UNNORMALISED, .biases = true, .attention_rate = 1},
     LOSS_EXACT,
     4},
    {{.V_in = 8,
      .V = 6,
      .n_positions = 1,
      .n_read = 1,
      .n_layers = 2,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 7},
     {.attention = ATTENTION_UNIFORM, .biases = true, .attention_rate = 1},
     LOSS_EXACT,
     5},
    {{.V_in = 7,
      .V = 5,
      .n_positions = 4,
      .n_read = 2,
      .n_layers = 2,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 7,
      .layer_norm = LAYER_NORM_PRE},
     {.biases = true, .attention_rate = 1},
     LOSS_EXACT,
     3},
    {{.V_in = 7,
      .V = 5,
      .n_positions = 4,
      .n_read = 2,
      .n_layers = 2,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 7,
      .layer_norm = LAYER_NORM_POST},
     {.biases = true, .attention_rate = 1},
     LOSS_EXACT,
     3},
    {{.V_in = 7,
      .V = 7,
      .n_positions = 4,
      .n_read = 1,
      .n_layers = 2,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 7,
      .tied = true,
      .positions = POSITIONS_SINUSOIDAL},
     {.biases = true, .attention_rate = 1},
     LOSS_EXACT,
     3},
    {{.V_in = 7,
      .V = 5,
      .n_positions = 4,
      .n_read = 2,
      .n_layers = 2,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 7,
      .n_registers = 2,
      .positions = POSITIONS_NONE},
     {.biases = true, .attention_rate = 1},
     LOSS_EXACT,
     3},
    {{.V_in = 7,
      .V = 5,
      .n_positions = 4,
      .n_read = 4,
      .n_layers = 2,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 0},
     {.attention_rate = 0.3},
     LOSS_EXACT,
     3},
    {{.V_in = 7,
      .V = 5,
      .n_positions = 4,
      .n_read = 2,
      .n_layers = 2,
      .H = 0,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 9},
     {.biases = true, .attention_rate = 1},
     LOSS_EXACT,
     3},
    {{.V_in = 7,
      .V = 5,
      .n_positions = 4,
      .n_read = 2,
      .n_layers = 2,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 9},
     {.biases = true, .attention_rate = 1, .dropout = 0.3},
     LOSS_EXACT,
     3},
    {{.V_in = 7,
      .V = 5,
      .n_positions = 4,
      .n_read = 2,
      .n_layers = 2,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 9,
      .layer_norm = LAYER_NORM_PRE,
      .n_registers = 1},
     {.biases = true, .attention_rate = 0.6, .dropout = 0.2, .attention = ATTENTION_SOFTMAX1},
     LOSS_STABLEMAX,
     3},
    {{.V_in = 7,
      .V = 5,
      .n_positions = 3,
      .n_read = 1,
      .n_layers = 1,
      .H = 2,
      .d_model = 6,
      .d_head = 3,
      .d_mlp = 9,
      .layer_norm = LAYER_NORM_POST},
     {.attention_rate = 0},
     LOSS_STABLEMAX,
     3},
};
enum { N_SETTINGS = sizeof cases / sizeof *cases, N_DRAWN = 60 };

static int draw(uint64_t *index, int seed, int n)
{
  return (int)(random_uniform(seed, "case", (*index)++) * n);
}

/* Any combination of settings, drawn at random; the first ones are those of the table. */
static struct Case case_of(int which)
{
  if (which < N_SETTINGS) return cases[which];
  uint64_t i = 0;
  static const double rates[] = {1, 1, 0.4}, dropouts[] = {0, 0, 0.25};
  struct Case c = {.n = 1 + (size_t)draw(&i, which, 4)};
  struct Shape *s = &c.shape;
  *s = (struct Shape){.V_in = 3 + draw(&i, which, 6), .n_positions = 1 + draw(&i, which, 6)};
  s->n_read = 1 + draw(&i, which, s->n_positions);
  s->n_layers = 1 + draw(&i, which, 3);
  s->d_model = 2 + draw(&i, which, 8);
  s->d_head = 1 + draw(&i, which, 6);
  s->H = draw(&i, which, 4);
  s->d_mlp = draw(&i, which, 3) == 0 && s->H > 0 ? 0 : 1 + draw(&i, which, 12);
  s->tied = draw(&i, which, 2);
  s->V = s->tied ? s->V_in : 2 + draw(&i, which, 6);
  s->n_registers = s->H > 0 ? draw(&i, which, 3) : 0;
  s->layer_norm = (enum LayerNorm)draw(&i, which, 3);
  s->positions = (enum Positions)draw(&i, which, 3);
  c.model = (struct ModelConfig){.attention = (enum Attention)draw(&i, which, 4),
                                 .activation = ACTIVATION_GELU, /* which has no kinks */
                                 .biases = draw(&i, which, 2),
                                 .attention_rate = rates[draw(&i, which, 3)],
                                 .dropout = dropouts[draw(&i, which, 3)]};
  c.loss = draw(&i, which, 2) ? LOSS_EXACT : LOSS_STABLEMAX;
  return c;
}

enum { MOST = 64 };

/* A case with its network, tokens, answers and values. */
struct Trial {
  struct Case c;
  struct Textbook network;
  int tokens[MOST], answers[MOST];
  double *values, *gradient; /* [total] each */
};

static void trial_init(struct Trial *trial, int which)
{
  struct Error error = {0};
  struct Textbook *network = &trial->network;
  trial->c = case_of(which);
  const struct Shape *shape = &trial->c.shape;
  ck_assert_msg(textbook_init(network, shape, &trial->c.model, trial->c.n + 1, &error), "%s",
                error.message);
  network->loss = trial->c.loss;
  network->training = true;
  network->seed = which;
  network->step = 5;
  network->first = 2;
  for (size_t i = 0; i < trial->c.n * (size_t)shape->n_positions; i++)
    trial->tokens[i] = (int)(random_uniform(which, "tokens", i) * shape->V_in);
  for (size_t i = 0; i < trial->c.n * (size_t)shape->n_read; i++) /* one in five does not count */
    trial->answers[i] = i % 5 == 4 ? -1 : (int)(random_uniform(which, "answers", i) * shape->V);
  size_t total = network->list.total;
  trial->values = calloc(2 * total, sizeof *trial->values);
  ck_assert_ptr_nonnull(trial->values);
  trial->gradient = trial->values + total;
  for (size_t i = 0; i < total; i++)
    trial->values[i] = 0.5 * random_normal(which, "values", i);
}

static void trial_release(struct Trial *trial)
{
  free(trial->values);
  textbook_release(&trial->network);
}

/* The sum of the losses of the sequences of a trial. */
static double trial_loss(struct Trial *trial, double *gradient)
{
  double loss = 0;
  size_t correct = 0;
  textbook_forward(&trial->network, trial->values, trial->tokens, trial->c.n);
  textbook_losses(&trial->network, trial->answers, trial->c.n, 1, &loss, &correct, NULL);
  if (gradient)
    textbook_backward(&trial->network, trial->values, trial->tokens, trial->c.n, gradient);
  return loss;
}

static double loss_at(struct Trial *trial, size_t i, double offset)
{
  const double kept = trial->values[i];
  trial->values[i] = kept + offset;
  double loss = trial_loss(trial, NULL);
  trial->values[i] = kept;
  return loss;
}

/* The slope along element i, of fourth order. */
static double slope_of(struct Trial *trial, size_t i)
{
  const double h = 1e-4;
  double near = loss_at(trial, i, h) - loss_at(trial, i, -h);
  double far = loss_at(trial, i, 2 * h) - loss_at(trial, i, -2 * h);
  return (8 * near - far) / (12 * h);
}

/* Of each parameter the relative error over the elements looked at. */
START_TEST(any_network_agrees_with_finite_differences)
{
  struct Trial trial;
  trial_init(&trial, _i);
  trial_loss(&trial, trial.gradient);
  for (int which = 0; which < trial.network.list.n; which++) {
    const struct ParameterInfo *info = &trial.network.list.info[which];
    bool frozen = !trial.c.model.biases && (info->kind == B_IN || info->kind == B_OUT);
    double error = 0, size = 0;
    for (size_t k = 0; k < 9 && !frozen; k++) {
      size_t i = info->offset + (k * 7919 + 5) % info->count;
      double slope = slope_of(&trial, i);
      error += pow(slope - trial.gradient[i], 2);
      size += pow(slope, 2);
    }
    ck_assert_msg(sqrt(error) <= 1e-6 * sqrt(size) + 1e-10,
                  "case %d: the gradient of %s is off by %g of %g", _i, info->name, sqrt(error),
                  sqrt(size));
  }
  trial_release(&trial);
}
END_TEST

/* A batch is its sequences one by one, whatever the slices: dropout's masks too. */
START_TEST(a_batch_is_its_sequences)
{
  struct Trial trial;
  trial_init(&trial, _i);
  size_t N = (size_t)trial.c.shape.n_positions, R = (size_t)trial.c.shape.n_read, correct = 0;
  double together = trial_loss(&trial, NULL), apart = 0;
  for (size_t b = 0; b < trial.c.n; b++) {
    trial.network.first = 2 + b;
    textbook_forward(&trial.network, trial.values, trial.tokens + b * N, 1);
    textbook_losses(&trial.network, trial.answers + b * R, 1, 1, &apart, &correct, NULL);
  }
  ck_assert_double_eq_tol(together, apart, 1e-12 * (1 + fabs(together)));
  trial_release(&trial);
}
END_TEST

/* What is not read is not computed, and what is computed does not depend on how much is read. */
START_TEST(reading_more_positions_changes_no_logit)
{
  struct Trial all, last;
  trial_init(&all, 1);
  trial_init(&last, 1);
  struct Shape shape = last.c.shape;
  struct Error error = {0};
  textbook_release(&last.network);
  shape.n_read = 1;
  ck_assert(textbook_init(&last.network, &shape, &last.c.model, 2, &error));
  textbook_forward(&all.network, all.values, all.tokens, 2);
  textbook_forward(&last.network, all.values, all.tokens, 2);
  for (int b = 0; b < 2; b++)
    for (int c = 0; c < shape.V; c++)
      ck_assert_double_eq_tol(all.network.logits[(b * 7 + 6) * shape.V + c],
                              last.network.logits[b * shape.V + c], 1e-12);
  trial_release(&last);
  trial_release(&all);
}
END_TEST

/* No token sees a later one; with registers too, which see all but which a token's logits show only
   through what it may see itself in one layer. */
START_TEST(attention_is_causal)
{
  struct Trial trial;
  double before[7 * 4];
  trial_init(&trial, 1);
  int *tokens = trial.tokens;
  textbook_forward(&trial.network, trial.values, tokens, 1);
  memcpy(before, trial.network.logits, sizeof before);
  tokens[4] = (tokens[4] + 1) % trial.c.shape.V_in;
  textbook_forward(&trial.network, trial.values, tokens, 1);
  ck_assert_mem_eq(before, trial.network.logits, 4 * 4 * sizeof *before);
  for (int i = 4; i < 7; i++)
    ck_assert(memcmp(before + i * 4, trial.network.logits + i * 4, 4 * sizeof *before) != 0);
  trial_release(&trial);
}
END_TEST

/* Over many masks the mean of what dropout leaves is what came in, and the share of zeros its
   probability. */
START_TEST(dropout_keeps_means)
{
  enum { N = 1000 };
  double values[N], mean = 0, zeros = 0;
  for (int step = 0; step < 100; step++) {
    for (int i = 0; i < N; i++)
      values[i] = 1;
    drop(&(struct DropoutPlace){.probability = 0.2, .seed = 3, .step = step, .place = 6}, 17, N,
         values);
    for (int i = 0; i < N; i++) {
      ck_assert(values[i] == 0 || fabs(values[i] - 1.25) < 1e-15);
      mean += values[i] / (100.0 * N);
      zeros += (values[i] == 0) / (100.0 * N);
    }
  }
  ck_assert_double_eq_tol(mean, 1, 0.01);
  ck_assert_double_eq_tol(zeros, 0.2, 0.006);
}
END_TEST

/* Evaluation drops nothing. */
START_TEST(evaluation_has_no_dropout)
{
  struct Trial trial;
  trial_init(&trial, 10);
  double dropped = trial_loss(&trial, NULL);
  trial.network.training = false;
  double whole = trial_loss(&trial, NULL);
  trial.network.config.dropout = 0;
  ck_assert(whole == trial_loss(&trial, NULL));
  ck_assert(whole != dropped);
  trial_release(&trial);
}
END_TEST

/* ---- the loss ---- */

START_TEST(losses_keep_their_digits)
{
  enum { V = 4 };
  const double distances[] = {0, 1, 30, 60, -3, -700};
  for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
    const double D = distances[i];
    const size_t answer = 2;
    double logits[V], d_logits[V], wrong = D < -100 ? 1 : 3 * exp(-D) / (1 + 3 * exp(-D));
    for (size_t c = 0; c < V; c++)
      logits[c] = 5 + (c == answer ? D : 0);
    bool correct;
    double loss = loss_of_logits(LOSS_EXACT, V, logits, answer, 2, d_logits, &correct);
    double expected = D < -100 ? -D + log(3) : log1p(3 * exp(-D));
    ck_assert_double_eq_tol(loss, expected, 1e-14 * expected);
    ck_assert(correct == (D > 0));
    ck_assert_double_eq_tol(d_logits[answer], -2 * wrong, 1e-14 * wrong);
    ck_assert_double_eq_tol(d_logits[0], 2 * wrong / 3, 1e-14 * wrong);
  }
}
END_TEST

/* In float32 the probability of the answer rounds to 1: no loss and no gradient are left. */
START_TEST(the_float32_loss_loses_them)
{
  double logits[2] = {20, 0}, d_logits[2];
  bool correct;
  ck_assert(loss_of_logits(LOSS_FLOAT32, 2, logits, 0, 1, d_logits, &correct) == 0);
  ck_assert(d_logits[0] == 0 && d_logits[1] > 0);
  ck_assert(loss_of_logits(LOSS_EXACT, 2, logits, 0, 1, d_logits, &correct) > 0);
  logits[0] = 1.5;
  double loss = loss_of_logits(LOSS_FLOAT32, 2, logits, 0, 1, d_logits, &correct);
  ck_assert_double_eq_tol(loss, log1p(exp(-1.5)), 1e-7);
  ck_assert_double_eq_tol(d_logits[1], 1 / (1 + exp(1.5)), 1e-7);
}
END_TEST

START_TEST(stablemax_is_its_formula)
{
  double logits[3] = {2, -1, 0}, d_logits[3]; /* s = 3, 1/2, 1 */
  bool correct;
  double loss = loss_of_logits(LOSS_STABLEMAX, 3, logits, 1, 1, d_logits, &correct);
  ck_assert_double_eq_tol(loss, log(4.5 / 0.5), 1e-15);
  ck_assert(!correct);
  ck_assert_double_eq_tol(d_logits[0], 1 / 4.5, 1e-15);
  ck_assert_double_eq_tol(d_logits[1], 0.25 / 4.5 - 0.25 / 0.5, 1e-15);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("textbook");
  TCase *tests = tcase_create("textbook");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, gradient_agrees_with_finite_differences, 0, N_EXAMPLES - 1);
  tcase_add_loop_test(tests, any_network_agrees_with_finite_differences, 0, N_SETTINGS + N_DRAWN);
  tcase_add_loop_test(tests, a_batch_is_its_sequences, 0, N_SETTINGS + N_DRAWN);
  tcase_add_test(tests, reading_more_positions_changes_no_logit);
  tcase_add_test(tests, attention_is_causal);
  tcase_add_test(tests, dropout_keeps_means);
  tcase_add_test(tests, evaluation_has_no_dropout);
  tcase_add_test(tests, losses_keep_their_digits);
  tcase_add_test(tests, the_float32_loss_loses_them);
  tcase_add_test(tests, stablemax_is_its_formula);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
