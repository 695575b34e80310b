/* Engines that are opened together (engine/engine.h): on the processor each by itself, on a device
   as one, in turns. The tests of devices pass by doing nothing where there is no OpenCL device, and
   say so. */
#include "engine/engine.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 3, STEPS = 12 };

/* Trainings that differ in their seeds, pairs and rates, with their states before the first step.
 */
struct Fixture {
  struct Config configs[N];
  struct Dataset datasets[N];
  struct TrainingState states[N];
  const struct Config *config[N];
  const struct Dataset *dataset[N];
  struct Engine *engines[N];
};

static void set(struct Config *config, const char *setting)
{
  struct Error error = {0};
  ck_assert_msg(config_override(config, setting, &error), "%s", error.message);
}

static void initial_state(struct TrainingState *state, const struct Config *config)
{
  struct Parameters initial;
  struct Error error = {0};
  ck_assert(parameters_init(&initial, config, &error));
  parameters_initialise(&initial, config->train.seed);
  ck_assert(training_state_init(state, config, initial.total, &error));
  training_state_start(state, &initial);
  parameters_release(&initial);
}

static void set_up(struct Fixture *f)
{
  static const char *const small[] = {"data.modulus=11", "model.d_model=24",
                                      "model.n_heads=2", "model.d_head=12",
                                      "model.d_mlp=40",  "optimizer.warmup_steps=0"};
  static const char *const own[N][3] = {
      {"train.seed=0", "data.seed=0", "optimizer.weight_decay=1"},
      {"train.seed=1", "data.seed=0", "optimizer.weight_decay=2"},
      {"train.seed=2", "data.seed=5", "optimizer.learning_rate=0.01"}};
  struct Error error = {0};
  *f = (struct Fixture){0};
  for (int i = 0; i < N; i++) {
    config_init(&f->configs[i]);
    for (size_t j = 0; j < sizeof small / sizeof *small; j++)
      set(&f->configs[i], small[j]);
    for (int j = 0; j < 3; j++)
      set(&f->configs[i], own[i][j]);
    ck_assert(dataset_init(&f->datasets[i], &f->configs[i].data, &error));
    f->config[i] = &f->configs[i];
    f->dataset[i] = &f->datasets[i];
    initial_state(&f->states[i], &f->configs[i]);
  }
}

static void tear_down(struct Fixture *f)
{
  for (int i = 0; i < N; i++) {
    engine_close(f->engines[i]);
    training_state_release(&f->states[i]);
    dataset_release(&f->datasets[i]);
  }
}

static bool there_is_a_device(void)
{
  char *text = NULL;
  size_t size = 0;
  struct Error error = {0};
  FILE *stream = open_memstream(&text, &size);
  ck_assert_ptr_nonnull(stream);
  ck_assert_msg(engine_list_devices(stream, &error), "%s", error.message);
  fclose(stream);
  bool there = strncmp(text, "opencl", 6) == 0;
  free(text);
  if (!there) printf("no OpenCL device: not tested\n");
  return there;
}

static void open_all(struct Fixture *f, const char *engine)
{
  struct Error error = {0};
  ck_assert_msg(engine_open_together(f->engines, N, engine, -1, f->config, f->dataset, &error),
                "%s", error.message);
  for (int i = 0; i < N; i++)
    ck_assert_msg(engine_load(f->engines[i], &f->states[i], &error), "%s", error.message);
}

static void step(struct Engine *engine, struct Performance *before)
{
  struct Error error = {0};
  ck_assert_msg(engine_step(engine, before, &error), "%s", error.message);
}

/* The state of training i after that many steps by the factored engine alone, and its test loss. */
static void alone(struct Fixture *f, int i, int steps, struct Performance *test)
{
  struct Engine *engine;
  struct Error error = {0};
  ck_assert(engine_open(&engine, "factored", f->config[i], f->dataset[i], &error));
  ck_assert(engine_load(engine, &f->states[i], &error));
  for (int s = 0; s < steps; s++)
    step(engine, NULL);
  ck_assert(engine_evaluate(engine, SUBSET_TEST, test, &error));
  ck_assert(engine_fetch(engine, &f->states[i], &error));
  engine_close(engine);
}

