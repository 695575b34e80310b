/* Every engine, through the door alone (engine/engine.h): gradients and losses held against the
   textbook network in double precision; the same bits whatever the threads, and after a state was
   taken out and put back. */
#include "engine/engine.h"
#include "example.h"
#include "network/flush.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static const char *const engines[] = {"factored", "textbook"};
enum { N_ENGINES = sizeof engines / sizeof *engines, N_CASES = N_ENGINES * N_EXAMPLES };
enum { MOST_THREADS = 5 }; /* an engine has room for as many as there may be when it is opened */

/* Case _i is an engine that trains an example. */
struct Fixture {
  struct Example example;
  struct Engine *engine;
  struct AdamW adamw;
};

static struct Engine *open_engine(int which, const struct Example *example)
{
  struct Engine *engine;
  struct Error error = {0};
  ck_assert_msg(engine_open(&engine, engines[which / N_EXAMPLES], &example->config,
                            &example->dataset, &error),
                "%s", error.message);
  return engine;
}

static void load(struct Fixture *f)
{
  struct Error error = {0};
  ck_assert(engine_load(f->engine, &f->example.parameters, &f->adamw, &error));
}

static void fetch(struct Fixture *f)
{
  struct Error error = {0};
  ck_assert(engine_fetch(f->engine, &f->example.parameters, &f->adamw, &error));
}

static struct Performance step(struct Fixture *f)
{
  struct Performance performance;
  struct Error error = {0};
  ck_assert(engine_step(f->engine, &performance, &error));
  return performance;
}

static struct Performance evaluate(struct Fixture *f, enum Subset subset)
{
  struct Performance performance;
  struct Error error = {0};
  ck_assert(engine_evaluate(f->engine, subset, &performance, &error));
  return performance;
}

/* With beta1 = 0 the optimizer's m is the gradient, times GRADIENT_SCALE. */
static void set_up(struct Fixture *f, int which, bool follow_gradient)
{
  struct Error error = {0};
  example_init(&f->example, which % N_EXAMPLES);
  if (follow_gradient) ck_assert(config_override(&f->example.config, "optimizer.beta1=0", &error));
  ck_assert(adamw_init(&f->adamw, f->example.parameters.total, &error));
  f->engine = open_engine(which, &f->example);
  load(f);
}

static void tear_down(struct Fixture *f)
{
  engine_close(f->engine);
  adamw_release(&f->adamw);
  example_release(&f->example);
}

static double relative_error(const struct Fixture *f, const struct ParameterInfo *info)
{
  double error = 0, size = 0;
  for (size_t i = info->offset; i < info->offset + info->count; i++) {
    double expected = f->example.expected[i];
    error += pow((double)f->adamw.m[i] / (double)GRADIENT_SCALE - expected, 2);
    size += pow(expected, 2);
  }
  return size > 0 ? sqrt(error / size) : sqrt(error);
}

START_TEST(gradient_is_the_textbooks)
{
  struct Fixture f;
  set_up(&f, _i, true);
  struct Performance train = step(&f);
  double loss = example_loss(&f.example, true, f.example.expected);
  fetch(&f);
  ck_assert_double_eq_tol(train.loss, loss, 2e-6 * loss);
  for (int i = 0; i < f.example.parameters.n; i++) {
    const struct ParameterInfo *info = &f.example.parameters.info[i];
    double relative = relative_error(&f, info);
    ck_assert_msg(relative <= 1e-5, "case %d: gradient of %s is off by %g", _i, info->name,
                  relative);
  }
  tear_down(&f);
}
END_TEST

START_TEST(test_loss_is_the_textbooks)
{
  struct Fixture f;
  set_up(&f, _i, false);
  double loss = example_loss(&f.example, false, NULL);
  ck_assert_double_eq_tol(evaluate(&f, SUBSET_TEST).loss, loss, 2e-6 * loss);
  tear_down(&f);
}
END_TEST

/* The first step of a warm-up moves no parameter but by its moments alone; the second does. */
START_TEST(a_step_trains)
{
  struct Fixture f;
  set_up(&f, _i, false);
  struct Performance first = step(&f), second = step(&f), third = step(&f);
  ck_assert(first.loss == second.loss);
  ck_assert(second.loss != third.loss);
  fetch(&f);
  ck_assert_int_eq(f.adamw.step, 3);
  tear_down(&f);
}
END_TEST

