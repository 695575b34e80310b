/* Every engine, through the door alone (engine/engine.h): gradients and losses held against the
   textbook network in double precision; the same bits whatever the threads, and after a state was
   taken out and put back. */
#define REAL_BITS 64
#include "base/threads.h"
#include "engine/engine.h"
#include "example.h"
#include "network/examples.h"
#include "network/flush.h"
#include "network/textbook.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 5 }; /* an engine has room for as many as there may be when it is opened */
enum { MOST_SETTINGS = 5 };

/* How the examples are trained. */
static const struct {
  const char *engine;
  bool in_batches;
  const char *settings[MOST_SETTINGS];
} trainings[] = {
    {"factored", false, {NULL}},
    {"textbook", false, {NULL}},
    {"textbook", false, {"train.precision=float64"}},
    {"textbook", true, {"train.batch_size=1"}},
    {"textbook", true, {"train.batch_size=7", "train.precision=float64"}},
    {"textbook", true, {"train.batch_size=40", "optimizer.l1=0.01", "model.dropout=0.1"}},
    {"textbook",
     false,
     {"optimizer.kind=sgd", "optimizer.momentum=0.9", "optimizer.schedule=cosine"}},
    {"textbook",
     true,
     {"optimizer.kind=sgd", "optimizer.schedule=linear", "train.batch_size=12",
      "train.precision=float64"}},
};
enum { N_TRAININGS = sizeof trainings / sizeof *trainings, N_CASES = N_TRAININGS * N_EXAMPLES };

/* Case _i is a training of an example. */
struct Fixture {
  struct Example example;
  struct Engine *engine;
  struct TrainingState state;
};

static struct Engine *open_engine(int which, const struct Example *example)
{
  struct Engine *engine;
  struct Error error = {0};
  ck_assert_msg(engine_open(&engine, trainings[which / N_EXAMPLES].engine, &example->config,
                            &example->dataset, &error),
                "%s", error.message);
  return engine;
}

static void load(struct Fixture *f)
{
  struct Error error = {0};
  ck_assert(engine_load(f->engine, &f->state, &error));
}

