/* Optimizers of the textbook engine in both precisions, against their formulas in double precision;
   schedules; the batches and their division. */
#include "base/threads.h"
#include "engine/adamw.h"
#include "engine/schedule.h"
#include "engine/textbook/batches.h"
#include "network/flush.h"
#include "network/random.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define REAL_BITS 32
#include "engine/textbook/optimizer.h"
void optimizer_step_64(const struct Config *config, double *gradient, struct TrainingState *state);

static struct Config configure(const char *const *settings)
{
  struct Config config;
  struct Error error = {0};
  config_init(&config);
  for (; *settings; settings++)
    ck_assert_msg(config_override(&config, *settings, &error), "%s", error.message);
  return config;
}

/* ---- optimizers ---- */

enum { TOTAL = 300, STEPS = 40, MOST_SETTINGS = 8 };

static const char *const optimizers[][MOST_SETTINGS] = {
    {"optimizer.warmup_steps=5"},
    {"optimizer.warmup_steps=0", "optimizer.l1=0.03", "optimizer.schedule=cosine"},
    {"optimizer.kind=sgd", "optimizer.warmup_steps=0", "optimizer.weight_decay=0"},
    {"optimizer.kind=sgd", "optimizer.momentum=0.9", "optimizer.learning_rate=0.01"},
    {"optimizer.kind=sgd", "optimizer.momentum=0.5", "optimizer.learning_rate=0.1",
     "optimizer.l1=0.01", "optimizer.schedule=linear", "optimizer.weight_decay=0.2"},
};
enum { N_OPTIMIZERS = sizeof optimizers / sizeof *optimizers };

/* A parameter, with what is remembered of it, in double precision. */
struct Expected {
  double theta, m, v;
};

/* PyTorch's steps, as in the documentation of torch.optim, t = 1, 2, ... */
static void expect_step(const struct OptimizerConfig *o, double rate, int64_t t, double g,
                        struct Expected *e)
{
  g += o->l1 * (e->theta > 0 ? 1 : e->theta < 0 ? -1 : 0);
  if (o->kind == OPTIMIZER_SGD) {
    g += o->weight_decay * e->theta;
    e->m = t > 1 ? o->momentum * e->m + g : g;
    e->theta -= rate * e->m;
    return;
  }
  e->theta -= rate * o->weight_decay * e->theta;
  e->m = o->beta1 * e->m + (1 - o->beta1) * g;
  e->v = o->beta2 * e->v + (1 - o->beta2) * g * g;
  double m_hat = e->m / (1 - pow(o->beta1, (double)t)),
         v_hat = e->v / (1 - pow(o->beta2, (double)t));
  e->theta -= rate * m_hat / (sqrt(v_hat) + o->epsilon);
}

/* Parameters of magnitude 0.1, of which some are 0 and have no gradient, and gradients of any. */
static double gradient_at(int64_t step, size_t i)
{
  double size = pow(10, -2 - (double)(i % 7));
  return i % 10 == 0 ? 0 : size * random_normal(step, "gradient", i);
}

static void take_step(const struct Config *config, struct TrainingState *state)
{
  double exact[TOTAL];
  float rounded[TOTAL];
  for (size_t i = 0; i < TOTAL; i++) {
    exact[i] = gradient_at(state->step, i) * (double)GRADIENT_SCALE;
    rounded[i] = (float)exact[i];
  }
  if (state->precision == PRECISION_FLOAT64)
    optimizer_step_64(config, exact, state);
  else
    optimizer_step(config, rounded, state);
}

/* Optimizer _i / 2, in precision _i % 2. */
START_TEST(optimizers_follow_their_formulas)
{
  struct Config config = configure(optimizers[_i / 2]);
  struct TrainingState state;
  struct Error error = {0};
  struct Expected expected[TOTAL];
  config.train.precision = _i % 2 ? PRECISION_FLOAT64 : PRECISION_FLOAT32;
  config.train.epochs = STEPS + 10;
  const double tolerance = _i % 2 ? 1e-13 : 2e-6;
  ck_assert(training_state_init(&state, &config, TOTAL, &error));
  for (size_t i = 0; i < TOTAL; i++) {
    float value = i % 10 == 0 ? 0 : 0.1f * (float)random_normal(0, "theta", i);
    expected[i] = (struct Expected){.theta = (double)value};
    if (_i % 2)
      ((double *)state.values)[i] = (double)value;
    else
      ((float *)state.values)[i] = value;
  }
  for (int64_t step = 0; step < STEPS; step++) {
    take_step(&config, &state);
    ck_assert_int_eq(state.step, step + 1);
    for (size_t i = 0; i < TOTAL; i++) {
      expect_step(&config.optimizer, schedule_rate(&config, step), step + 1, gradient_at(step, i),
                  &expected[i]);
      double theta = training_state_number(&state, state.values, i);
      ck_assert_msg(fabs(theta - expected[i].theta) <= tolerance,
                    "case %d, step %d, parameter %zu: %.17g, expected %.17g", _i, (int)step, i,
                    theta, expected[i].theta);
      ck_assert(i % 10 != 0 || theta == 0);
    }
  }
  training_state_release(&state);
}
END_TEST

