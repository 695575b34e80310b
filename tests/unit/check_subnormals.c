/* No subnormal number in training (network/flush.h): neither in an array of a step nor, if the
   processor reports it, as an operand or result of any instruction. */
#include "width.h"

#include "engine/adamw.h"
#include "engine/factored/step.h"
#include "network/flush.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#ifdef __SSE__
#include <immintrin.h>
#endif

/* ---- the processor's flags ---- */

/* Sticky flags: an operand was subnormal; a result underflowed. */
enum { DENORMAL_OPERAND = 1 << 1, UNDERFLOW = 1 << 4, ALL_FLAGS = 0x3f };

static void lower_flags(void)
{
#ifdef __SSE__
  _mm_setcsr(_mm_getcsr() & ~(unsigned)ALL_FLAGS);
#endif
}

static bool flag_is_raised(void)
{
#ifdef __SSE__
  return _mm_getcsr() & (DENORMAL_OPERAND | UNDERFLOW);
#else
  return false;
#endif
}

START_TEST(the_flags_see_a_subnormal_operand_and_result)
{
#ifdef __SSE__
  volatile float x = 0x1p-100f, y;
  lower_flags();
  y = x * x * 3.0f;
  ck_assert(flag_is_raised());
  x = 0x1p-127f;
  lower_flags();
  y = x + 1.0f;
  ck_assert(flag_is_raised());
  lower_flags();
  x = 0x1p-126f;
  y = x + 1.0f;
  (void)y;
  ck_assert(!flag_is_raised());
#endif
}
END_TEST

/* ---- arrays ---- */

static void expect_none(const char *name, const float *values, size_t count)
{
  size_t subnormals = 0;
  for (size_t i = 0; i < count; i++)
    subnormals += fpclassify(values[i]) == FP_SUBNORMAL;
  ck_assert_msg(subnormals == 0, "%s: %zu of %zu are subnormal", name, subnormals, count);
}

/* T^0 and T^1, or the gradients in their place. */
static void expect_none_in_rows(const struct Factors *t)
{
  size_t H = (size_t)t->shape.H;
  expect_none("T0", t->T0, t->n_sources * H * t->width);
  expect_none("T1", t->T1, (size_t)t->shape.p * H * t->width);
}

static void expect_none_in_step(const struct Step *step)
{
  const struct Factors *t = &step->factors;
  const struct FactorGradients *g = &step->gradients;
  size_t n = step->pairs[SUBSET_TRAIN].n, H = (size_t)t->shape.H;
  size_t d = (size_t)t->shape.d_model, heads = H * (size_t)t->shape.d_head;
  size_t entries = t->n_positions * H; /* of a pair */
  expect_none("logits' and hidden gradients", step->streams, step->n_streams * t->width);
  expect_none("attention weights", step->weights, n * entries);
  expect_none("gradients of the scores", step->d_weights, n * entries);
  expect_none_in_rows(t);
  expect_none("neurons", step->scratch[0].hidden, t->mlp_width);
  expect_none("sources", t->sources, t->n_sources * d);
  expect_none("readers", t->readers_by_head, heads * t->width);
  expect_none("values", t->values, t->n_sources * heads);
  expect_none("T of the constants", t->T_constants, t->n_constants * H * t->width);
  expect_none("base", t->base, t->n_queries * t->width);
  expect_none("W_L", t->W_L_transposed, (size_t)t->shape.d_mlp * t->logit_width);
  expect_none("query", t->query, heads * t->n_queries);
  expect_none("key_query", t->key_query, d * H * t->n_queries);
  expect_none("source scores", t->source_scores, t->n_sources * H * t->n_queries);
  expect_none("gradient of T1", g->T1, (size_t)t->shape.p * H * t->width);
  expect_none("gradient of the base", g->base, t->n_queries * t->width);
  expect_none("gradient of W_L", g->W_L, factors_map_size(t));
  expect_none("gradient of the reader", g->reader, d * t->width);
  expect_none("gradient of the readers", g->readers_by_head, heads * t->width);
  expect_none("gradient of the values", g->values, t->n_sources * heads);
  expect_none("gradient of the sources", g->sources, t->n_sources * d);
  expect_none("gradient of the source scores", g->source_scores, t->n_sources * H * t->n_queries);
}