START_TEST(evaluation_gives_the_bits_of_a_step)
{
  struct Fixture f;
  set_up(&f, _i, false);
  for (int epoch = 0; epoch < 3; epoch++) {
    struct Performance one = evaluate(&f, SUBSET_TRAIN), two = step(&f);
    ck_assert(one.loss == two.loss && one.accuracy == two.accuracy);
  }
  tear_down(&f);
}
END_TEST

/* The parameters after 21 epochs, of which number i has threads[i % 7] threads. If `apart`, the
   state is taken out after each and put into another engine; otherwise, test pairs are evaluated
   now and then, which must leave no trace. */
static void train_with(struct Fixture *f, int which, const int threads[7], bool apart)
{
  omp_set_num_threads(MOST_THREADS);
  set_up(f, which, false);
  for (int epoch = 0; epoch < 21; epoch++) {
    omp_set_num_threads(threads[epoch % 7]);
    if (!apart && epoch % 4 == 1) evaluate(f, SUBSET_TEST);
    step(f);
    if (!apart) continue;
    fetch(f);
    engine_close(f->engine);
    omp_set_num_threads(MOST_THREADS);
    f->engine = open_engine(which, &f->example);
    load(f);
  }
  fetch(f);
}

static void expect_same(const struct Fixture *one, const struct Fixture *other)
{
  size_t total = one->example.parameters.total;
  ck_assert_mem_eq(one->example.parameters.values, other->example.parameters.values,
                   total * sizeof(float));
  ck_assert_mem_eq(one->adamw.m, other->adamw.m, total * sizeof(float));
  ck_assert_mem_eq(one->adamw.v, other->adamw.v, total * sizeof(float));
}

START_TEST(threads_that_come_and_go_change_no_bit)
{
  struct Fixture one, many, apart;
  int before = omp_get_max_threads();
  train_with(&one, _i, (const int[]){1, 1, 1, 1, 1, 1, 1}, false);
  train_with(&many, _i, (const int[]){5, 2, 1, 4, 3, 1, 5}, false);
  train_with(&apart, _i, (const int[]){2, 3, 2, 3, 2, 3, 2}, true);
  omp_set_num_threads(before);
  expect_same(&one, &many);
  expect_same(&one, &apart);
  tear_down(&one);
  tear_down(&many);
  tear_down(&apart);
}
END_TEST

START_TEST(auto_takes_the_factored_engine)
{
  struct Example example;
  struct Engine *engine;
  struct Error error = {0};
  example_init(&example, 0);
  ck_assert(engine_open(&engine, "auto", &example.config, &example.dataset, &error));
  ck_assert_str_eq(engine_name(engine), "factored");
  ck_assert_str_eq(engine_bits(engine), "factored");
  engine_close(engine);
  ck_assert(engine_open(&engine, "textbook", &example.config, &example.dataset, &error));
  ck_assert_str_eq(engine_name(engine), "textbook");
  ck_assert_msg(strncmp(engine_bits(engine), "textbook, OpenBLAS 0", 20) == 0, "%s",
                engine_bits(engine));
  engine_close(engine);
  ck_assert(!engine_open(&engine, "blackboard", &example.config, &example.dataset, &error));
  ck_assert_str_eq(error.message,
                   "--engine: found \"blackboard\", expected auto, factored or textbook");
  ck_assert_ptr_null(engine);
  example_release(&example);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("engines");
  TCase *tests = tcase_create("engines");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, gradient_is_the_textbooks, 0, N_CASES);
  tcase_add_loop_test(tests, test_loss_is_the_textbooks, 0, N_CASES);
  tcase_add_loop_test(tests, a_step_trains, 0, N_CASES);
  tcase_add_loop_test(tests, evaluation_gives_the_bits_of_a_step, 0, N_CASES);
  tcase_add_loop_test(tests, threads_that_come_and_go_change_no_bit, 0, N_CASES);
  tcase_add_test(tests, auto_takes_the_factored_engine);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