/* Whatever is left without a gradient decays to 0, without subnormal numbers on the way. */
START_TEST(nothing_becomes_subnormal)
{
  struct Config config = configure(optimizers[_i / 2]);
  struct TrainingState state;
  struct Error error = {0};
  config.optimizer.schedule = SCHEDULE_CONSTANT;
  config.optimizer.l1 = 0;
  config.train.precision = _i % 2 ? PRECISION_FLOAT64 : PRECISION_FLOAT32;
  ck_assert(training_state_init(&state, &config, TOTAL, &error));
  for (int i = 0; i < 3; i++)
    take_step(&config, &state);
  for (int step = 0; step < 60000; step++) {
    double exact[TOTAL] = {0};
    float rounded[TOTAL] = {0};
    if (_i % 2)
      optimizer_step_64(&config, exact, &state);
    else
      optimizer_step(&config, rounded, &state);
    const void *const arrays[] = {state.values, state.m, state.v};
    for (int k = 0; k < (state.v ? 3 : 2); k++)
      for (size_t i = 0; step % 100 == 0 && i < TOTAL; i++)
        ck_assert(_i % 2 ? fpclassify(((const double *)arrays[k])[i]) != FP_SUBNORMAL
                         : fpclassify(((const float *)arrays[k])[i]) != FP_SUBNORMAL);
  }
  training_state_release(&state);
}
END_TEST

/* ---- schedules ---- */

START_TEST(schedules_fall_to_zero)
{
  static const char *const names[] = {"optimizer.schedule=constant", "optimizer.schedule=linear",
                                      "optimizer.schedule=cosine"};
  for (int kind = 0; kind < 3; kind++) {
    struct Config config =
        configure((const char *const[]){names[kind], "optimizer.learning_rate=0.5",
                                        "optimizer.warmup_steps=10", "train.epochs=110", NULL});
    const double pi = 3.14159265358979323846;
    for (int step = 0; step <= 110; step++) {
      double x = step < 10 ? 0 : (step - 10) / 100.0;
      double factor = kind == 0 ? 1 : kind == 1 ? 1 - x : 0.5 * (1 + cos(pi * x));
      ck_assert_double_eq_tol(schedule_factor(&config, step), factor, 1e-15);
      ck_assert_double_eq_tol(schedule_rate(&config, step),
                              0.5 * factor * (step < 10 ? step / 10.0 : 1), 1e-15);
    }
    ck_assert(schedule_factor(&config, 110) == (kind == 0));
    config.train.epochs = 5; /* shorter than the warm-up */
    for (int step = 0; step < 5; step++)
      ck_assert(schedule_rate(&config, step) == 0.5 * (step / 10.0));
  }
}
END_TEST

/* ---- batches ---- */

static const struct {
  int p, batch_size; /* a third of p^2 pairs train */
} sets[] = {{5, 0}, {7, 1}, {7, 16}, {13, 7}, {13, 56}, {53, 64}, {53, 0}, {53, 900}};
enum { N_SETS = sizeof sets / sizeof *sets };

struct Trained {
  struct Config config;
  struct Dataset dataset;
  struct Batches batches;
};

static void trained_init(struct Trained *t, int which, const char *seed, size_t gradient_size)
{
  struct Error error = {0};
  t->config = configure((const char *const[]){"data.train_fraction=0.3334", seed, NULL});
  t->config.data.modulus = sets[which].p;
  t->config.train.batch_size = sets[which].batch_size;
  ck_assert(dataset_init(&t->dataset, &t->config.data, &error));
  ck_assert(batches_init(&t->batches, &t->config, &t->dataset, gradient_size, &error));
}

static void trained_release(struct Trained *t)
{
  batches_release(&t->batches);
  dataset_release(&t->dataset);
}

/* Marks the pairs of a step's batch; returns how many there are. */
static size_t mark(struct Trained *t, int64_t step, int *times)
{
  struct Batch batch = batch_of_step(&t->batches, step);
  for (size_t i = 0; i < batch.n; i++) {
    int tokens[3], answer;
    batch_get(&batch, i, 1, tokens, &answer);
    size_t pair = (size_t)(tokens[0] * t->dataset.p + tokens[1]);
    ck_assert_int_eq(tokens[2], t->dataset.p);
    ck_assert_int_eq(answer, t->dataset.answer[pair]);
    times[pair]++;
  }
  return batch.n;
}

START_TEST(every_pass_has_every_example_once)
{
  struct Trained t;
  trained_init(&t, _i, "train.seed=3", 1000);
  size_t n = t.dataset.n_train, size = sets[_i].batch_size > 0 ? (size_t)sets[_i].batch_size : n;
  int64_t steps = (int64_t)((n + size - 1) / size);
  int *times = calloc((size_t)(t.dataset.p * t.dataset.p), sizeof *times);
  for (int64_t pass = 0; pass < 3; pass++) {
    for (int64_t i = 0; i < steps; i++)
      ck_assert_uint_eq(mark(&t, pass * steps + i, times),
                        i + 1 < steps ? size : n - (size_t)i * size);
    for (int pair = 0; pair < t.dataset.p * t.dataset.p; pair++)
      ck_assert_int_eq(times[pair], t.dataset.train[pair] ? pass + 1 : 0);
  }
  free(times);
  trained_release(&t);
}
END_TEST