/* ---- trainings ---- */

struct Training {
  struct Config config;
  struct Dataset dataset;
  struct Parameters parameters, gradient;
  struct AdamW adamw;
  struct Step step;
};

static void training_init(struct Training *t, const char *const settings[])
{
  struct Error error = {0};
  config_init(&t->config);
  for (size_t i = 0; settings[i]; i++)
    ck_assert_msg(config_override(&t->config, settings[i], &error), "%s", error.message);
  ck_assert_msg(config_check(&t->config, &error), "%s", error.message);
  ck_assert(dataset_init(&t->dataset, &t->config.data, &error));
  ck_assert(parameters_init(&t->parameters, &t->config, &error));
  ck_assert(parameters_init(&t->gradient, &t->config, &error));
  ck_assert(adamw_init(&t->adamw, t->parameters.total, &error));
  ck_assert(step_init(&t->step, &t->config, &t->dataset, &error));
  parameters_initialise(&t->parameters, t->config.train.seed);
}

static void training_release(struct Training *t)
{
  step_release(&t->step);
  adamw_release(&t->adamw);
  parameters_release(&t->gradient);
  parameters_release(&t->parameters);
  dataset_release(&t->dataset);
}

static void expect_none_in_training(const struct Training *t)
{
  size_t total = t->parameters.total;
  expect_none_in_step(&t->step);
  expect_none("gradient", t->gradient.values, total);
  expect_none("m", t->adamw.m, total);
  expect_none("v", t->adamw.v, total);
  expect_none("parameters", t->parameters.values, total);
}

/* Small and large moduli, every attention and activation, with much, little and no weight decay:
   each trained well past the epoch where the training loss falls below `fitted`. */