static void fetch(struct Fixture *f)
{
  struct Error error = {0};
  ck_assert(engine_fetch(f->engine, &f->state, &error));
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

/* `further` settings come after the case's own, up to a NULL. */
static void set_up(struct Fixture *f, int which, const char *const *further)
{
  struct Error error = {0};
  struct Config *config = &f->example.config;
  example_init(&f->example, which % N_EXAMPLES);
  const char *const *settings = trainings[which / N_EXAMPLES].settings;
  for (int i = 0; i < MOST_SETTINGS && settings[i]; i++)
    ck_assert_msg(config_override(config, settings[i], &error), "%s", error.message);
  for (; further && *further; further++)
    ck_assert_msg(config_override(config, *further, &error), "%s", error.message);
  int batch = config->train.batch_size, most = (int)f->example.dataset.n_train;
  if (batch > most) config->train.batch_size = most;
  ck_assert(training_state_init(&f->state, config, f->example.parameters.total, &error));
  training_state_start(&f->state, &f->example.parameters);
  f->engine = open_engine(which, &f->example);
  load(f);
}

static void tear_down(struct Fixture *f)
{
  engine_close(f->engine);
  training_state_release(&f->state);
  example_release(&f->example);
}

/* Of the numbers of a parameter. */
static double relative_error(const struct ParameterInfo *info, const double *found,
                             const double *expected)
{
  double error = 0, size = 0;
  for (size_t i = info->offset; i < info->offset + info->count; i++) {
    error += pow(found[i] - expected[i], 2);
    size += pow(expected[i], 2);
  }
  return size > 0 ? sqrt(error / size) : sqrt(error);
}

/* With these settings the optimizer's m is the gradient, times GRADIENT_SCALE, and parameters stay
   what they are. */
static const char *const follow_gradient[] = {"optimizer.beta1=0",
                                              "optimizer.momentum=0",
                                              "optimizer.l1=0",
                                              "optimizer.weight_decay=0",
                                              "optimizer.learning_rate=1e-300",
                                              "model.dropout=0",
                                              NULL};

/* The mean of the gradients and losses of the batches of one pass is that of the training set. */
START_TEST(gradients_are_the_textbooks)
{
  struct Fixture f;
  set_up(&f, _i, follow_gradient);
  const size_t total = f.state.total, n = f.example.dataset.n_train;
  const struct Config *config = &f.example.config;
  const bool exact = config->train.precision == PRECISION_FLOAT64;
  const size_t batch = config->train.batch_size > 0 ? (size_t)config->train.batch_size : n;
  double *mean = calloc(total, sizeof *mean), loss = 0;
  for (size_t done = 0; done < n; done += batch) {
    double share = (double)(n - done < batch ? n - done : batch) / (double)n;
    loss += share * step(&f).loss;
    fetch(&f);
    for (size_t i = 0; i < total; i++)
      mean[i] += share * training_state_number(&f.state, f.state.m, i) / (double)GRADIENT_SCALE;
  }
  double expected = example_loss(&f.example, true, f.example.expected);
  ck_assert_double_eq_tol(loss, expected, (exact ? 1e-13 : 2e-6) * expected);
  for (int i = 0; i < f.example.parameters.n; i++) {
    const struct ParameterInfo *info = &f.example.parameters.info[i];
    double relative = relative_error(info, mean, f.example.expected);
    ck_assert_msg(relative <= (exact ? 1e-13 : 1e-5), "case %d: gradient of %s is off by %g", _i,
                  info->name, relative);
  }
  free(mean);
  tear_down(&f);
}
END_TEST

START_TEST(test_loss_is_the_textbooks)
{
  struct Fixture f;
  set_up(&f, _i, NULL);
  double loss = example_loss(&f.example, false, NULL);
  ck_assert_double_eq_tol(evaluate(&f, SUBSET_TEST).loss, loss, 2e-6 * loss);
  tear_down(&f);
}
END_TEST

/* The first step of a warm-up moves no parameter but by its moments alone; the second does. */
START_TEST(a_step_trains)
{
  struct Fixture f;
  set_up(&f, _i, NULL);
  struct Performance first = evaluate(&f, SUBSET_TRAIN);
  step(&f);
  struct Performance second = evaluate(&f, SUBSET_TRAIN);
  step(&f);
  struct Performance third = evaluate(&f, SUBSET_TRAIN);
  ck_assert(first.loss == second.loss);
  ck_assert(second.loss != third.loss);
  fetch(&f);
  ck_assert_int_eq(f.state.step, 2);
  tear_down(&f);
}
END_TEST

START_TEST(evaluation_gives_the_bits_of_a_step)
{
  struct Fixture f;
  if (trainings[_i / N_EXAMPLES].in_batches) return;
  set_up(&f, _i, NULL);
  for (int epoch = 0; epoch < 3; epoch++) {
    struct Performance one = evaluate(&f, SUBSET_TRAIN), two = step(&f);
    ck_assert(one.loss == two.loss && one.accuracy == two.accuracy);
  }
  tear_down(&f);
}
END_TEST

/* The parameters after 21 epochs, of which number i has threads[i % 7] threads. If `apart`, the
   state is taken out now and then and put into another engine; otherwise, both subsets are
   evaluated now and then, which must leave no trace. */
static void train_with(struct Fixture *f, int which, const int threads[7], bool apart)
{
  omp_set_num_threads(MOST_THREADS);
  set_up(f, which, NULL);
  for (int epoch = 0; epoch < 21; epoch++) {
    omp_set_num_threads(threads[epoch % 7]);
    if (!apart && epoch % 4 == 1) evaluate(f, SUBSET_TEST);
    if (!apart && epoch % 5 == 1) evaluate(f, SUBSET_TRAIN);
    step(f);
    if (!apart || epoch % 5 != 2) continue;
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
  size_t size = one->state.total * precision_size(one->state.precision);
  ck_assert_int_eq(one->state.step, other->state.step);
  ck_assert_mem_eq(one->state.values, other->state.values, size);
  ck_assert_mem_eq(one->state.m, other->state.m, size);
  if (one->state.v) ck_assert_mem_eq(one->state.v, other->state.v, size);
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

/* From the same initial values, as long as rounding errors stay small. */
START_TEST(float32_follows_float64)
{
  static const char *const single[] = {"train.precision=float32", NULL};
  static const char *const twice[] = {"train.precision=float64", NULL};
  if (strcmp(trainings[_i / N_EXAMPLES].engine, "factored") == 0) return;
  struct Fixture one, other;
  set_up(&one, _i, single);
  set_up(&other, _i, twice);
  ck_assert(one.state.precision != other.state.precision);
  for (int epoch = 0; epoch < 4; epoch++) {
    double found = step(&one).loss, expected = step(&other).loss;
    ck_assert_msg(fabs(found - expected) <= 1e-4 * expected, "case %d, epoch %d: %g, expected %g",
                  _i, epoch, found, expected);
  }
  tear_down(&one);
  tear_down(&other);
}
END_TEST

/* ---- sequences ---- */

/* Tasks whose steps draw fresh examples, or go through a set of them in batches; of some, not all
   answers count. Case _i is task _i / 2, in precision _i % 2. */
static const char *const tasks[][MOST_SETTINGS + 1] = {
    {"data.task=digits", "data.digits=2", "train.batch_size=33"},
    {"data.task=digits", "data.digits=3", "train.batch_size=13", "data.examples=40"},
    {"data.task=subsequence", "data.vocabulary=11", "data.length=12", "data.run=3",
     "train.batch_size=64", "model.n_layers=2"},
    {"data.task=skip-trigram", "data.vocabulary=14", "data.length=7", "data.examples=50",
     "model.layer_norm=pre", "model.registers=1"},
};
enum { N_TASKS = sizeof tasks / sizeof *tasks };

struct Sequences {
  struct Config config;
  struct Dataset dataset;
  struct Parameters parameters;
  struct Engine *engine;
  struct TrainingState state;
};

static void open_sequences(struct Sequences *s)
{
  struct Error error = {0};
  ck_assert_msg(engine_open(&s->engine, "auto", &s->config, &s->dataset, &error), "%s",
                error.message);
  ck_assert(engine_load(s->engine, &s->state, &error));
}

static void sequences_init(struct Sequences *s, int which, const char *const *further)
{
  static const char *const small[] = {"model.d_model=12", "model.n_heads=2", "model.d_head=5",
                                      "model.d_mlp=17"};
  struct Error error = {0};
  config_init(&s->config);
  s->config.train.precision = which % 2 ? PRECISION_FLOAT64 : PRECISION_FLOAT32;
  for (size_t i = 0; i < sizeof small / sizeof *small; i++)
    ck_assert(config_override(&s->config, small[i], &error));
  for (int i = 0; i <= MOST_SETTINGS && tasks[which / 2][i]; i++)
    ck_assert(config_override(&s->config, tasks[which / 2][i], &error));
  for (; further && *further; further++)
    ck_assert(config_override(&s->config, *further, &error));
  ck_assert_msg(config_check(&s->config, &error), "%s", error.message);
  ck_assert(dataset_init(&s->dataset, &s->config.data, &error));
  ck_assert(parameters_init(&s->parameters, &s->config, &error));
  parameters_initialise(&s->parameters, 1);
  ck_assert(training_state_init(&s->state, &s->config, s->parameters.total, &error));
  training_state_start(&s->state, &s->parameters);
  open_sequences(s);
}

static void sequences_release(struct Sequences *s)
{
  engine_close(s->engine);
  training_state_release(&s->state);
  parameters_release(&s->parameters);
  dataset_release(&s->dataset);
}

/* Sums over examples, by a network in double precision, one after the other. */
struct Sums {
  struct Textbook network;
  struct Examples examples;
  double *values, *gradient; /* [total] */
  double loss, by_position[64];
  size_t n, counted, correct;
};

static void sums_init(struct Sums *sums, const struct Sequences *s)
{
  struct Error error = {0};
  *sums = (struct Sums){0};
  ck_assert(textbook_init(&sums->network, &s->parameters.shape, &s->config.model, 1, &error));
  ck_assert(examples_init(&sums->examples, &s->config, &s->dataset, &error));
  sums->values = calloc(2 * s->parameters.total, sizeof *sums->values);
  sums->gradient = sums->values + s->parameters.total;
  for (size_t i = 0; i < s->parameters.total; i++)
    sums->values[i] = (double)s->parameters.values[i];
}

static void sums_release(struct Sums *sums)
{
  textbook_release(&sums->network);
  examples_release(&sums->examples);
  free(sums->values);
}

static void add_example(struct Sums *sums, const int *tokens, const int *answers)
{
  textbook_forward(&sums->network, sums->values, tokens, 1);
  textbook_losses(&sums->network, answers, 1, 1, &sums->loss, &sums->correct, sums->by_position);
  textbook_backward(&sums->network, sums->values, tokens, 1, sums->gradient);
  sums->n++;
  for (size_t i = 0; i < sums->examples.R; i++)
    sums->counted += answers[i] >= 0;
}

static void expect_performance(const struct Sums *sums, const struct Config *config,
                               struct Performance found)
{
  const double tolerance = config->train.precision == PRECISION_FLOAT64 ? 1e-13 : 2e-6;
  double loss = sums->loss / (double)sums->counted;
  ck_assert_double_eq_tol(found.loss, loss, tolerance * loss);
  ck_assert(found.accuracy == (double)sums->correct / (double)sums->counted);
  size_t n_tokens = performance_n_tokens(config);
  ck_assert_uint_eq(n_tokens, config->data.task == TASK_DIGITS ? sums->examples.R : 0);
  for (size_t i = 0; i < PERFORMANCE_MOST_TOKENS; i++) {
    double of_token = i < n_tokens ? sums->by_position[i] / (double)sums->n : 0;
    ck_assert(fabs(found.token_losses[i] - of_token) <= tolerance * of_token);
  }
}

/* The parameters stay what they are, so that each of the steps is that of the initial ones. */
START_TEST(sequences_are_trained_on)
{
  struct Sequences s;
  struct Sums sums;
  struct Performance found;
  struct Error error = {0};
  int tokens[64], answers[64];
  sequences_init(&s, _i, follow_gradient);
  sums_init(&sums, &s);
  const bool fresh = s.config.data.examples == 0;
  const double tolerance = _i % 2 ? 1e-13 : 1e-5;
  for (size_t i = 0; i < sums.examples.n[SUBSET_TEST]; i++) {
    examples_get(&sums.examples, SUBSET_TEST, i, tokens, answers);
    add_example(&sums, tokens, answers);
  }
  ck_assert(engine_evaluate(s.engine, SUBSET_TEST, &found, &error));
  expect_performance(&sums, &s.config, found);
  sums_release(&sums);
  for (int64_t step = 0; step < 3; step++) {
    sums_init(&sums, &s);
    size_t n = fresh ? (size_t)s.config.train.batch_size : sums.examples.n[SUBSET_TRAIN];
    for (size_t i = 0; i < n; i++) {
      if (fresh)
        examples_draw(&sums.examples, step, i, tokens, answers);
      else
        examples_get(&sums.examples, SUBSET_TRAIN, i, tokens, answers);
      add_example(&sums, tokens, answers);
    }
    ck_assert(engine_evaluate(s.engine, SUBSET_TRAIN, &found, &error));
    expect_performance(&sums, &s.config, found);
    struct Performance before;
    ck_assert(engine_step(s.engine, &before, &error));
    ck_assert(engine_fetch(s.engine, &s.state, &error));
    if (fresh || s.config.train.batch_size == 0) {
      ck_assert_mem_eq(&before, &found, sizeof before);
      for (int k = 0; k < s.parameters.n; k++) {
        const struct ParameterInfo *info = &s.parameters.info[k];
        double off = 0, size = 0;
        for (size_t i = info->offset; i < info->offset + info->count; i++) {
          double m = training_state_number(&s.state, s.state.m, i) / (double)GRADIENT_SCALE;
          double expected = sums.gradient[i] / (double)sums.counted;
          off += pow(m - expected, 2);
          size += pow(expected, 2);
        }
        ck_assert_msg(sqrt(off) <= tolerance * sqrt(size), "case %d: gradient of %s is off by %g",
                      _i, info->name, sqrt(off / size));
      }
    }
    sums_release(&sums);
  }
  sequences_release(&s);
}
END_TEST

START_TEST(sequences_have_the_same_bits_whatever_the_threads)
{
  struct Sequences one, many;
  struct Performance of_one, of_many;
  struct Error error = {0};
  int before = omp_get_max_threads();
  omp_set_num_threads(MOST_THREADS);
  sequences_init(&one, _i, NULL);
  sequences_init(&many, _i, NULL);
  for (int epoch = 0; epoch < 12; epoch++) {
    omp_set_num_threads(1);
    ck_assert(engine_step(one.engine, &of_one, &error));
    omp_set_num_threads(1 + epoch % MOST_THREADS);
    if (epoch % 3 == 1) ck_assert(engine_evaluate(many.engine, SUBSET_TRAIN, &of_many, &error));
    ck_assert(engine_step(many.engine, &of_many, &error));
    ck_assert_mem_eq(&of_one, &of_many, sizeof of_one);
    if (epoch % 4 != 3) continue;
    ck_assert(engine_fetch(many.engine, &many.state, &error));
    engine_close(many.engine);
    omp_set_num_threads(MOST_THREADS);
    open_sequences(&many);
  }
  ck_assert(engine_fetch(one.engine, &one.state, &error));
  ck_assert(engine_fetch(many.engine, &many.state, &error));
  omp_set_num_threads(before);
  size_t size = one.state.total * precision_size(one.state.precision);
  ck_assert_mem_eq(one.state.values, many.state.values, size);
  sequences_release(&one);
  sequences_release(&many);
}
END_TEST

/* ---- which engine ---- */

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
  /* settings that change what is recorded of a training, not the training */
  static const char *const recorded[] = {"train.snapshot_until=4", "train.snapshot_later=7"};
  for (size_t i = 0; i < sizeof recorded / sizeof *recorded; i++)
    ck_assert(config_override(&example.config, recorded[i], &error));
  ck_assert(engine_open(&engine, "auto", &example.config, &example.dataset, &error));
  ck_assert_str_eq(engine_name(engine), "factored");
  engine_close(engine);
  ck_assert(engine_open(&engine, "textbook", &example.config, &example.dataset, &error));
  ck_assert_str_eq(engine_name(engine), "textbook");
  ck_assert_msg(strncmp(engine_bits(engine), "textbook, OpenBLAS 0", 20) == 0, "%s",
                engine_bits(engine));
  engine_close(engine);
  ck_assert(!engine_open(&engine, "blackboard", &example.config, &example.dataset, &error));
  static const char expected[] =
      "--engine: found \"blackboard\", expected auto, factored, textbook";
  ck_assert_msg(strncmp(error.message, expected, sizeof expected - 1) == 0, "%s", error.message);
  ck_assert_ptr_null(engine);
  example_release(&example);
}
END_TEST

START_TEST(auto_takes_an_engine_that_can)
{
  for (int i = 1; i < N_TRAININGS; i++) {
    struct Fixture f;
    struct Engine *engine;
    struct Error error = {0};
    set_up(&f, i * N_EXAMPLES, NULL);
    ck_assert(engine_open(&engine, "auto", &f.example.config, &f.example.dataset, &error));
    ck_assert_str_eq(engine_name(engine), i == 1 ? "factored" : "textbook");
    engine_close(engine);
    tear_down(&f);
  }
}
END_TEST

/* A network of a trillion parameters. */
START_TEST(a_network_without_memory_is_an_error)
{
  struct Example example;
  struct Engine *engine;
  struct Error error = {0};
  example_init(&example, 0);
  static const char *const large[] = {"model.n_layers=64", "model.d_model=4096",
                                      "model.d_mlp=16384", "model.n_heads=64",
                                      "model.d_head=1024", "train.precision=float64"};
  for (size_t i = 0; i < sizeof large / sizeof *large; i++)
    ck_assert(config_override(&example.config, large[i], &error));
  ck_assert(!engine_open(&engine, "textbook", &example.config, &example.dataset, &error));
  ck_assert_msg(strncmp(error.message, "this training needs ", 20) == 0 &&
                    strstr(error.message, " GiB of memory, ") &&
                    strstr(error.message, " GiB are available"),
                "%s", error.message);
  example_release(&example);
}
END_TEST

int main(void)
{
  struct Error error = {0};
  if (!threads_set(NULL, &error)) return EXIT_FAILURE; /* there may be fewer cores than threads */
  Suite *suite = suite_create("engines");
  TCase *tests = tcase_create("engines");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, gradients_are_the_textbooks, 0, N_CASES);
  tcase_add_loop_test(tests, test_loss_is_the_textbooks, 0, N_CASES);
  tcase_add_loop_test(tests, a_step_trains, 0, N_CASES);
  tcase_add_loop_test(tests, evaluation_gives_the_bits_of_a_step, 0, N_CASES);
  tcase_add_loop_test(tests, threads_that_come_and_go_change_no_bit, 0, N_CASES);
  tcase_add_loop_test(tests, float32_follows_float64, 0, N_CASES);
  tcase_add_loop_test(tests, sequences_are_trained_on, 0, 2 * N_TASKS);
  tcase_add_loop_test(tests, sequences_have_the_same_bits_whatever_the_threads, 0, 2 * N_TASKS);
  tcase_add_test(tests, auto_takes_the_factored_engine);
  tcase_add_test(tests, auto_takes_an_engine_that_can);
  tcase_add_test(tests, a_network_without_memory_is_an_error);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