static void expect_alone(struct Fixture *f, int i, int steps)
{
  struct TrainingState found = {0};
  struct Performance test, expected;
  struct Error error = {0};
  ck_assert(training_state_init(&found, f->config[i], f->states[i].total, &error));
  ck_assert_msg(engine_evaluate(f->engines[i], SUBSET_TEST, &test, &error), "%s", error.message);
  ck_assert_msg(engine_fetch(f->engines[i], &found, &error), "%s", error.message);
  alone(f, i, steps, &expected);
  const size_t size = found.total * sizeof(float);
  ck_assert_int_eq(found.step, f->states[i].step);
  ck_assert_int_eq(memcmp(found.values, f->states[i].values, size), 0);
  ck_assert_int_eq(memcmp(found.m, f->states[i].m, size), 0);
  ck_assert_int_eq(memcmp(found.v, f->states[i].v, size), 0);
  ck_assert_int_eq(memcmp(&test, &expected, sizeof test), 0);
  training_state_release(&found);
}

START_TEST(each_is_trained_as_if_alone)
{
  static const char *const engines[] = {"factored", "opencl"};
  struct Fixture f;
  if (_i == 1 && !there_is_a_device()) return;
  set_up(&f);
  open_all(&f, engines[_i]);
  for (int s = 0; s < STEPS; s++)
    for (int i = 0; i < N; i++) {
      struct Performance before;
      step(f.engines[i], s % 5 == 0 ? &before : NULL);
    }
  for (int i = 0; i < N; i++)
    expect_alone(&f, i, STEPS);
  tear_down(&f);
}
END_TEST

/* The others go on without those that have ended. */
START_TEST(some_end_before_others)
{
  struct Fixture f;
  if (!there_is_a_device()) return;
  set_up(&f);
  open_all(&f, "opencl");
  for (int s = 0; s < STEPS; s++)
    for (int i = 0; i < N; i++) {
      if (s == 4 * (N - i)) expect_alone(&f, i, s);
      if (s < 4 * (N - i)) {
        step(f.engines[i], NULL);
      } else {
        engine_close(f.engines[i]);
        f.engines[i] = NULL;
      }
    }
  expect_alone(&f, 0, STEPS);
  tear_down(&f);
}
END_TEST

START_TEST(a_step_out_of_turn_is_an_error)
{
  struct Fixture f;
  struct Error error = {0};
  if (!there_is_a_device()) return;
  set_up(&f);
  open_all(&f, "opencl");
  step(f.engines[0], NULL);
  ck_assert(!engine_step(f.engines[0], NULL, &error));
  ck_assert_str_eq(error.message, "trainings that share a device must take their steps in turns");
  tear_down(&f);
}
END_TEST

START_TEST(sizes_must_be_the_same_on_a_device)
{
  struct Fixture f;
  struct Error error = {0};
  if (!there_is_a_device()) return;
  set_up(&f);
  set(&f.configs[1], "model.d_mlp=48");
  ck_assert(!engine_open_together(f.engines, N, "opencl", -1, f.config, f.dataset, &error));
  ck_assert_str_eq(error.message,
                   "--engine opencl: trainings that share a device must be of one size and kind");
  for (int i = 0; i < N; i++)
    ck_assert_ptr_null(f.engines[i]);
  tear_down(&f);
}
END_TEST

START_TEST(engines_must_be_the_same)
{
  struct Fixture f;
  struct Error error = {0};
  set_up(&f);
  set(&f.configs[2], "model.n_layers=2");
  ck_assert(!engine_open_together(f.engines, N, "auto", -1, f.config, f.dataset, &error));
  ck_assert_str_eq(error.message,
                   "one of these trainings needs the engine factored, another textbook");
  tear_down(&f);
}
END_TEST

/* Nobody asks for the losses of the steps, but the state is not given out as if it were good. */
START_TEST(a_loss_that_is_no_number_is_found_later)
{
  struct Fixture f;
  struct Error error = {0};
  if (!there_is_a_device()) return;
  set_up(&f);
  ((float *)f.states[1].values)[3] = NAN;
  open_all(&f, "opencl");
  for (int s = 0; s < 4; s++)
    for (int i = 0; i < N; i++)
      step(f.engines[i], NULL);
  ck_assert(!engine_fetch(f.engines[1], &f.states[1], &error));
  ck_assert_msg(strncmp(error.message, "epoch 0: the training loss is ", 30) == 0, "%s",
                error.message);
  error = (struct Error){0};
  ck_assert_msg(engine_fetch(f.engines[0], &f.states[0], &error), "%s", error.message);
  tear_down(&f);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("together");
  TCase *tests = tcase_create("together");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, each_is_trained_as_if_alone, 0, 2);
  tcase_add_test(tests, some_end_before_others);
  tcase_add_test(tests, a_step_out_of_turn_is_an_error);
  tcase_add_test(tests, sizes_must_be_the_same_on_a_device);
  tcase_add_test(tests, engines_must_be_the_same);
  tcase_add_test(tests, a_loss_that_is_no_number_is_found_later);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