/* The first 50 examples of steps, in their order. */
static void list(struct Trained *t, int64_t step, int tokens[150])
{
  int answers[50];
  struct Batch batch = batch_of_step(&t->batches, step);
  batch_get(&batch, 0, 50, tokens, answers);
}

START_TEST(orders_are_functions_of_seed_and_pass)
{
  struct Trained one, same, other;
  int first[150], later[150], again[150];
  trained_init(&one, 5, "train.seed=3", 1000);
  trained_init(&same, 5, "train.seed=3", 1000);
  trained_init(&other, 5, "train.seed=4", 1000);
  const int64_t pass = 15; /* of 936 pairs in 64 */
  list(&one, 0, first);
  list(&one, pass, later);
  ck_assert_mem_ne(first, later, sizeof first);
  list(&same, pass + 3, again); /* in another order of steps */
  list(&same, pass, again);
  ck_assert_mem_eq(again, later, sizeof again);
  list(&same, 0, again);
  ck_assert_mem_eq(again, first, sizeof again);
  list(&other, 0, again);
  ck_assert_mem_ne(again, first, sizeof again);
  trained_release(&one);
  trained_release(&same);
  trained_release(&other);
}
END_TEST

static void check_division(const struct Batch *batch)
{
  size_t next_slice = 0, next = 0;
  for (size_t g = 0; g < batch->n_groups; g++) {
    size_t begin, end, n;
    batch_group(batch, g, &begin, &end);
    ck_assert_uint_eq(begin, next_slice);
    ck_assert_uint_gt(end, begin);
    for (size_t slice = begin; slice < end; slice++) {
      ck_assert_uint_eq(batch_slice(batch, slice, &n), next);
      ck_assert(n > 0 && n <= batch->batches->slice);
      next += n;
    }
    next_slice = end;
  }
  ck_assert_uint_eq(next, batch->n);
  ck_assert_uint_eq(next_slice, batch->n_slices);
}

/* Whatever the size of a gradient, all work is done once, in as many groups as there may be. */
START_TEST(work_is_divided)
{
  static const size_t gradient_sizes[] = {1, 1 << 20, 1 << 28, (size_t)1 << 31, (size_t)1 << 40};
  for (size_t i = 0; i < sizeof gradient_sizes / sizeof *gradient_sizes; i++) {
    struct Trained t;
    trained_init(&t, _i, "train.seed=0", gradient_sizes[i]);
    for (int64_t step = 0; step < 30; step++) {
      struct Batch batch = batch_of_step(&t.batches, step);
      check_division(&batch);
      ck_assert_uint_le(batch.n_groups, batches_groups(&t.batches));
    }
    for (int subset = SUBSET_TRAIN; subset <= SUBSET_TEST; subset++) {
      struct Batch batch = batch_of_subset(&t.batches, (enum Subset)subset, 0);
      ck_assert_uint_eq(batch.n, t.batches.examples.n[subset]);
      check_division(&batch);
    }
    size_t most = gradient_sizes[i] > (size_t)1 << 30 ? 2 : ((size_t)1 << 30) / gradient_sizes[i];
    ck_assert_uint_le(batches_groups(&t.batches), most < 2 ? 2 : most);
    trained_release(&t);
  }
}
END_TEST

/* 64 sequences of 17 positions occupy eight threads. */
START_TEST(small_batches_have_work_for_several_threads)
{
  struct Trained t;
  struct Error error = {0};
  trained_init(&t, 5, "train.seed=0", 1000);
  batches_release(&t.batches);
  t.config.model.registers = 14; /* and three tokens */
  ck_assert(batches_init(&t.batches, &t.config, &t.dataset, 1000, &error));
  struct Batch batch = batch_of_step(&t.batches, 0);
  ck_assert_uint_eq(batch.n_groups, 8);
  for (size_t i = 0; i < 8; i++) {
    size_t n;
    batch_slice(&batch, i, &n);
    ck_assert_uint_eq(n, 8);
  }
  trained_release(&t);
}
END_TEST

int main(void)
{
  struct Error error = {0};
  if (!threads_set(NULL, &error)) return EXIT_FAILURE; /* there may be fewer cores than threads */
  Suite *suite = suite_create("optimizers");
  TCase *tests = tcase_create("optimizers");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, optimizers_follow_their_formulas, 0, 2 * N_OPTIMIZERS);
  tcase_add_loop_test(tests, nothing_becomes_subnormal, 0, 2 * N_OPTIMIZERS);
  tcase_add_test(tests, schedules_fall_to_zero);
  tcase_add_loop_test(tests, every_pass_has_every_example_once, 0, N_SETS);
  tcase_add_test(tests, orders_are_functions_of_seed_and_pass);
  tcase_add_loop_test(tests, work_is_divided, 0, N_SETS);
  tcase_add_test(tests, small_batches_have_work_for_several_threads);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