static const struct Case {
  int epochs;
  double fitted; /* infinity: never fitted, because of the decay */
  const char *settings[8];
} cases[] = {
    {1500, 1e-6, {"data.modulus=23", "optimizer.learning_rate=0.005"}},
    {800, 1e-8, {"data.modulus=23", "optimizer.learning_rate=0.01", "optimizer.weight_decay=0"}},
    {1500,
     1e-6,
     {"data.modulus=13", "model.attention=softmax1", "model.activation=gelu",
      "optimizer.weight_decay=0"}},
    {1500,
     1e-5,
     {"data.modulus=13", "model.attention=softmax1-unnormalised", "model.activation=gelu",
      "model.biases=false"}},
    {1500,
     1e-6,
     {"data.modulus=13", "model.registers=2", "optimizer.learning_rate=0.003",
      "optimizer.weight_decay=0"}},
    {1000,
     1e-6,
     {"data.modulus=17", "data.equals=false", "model.attention_rate=0.5", "data.train_fraction=0.8",
      "optimizer.learning_rate=0.005", "optimizer.weight_decay=0"}},
    {800,
     1e-6,
     {"data.modulus=13", "data.equals=false", "model.attention_rate=1e-10", "model.registers=1",
      "optimizer.learning_rate=0.005", "optimizer.weight_decay=0"}},
    {3000,
     INFINITY,
     {"data.modulus=11", "model.attention=uniform", "optimizer.weight_decay=30", "model.d_mlp=64",
      "model.n_heads=3", "model.d_head=5"}},
    {700,
     1e-3,
     {"data.modulus=113", "model.d_mlp=64", "model.d_model=32", "model.d_head=8",
      "optimizer.learning_rate=0.01", "optimizer.weight_decay=0"}},
    {150, 1e-4, {"data.modulus=113", "optimizer.learning_rate=0.01", "optimizer.weight_decay=0"}},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static void train_and_look(const struct Case *c)
{
  struct Training t;
  training_init(&t, c->settings);
  double loss = INFINITY;
  for (int epoch = 0; epoch < c->epochs; epoch++) {
    lower_flags();
    step_prepare(&t.step, &t.parameters);
    loss = step_gradient(&t.step, &t.parameters, &t.gradient).loss;
    if (flag_is_raised()) ck_abort_msg("epoch %d: a subnormal in the step", epoch);
    adamw_step(&t.adamw, &t.config.optimizer, &t.gradient, &t.parameters);
    if (flag_is_raised()) ck_abort_msg("epoch %d: a subnormal in the optimizer", epoch);
    if (epoch % 100 == 99) {
      expect_none_in_training(&t);
      lower_flags();
      step_prepare(&t.step, &t.parameters);
      step_evaluate(&t.step, SUBSET_TEST);
      expect_none_in_rows(&t.step.factors);
      ck_assert_msg(!flag_is_raised(), "epoch %d: a subnormal in the evaluation", epoch);
    }
  }
  ck_assert_msg(loss <= c->fitted, "the training loss is still %g", loss);
  training_release(&t);
}

/* On one thread, as each thread has its own flags. */
START_TEST(a_training_meets_no_subnormal)
{
  omp_set_num_threads(1);
  train_and_look(&cases[_i]);
}
END_TEST

/* ---- the optimizer alone ---- */

/* Parameters with one gradient, of any size, followed by 100,000 epochs without. */
static void expect_to_vanish(const struct OptimizerConfig *config)
{
  struct Training t;
  training_init(&t, (const char *const[]){"data.modulus=2", "model.d_model=4", "model.n_heads=1",
                                          "model.d_head=2", "model.d_mlp=4", NULL});
  size_t total = t.parameters.total;
  for (size_t i = 0; i < total; i++)
    t.gradient.values[i] = ldexpf(i % 2 ? 1.5f : -1.5f, (int)(i % 115) - 63);
  lower_flags();
  adamw_step(&t.adamw, config, &t.gradient, &t.parameters);
  adamw_step(&t.adamw, config, &t.gradient, &t.parameters);
  for (size_t i = 0; i < total; i++)
    t.gradient.values[i] = 0;
  for (int epoch = 0; epoch < 100000; epoch++)
    adamw_step(&t.adamw, config, &t.gradient, &t.parameters);
  ck_assert(!flag_is_raised());
  for (size_t i = 0; i < total; i++) {
    ck_assert_float_eq(t.adamw.m[i], 0.0f);
    ck_assert_float_eq(t.adamw.v[i], 0.0f);
    ck_assert(isfinite(t.parameters.values[i]));
    if (config->weight_decay >= 1) ck_assert_float_eq(t.parameters.values[i], 0.0f);
  }
  training_release(&t);
}

START_TEST(parameters_without_gradient_become_zero)
{
  static const double decays[] = {0, 1e-6, 0.1, 1, 8, 999};
  struct OptimizerConfig config = {.learning_rate = 1e-3,
                                   .beta1 = 0.9,
                                   .beta2 = 0.98,
                                   .epsilon = 1e-8,
                                   .weight_decay = decays[_i],
                                   .warmup_steps = 10};
  omp_set_num_threads(1);
  expect_to_vanish(&config);
  config.beta1 = 1e-9; /* unusual ones */
  config.beta2 = 0.99;
  config.epsilon = 1e-30;
  expect_to_vanish(&config);
}
END_TEST

START_TEST(flushing_is_its_definition)
{
  const float edge = SMALLEST, below = nextafterf(edge, 0.0f);
  ck_assert(flush(edge) == edge && flush(-edge) == -edge);
  ck_assert(flush(below) == 0.0f && !signbit(flush(-below)));
  ck_assert(isnan(flush(NAN)) && flush(-INFINITY) == -INFINITY);
}
END_TEST

int main(int argc, char **argv)
{
  Suite *suite = suite_create("subnormals");
  TCase *tests = tcase_create(kernels_to_test(argc, argv)->description);
  tcase_set_timeout(tests, 300);
  tcase_add_test(tests, the_flags_see_a_subnormal_operand_and_result);
  tcase_add_test(tests, flushing_is_its_definition);
  tcase_add_loop_test(tests, parameters_without_gradient_become_zero, 0, 6);
  tcase_add_loop_test(tests, a_training_meets_no_subnormal, 0, N_CASES);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
