/* The fast step checked against the textbook network, and that against finite differences. */
#include "base/elementary.h"
#include "engine/adamw.h"
#include "engine/factored/activations.h"
#include "engine/factored/attention.h"
#include "engine/factored/loss.h"
#include "engine/factored/step.h"
#include "network/flush.h"
#include "reference.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* A network of an unusual size, its data set, and parameters somewhat larger than initial ones,
   so that attention is not uniform and biases are not zero. */
struct Fixture {
  struct Config config;
  struct Dataset dataset;
  struct Parameters parameters, gradient;
  double *values, *expected;
};

static const char *const cases[][8] = {
    {"data.modulus=5", "model.n_heads=1", "model.d_head=3", "model.d_model=7", "model.d_mlp=9"},
    {"data.modulus=13", "model.n_heads=2", "model.d_head=8", "model.d_model=16", "model.d_mlp=24"},
    {"data.modulus=12", "model.n_heads=3", "model.d_head=5", "model.d_model=20", "model.d_mlp=37",
     "model.activation=gelu"},
    {"data.modulus=7", "model.n_heads=4", "model.d_head=4", "model.d_model=16", "model.d_mlp=64",
     "model.biases=false"},
    {"data.modulus=11", "model.n_heads=5", "model.d_head=6", "model.d_model=24", "model.d_mlp=40",
     "model.activation=gelu", "model.biases=false", "model.output_equals=false"},
    {"data.modulus=17", "model.n_heads=8", "model.d_head=4", "model.d_model=32", "model.d_mlp=48",
     "data.operation=quadratic"},
    {"data.modulus=16", "model.n_heads=4", "model.d_head=8", "model.d_model=32", "model.d_mlp=32",
     "model.output_equals=false", "data.operation=subtract"},
    {"data.modulus=2", "model.n_heads=2", "model.d_head=2", "model.d_model=4", "model.d_mlp=8",
     "data.train_fraction=0.5"},
    {"data.modulus=13", "model.n_heads=4", "model.d_head=8", "model.d_model=32", "model.d_mlp=48",
     "model.attention=softmax1"},
    {"data.modulus=13", "model.n_heads=3", "model.d_head=8", "model.d_model=32", "model.d_mlp=48",
     "model.attention=uniform", "data.operation=random"},
    {"data.modulus=13", "model.n_heads=2", "model.d_head=8", "model.d_model=32", "model.d_mlp=48",
     "model.attention=softmax1-unnormalised"},
    {"data.modulus=31"}, /* the paper's widths */
};
enum { N_CASES = sizeof cases / sizeof *cases };

static void set_up(struct Fixture *f, int which)
{
  struct Error error = {0};
  config_init(&f->config);
  for (int i = 0; i < 8 && cases[which][i]; i++)
    ck_assert_msg(config_override(&f->config, cases[which][i], &error), "%s", error.message);
  ck_assert_msg(config_check(&f->config, &error), "%s", error.message);
  ck_assert(dataset_init(&f->dataset, &f->config.data, &error));
  ck_assert(parameters_init(&f->parameters, &f->config, &error));
  ck_assert(parameters_init(&f->gradient, &f->config, &error));
  parameters_initialise(&f->parameters, which);
  size_t total = f->parameters.total;
  float *values = f->parameters.values;
  for (size_t i = 0; i < total; i++)
    values[i] *= 1.5f;
  for (int which_bias = 0; which_bias < 2 && f->config.model.biases; which_bias++) {
    enum Parameter bias = which_bias ? B_OUT : B_IN;
    float *b = parameters_at(&f->parameters, bias);
    for (size_t i = 0; i < f->parameters.info[bias].count; i++)
      b[i] = 0.3f * (float)elementary_cos_turns((long long)(i * i), 17);
  }
  f->values = malloc(total * sizeof *f->values);
  f->expected = malloc(total * sizeof *f->expected);
  ck_assert(f->values && f->expected);
  for (size_t i = 0; i < total; i++)
    f->values[i] = (double)values[i];
}

static void tear_down(struct Fixture *f)
{
  free(f->values);
  free(f->expected);
  parameters_release(&f->gradient);
  parameters_release(&f->parameters);
  dataset_release(&f->dataset);
}

static double relative_error(const struct Fixture *f, enum Parameter which)
{
  const struct ParameterInfo *info = &f->parameters.info[which];
  const float *found = parameters_at(&f->gradient, which);
  double error = 0, size = 0;
  for (size_t i = 0; i < info->count; i++) {
    double expected = f->expected[info->offset + i];
    error += pow((double)found[i] / (double)GRADIENT_SCALE - expected, 2);
    size += pow(expected, 2);
  }
  return size > 0 ? sqrt(error / size) : sqrt(error);
}

START_TEST(gradient_agrees_with_the_textbook)
{
  struct Fixture f;
  struct Step step;
  struct Error error = {0};
  set_up(&f, _i);
  ck_assert_msg(step_init(&step, &f.config, &f.dataset, &error), "%s", error.message);
  step_prepare(&step, &f.parameters);
  struct Performance train = step_gradient(&step, &f.parameters, &f.gradient);
  double loss =
      reference_loss(&f.parameters, f.values, &f.config.model, &f.dataset, true, f.expected);
  ck_assert_double_eq_tol(train.loss, loss, 2e-6 * loss);
  for (int i = 0; i < N_PARAMETERS; i++) {
    double relative = relative_error(&f, (enum Parameter)i);
    ck_assert_msg(relative <= 1e-5, "case %d: gradient of %s is off by %g", _i,
                  f.parameters.info[i].name, relative);
  }
  loss = reference_loss(&f.parameters, f.values, &f.config.model, &f.dataset, false, NULL);
  ck_assert_double_eq_tol(step_evaluate(&step, SUBSET_TEST).loss, loss, 2e-6 * loss);
  step_release(&step);
  tear_down(&f);
}
END_TEST

START_TEST(textbook_agrees_with_finite_differences)
{
  struct Fixture f;
  set_up(&f, _i);
  reference_loss(&f.parameters, f.values, &f.config.model, &f.dataset, true, f.expected);
  const double h = 1e-5;
  for (int which = 0; which < N_PARAMETERS; which++) {
    const struct ParameterInfo *info = &f.parameters.info[which];
    bool frozen = !f.config.model.biases && (which == B_IN || which == B_OUT);
    for (size_t k = 0; k < 5 && !frozen; k++) {
      size_t i = info->offset + (k * 7919 + 3) % info->count;
      double kept = f.values[i];
      f.values[i] = kept + h;
      double above =
          reference_loss(&f.parameters, f.values, &f.config.model, &f.dataset, true, NULL);
      f.values[i] = kept - h;
      double below =
          reference_loss(&f.parameters, f.values, &f.config.model, &f.dataset, true, NULL);
      f.values[i] = kept;
      ck_assert_msg(fabs((above - below) / (2 * h) - f.expected[i]) <= 1e-7,
                    "case %d: %s[%zu]: gradient %g, difference quotient %g", _i, info->name,
                    i - info->offset, f.expected[i], (above - below) / (2 * h));
    }
  }
  tear_down(&f);
}
END_TEST

START_TEST(evaluation_gives_the_bits_of_the_gradient_pass)
{
  struct Fixture f;
  struct Step step;
  struct Error error = {0};
  set_up(&f, _i);
  ck_assert(step_init(&step, &f.config, &f.dataset, &error));
  step_prepare(&step, &f.parameters);
  struct Performance one = step_gradient(&step, &f.parameters, &f.gradient);
  struct Performance two = step_evaluate(&step, SUBSET_TRAIN);
  ck_assert(one.loss == two.loss && one.accuracy == two.accuracy);
  step_release(&step);
  tear_down(&f);
}
END_TEST

/* No state may leak from one step into the next. */
START_TEST(steps_before_change_no_bit)
{
  struct Fixture f;
  struct Step step;
  struct Error error = {0};
  set_up(&f, _i);
  float *first = malloc(f.gradient.total * sizeof *first);
  ck_assert(first);
  ck_assert(step_init(&step, &f.config, &f.dataset, &error));
  for (int i = 0; i < 3; i++) {
    step_prepare(&step, &f.parameters);
    step_gradient(&step, &f.parameters, &f.gradient);
    step_evaluate(&step, SUBSET_TEST);
    if (i == 0) memcpy(first, f.gradient.values, f.gradient.total * sizeof *first);
    ck_assert_int_eq(memcmp(first, f.gradient.values, f.gradient.total * sizeof *first), 0);
  }
  step_release(&step);
  free(first);
  tear_down(&f);
}
END_TEST

START_TEST(threads_change_no_bit)
{
  struct Fixture f;
  struct Error error = {0};
  set_up(&f, _i);
  float *first = malloc(f.gradient.total * sizeof *first);
  ck_assert(first);
  int before = omp_get_max_threads();
  for (int threads = 1; threads <= 5; threads++) {
    struct Step step;
    omp_set_num_threads(threads);
    ck_assert(step_init(&step, &f.config, &f.dataset, &error));
    step_prepare(&step, &f.parameters);
    step_gradient(&step, &f.parameters, &f.gradient);
    step_release(&step);
    if (threads == 1) memcpy(first, f.gradient.values, f.gradient.total * sizeof *first);
    ck_assert_int_eq(memcmp(first, f.gradient.values, f.gradient.total * sizeof *first), 0);
  }
  omp_set_num_threads(before);
  free(first);
  tear_down(&f);
}
END_TEST

/* Trains for some epochs, of which the i-th has threads[i % 7] threads. */
static void train_with(struct Fixture *f, const int threads[7])
{
  struct Step step;
  struct AdamW adamw;
  struct Error error = {0};
  omp_set_num_threads(5);
  ck_assert(step_init(&step, &f->config, &f->dataset, &error));
  ck_assert(adamw_init(&adamw, f->parameters.total, &error));
  for (int epoch = 0; epoch < 21; epoch++) {
    omp_set_num_threads(threads[epoch % 7]);
    step_prepare(&step, &f->parameters);
    step_gradient(&step, &f->parameters, &f->gradient);
    adamw_step(&adamw, &f->config.optimizer, &f->gradient, &f->parameters);
  }
  adamw_release(&adamw);
  step_release(&step);
}

START_TEST(threads_that_come_and_go_change_no_bit)
{
  struct Fixture one, many;
  set_up(&one, _i);
  set_up(&many, _i);
  int before = omp_get_max_threads();
  train_with(&one, (const int[]){1, 1, 1, 1, 1, 1, 1});
  train_with(&many, (const int[]){5, 2, 1, 4, 3, 1, 5});
  omp_set_num_threads(before);
  ck_assert_int_eq(
      memcmp(one.parameters.values, many.parameters.values, one.parameters.total * sizeof(float)),
      0);
  tear_down(&one);
  tear_down(&many);
}
END_TEST

START_TEST(activations_are_the_textbooks)
{
  struct Fixture f;
  struct Activations activations;
  struct Error error = {0};
  set_up(&f, _i);
  ck_assert(activations_init(&activations, &f.parameters, &error));
  ck_assert(network_forward(&f.parameters, &f.config.model, &activations, &error));
  int p = f.dataset.p, V = f.parameters.shape.V;
  double logits[256];
  for (int pair = 0; pair < p * p; pair += 3) {
    reference_logits(&f.parameters, f.values, &f.config.model, pair / p, pair % p, logits);
    for (int c = 0; c < V; c++)
      ck_assert_double_eq_tol((double)activations.logits[pair * V + c], logits[c], 2e-5);
  }
  activations_release(&activations);
  tear_down(&f);
}
END_TEST

/* W_L[c][i] = sum over d of W_U[d][c] W_out[i][d] */
START_TEST(neuron_logit_map_is_the_product)
{
  struct Fixture f;
  set_up(&f, 2);
  const struct Shape *shape = &f.parameters.shape;
  int p = shape->p, m = shape->d_mlp, d = shape->d_model, V = shape->V;
  float *map = malloc((size_t)(p * m) * sizeof *map);
  ck_assert(map);
  network_neuron_logit_map(&f.parameters, map);
  const double *unembedding = f.values + f.parameters.info[W_U].offset;
  const double *out = f.values + f.parameters.info[W_OUT].offset;
  for (int c = 0; c < p; c++)
    for (int i = 0; i < m; i++) {
      double sum = 0;
      for (int e = 0; e < d; e++)
        sum += unembedding[e * V + c] * out[i * d + e];
      ck_assert_double_eq_tol((double)map[c * m + i], sum, 1e-5);
    }
  free(map);
  tear_down(&f);
}
END_TEST

/* ---- the loss ---- */

/* The loss of one pair; overwrites its logits with `scale` times the gradient. */
static double loss_gradient(float *logits, int n, int answer, float scale)
{
  double loss = 0;
  size_t correct = 0;
  const struct Logits one = {.pairs = 1,
                             .at = logits,
                             .n = n,
                             .answers = &answer,
                             .gradients = logits,
                             .scale = scale * GRADIENT_SCALE};
  loss_add(&one, &loss, &correct);
  for (int i = 0; i < n; i++)
    logits[i] /= GRADIENT_SCALE;
  return loss;
}

START_TEST(small_losses_keep_their_digits)
{
  /* n - 1 wrong logits at distance D: loss = log(1 + (n - 1) exp(-D)), gradient of the answer its
     negative probability of error */
  for (int n = 2; n <= 114; n += 7)
    for (double distance = 0; distance <= 32; distance += 0.5) {
      float logits[114];
      int answer = n / 2;
      for (int i = 0; i < n; i++)
        logits[i] = 3.0f;
      logits[answer] = (float)(3.0 + distance);
      long double error = (n - 1) * expl(-(long double)distance);
      bool correct;
      double loss = loss_of_pair(logits, n, answer, &correct);
      ck_assert_double_eq_tol(loss, (double)log1pl(error), 1e-6 * (double)log1pl(error));
      ck_assert_int_eq(correct, distance > 0 || answer == 0);
      ck_assert(loss == loss_gradient(logits, n, answer, 1.0f));
      double wrong = (double)(error / (1 + error));
      ck_assert_double_eq_tol((double)logits[answer], -wrong, 1e-6 * wrong);
      ck_assert_double_eq_tol((double)logits[n - 1 == answer ? 0 : n - 1], wrong / (n - 1),
                              1e-6 * wrong / (n - 1));
    }
}
END_TEST

START_TEST(large_losses_do_not_overflow)
{
  float logits[] = {-400.0f, 300.0f, 299.0f, -INFINITY};
  bool correct;
  double loss = loss_of_pair(logits, 4, 0, &correct);
  ck_assert_double_eq_tol(loss, 700.0 + log1p(exp(-1.0)), 1e-4);
  ck_assert(!correct);
  loss_gradient(logits, 4, 0, 2.0f);
  ck_assert_double_eq_tol((double)logits[0], -2.0, 1e-6);
  ck_assert_double_eq_tol((double)logits[1], 2.0 / (1.0 + exp(-1.0)), 1e-6);
  ck_assert_double_eq_tol((double)logits[2], 2.0 * exp(-1.0) / (1.0 + exp(-1.0)), 1e-6);
  ck_assert(logits[3] == 0.0f);
}
END_TEST

START_TEST(equal_logits_count_for_the_first)
{
  const float logits[] = {1, 1, 1};
  bool correct;
  loss_of_pair(logits, 3, 0, &correct);
  ck_assert(correct);
  loss_of_pair(logits, 3, 1, &correct);
  ck_assert(!correct);
}
END_TEST

/* ---- AdamW ---- */

/* One parameter under the formulas of the header, in double precision. */
struct Followed {
  double theta, m, v;
};

static void follow(struct Followed *followed, const struct OptimizerConfig *config, int s, double g)
{
  double warmup = s < config->warmup_steps ? (double)s / config->warmup_steps : 1;
  double rate = config->learning_rate * warmup;
  followed->m = config->beta1 * followed->m + (1 - config->beta1) * g;
  followed->v = config->beta2 * followed->v + (1 - config->beta2) * g * g;
  followed->theta *= 1 - rate * config->weight_decay;
  followed->theta -= rate / (1 - pow(config->beta1, s + 1)) * followed->m /
                     (sqrt(followed->v / (1 - pow(config->beta2, s + 1))) + config->epsilon);
}

/* Every parameter, from the first to the last, under a gradient of its own. */
START_TEST(adamw_follows_its_formulas)
{
  struct Fixture f;
  struct AdamW adamw;
  struct Error error = {0};
  set_up(&f, 0);
  size_t n = f.parameters.total;
  ck_assert(adamw_init(&adamw, n, &error));
  struct OptimizerConfig config = f.config.optimizer;
  config.warmup_steps = 4;
  struct Followed *followed = calloc(n, sizeof *followed);
  ck_assert_ptr_nonnull(followed);
  for (size_t i = 0; i < n; i++)
    followed[i].theta = (double)f.parameters.values[i];
  for (int s = 0; s < 60; s++) {
    for (size_t i = 0; i < n; i++) {
      double push = ((size_t)s + i) % 3 == 0 ? 0.1 : -0.2;
      f.gradient.values[i] = GRADIENT_SCALE * (f.parameters.values[i] * 0.5f + (float)push);
      follow(&followed[i], &config, s, followed[i].theta * 0.5 + push);
    }
    adamw_step(&adamw, &config, &f.gradient, &f.parameters);
    for (size_t i = 0; i < n; i++) {
      double theta = followed[i].theta, found = (double)f.parameters.values[i];
      ck_assert_msg(fabs(found - theta) <= 2e-6 * (1 + fabs(theta)),
                    "step %d, parameter %zu of %zu: %.9g, expected %.9g", s, i, n, found, theta);
    }
  }
  free(followed);
  adamw_release(&adamw);
  tear_down(&f);
}
END_TEST

/* ---- ties of attention scores ---- */

/* Of scores that are the largest together, the first is the one that is subtracted from all. */
static const struct {
  float scores[3];
  int largest;
} ties[] = {{{1, 1, 0}, 0}, {{0, 1, 1}, 1}, {{1, 0, 1}, 0}, {{2, 2, 2}, 0}, {{0, 1, 2}, 2}};

START_TEST(the_first_of_equal_scores_is_subtracted)
{
  enum { PADDED = 16 }; /* vectors are read whole */
  static _Alignas(64) float scores[3][PADDED], weights[3][PADDED], gradients[3][PADDED];
  static const double d[3] = {0.25, -0.5, 0.125}; /* of the loss by the weights */
  const float *given = ties[_i].scores;
  double e[3], total = 0, sum = d[0] + d[1] + d[2];
  for (int k = 0; k < 3; k++) {
    scores[k][0] = given[k];
    gradients[k][0] = (float)d[k];
    e[k] = exp((double)given[k] - (double)given[ties[_i].largest]);
    total += e[k] * (d[k] + sum);
  }
  float *const s[3] = {scores[0], scores[1], scores[2]};
  float *const w[3] = {weights[0], weights[1], weights[2]};
  float *const g[3] = {gradients[0], gradients[1], gradients[2]};
  attention_forward(ATTENTION_SOFTMAX1_UNNORMALISED, s, 1, w);
  attention_backward(ATTENTION_SOFTMAX1_UNNORMALISED, s, w, 1, g);
  for (int k = 0; k < 3; k++) {
    ck_assert_double_eq_tol((double)w[k][0], e[k] + e[0] + e[1] + e[2], 1e-6);
    double expected = e[k] * (d[k] + sum) - (k == ties[_i].largest ? total : 0);
    ck_assert_double_eq_tol((double)g[k][0], expected, 1e-6);
  }
}
END_TEST

/* ---- elementary functions ---- */

START_TEST(elementary_functions_are_accurate)
{
  for (double x = -700; x < 700; x += 0.37)
    ck_assert_double_eq_tol(elementary_exp(x) / exp(x), 1.0, 1e-15);
  ck_assert(elementary_exp(-800.0) == 0.0 && isinf(elementary_exp(800.0)));
  for (double x = 1e-300; x < 1e300; x *= 1.37)
    ck_assert_double_eq_tol(elementary_log(x), log(x), 1e-15 * fabs(log(x)) + 1e-16);
  for (double x = 1e-18; x < 1e18; x *= 1.13)
    ck_assert_double_eq_tol(elementary_log1p(x) / log1p(x), 1.0, 2e-15);
  for (double x = -0.9; x < 0; x += 0.01)
    ck_assert_double_eq_tol(elementary_log1p(x) / log1p(x), 1.0, 2e-15);
  double pi = acos(-1.0);
  for (long long d = 1; d < 130; d++)
    for (long long n = -2 * d; n <= 2 * d; n++) {
      double angle = 2 * pi * (double)n / (double)d;
      ck_assert_double_eq_tol(elementary_cos_turns(n, d), cos(angle), 4e-15);
      ck_assert_double_eq_tol(elementary_sin_turns(n, d), sin(angle), 4e-15);
    }
  ck_assert(elementary_cos_turns(1, 4) == 0.0 && elementary_sin_turns(1, 2) == 0.0);
  ck_assert(elementary_sin_turns(1, 4) == 1.0 && elementary_cos_turns(3, 6) == -1.0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("model");
  TCase *tests = tcase_create("model");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, gradient_agrees_with_the_textbook, 0, N_CASES);
  tcase_add_loop_test(tests, textbook_agrees_with_finite_differences, 0, N_CASES - 1);
  tcase_add_loop_test(tests, evaluation_gives_the_bits_of_the_gradient_pass, 0, N_CASES);
  tcase_add_loop_test(tests, steps_before_change_no_bit, 0, N_CASES);
  tcase_add_loop_test(tests, threads_change_no_bit, 0, N_CASES);
  tcase_add_loop_test(tests, threads_that_come_and_go_change_no_bit, 0, N_CASES);
  tcase_add_loop_test(tests, activations_are_the_textbooks, 0, N_CASES);
  tcase_add_test(tests, neuron_logit_map_is_the_product);
  tcase_add_test(tests, small_losses_keep_their_digits);
  tcase_add_test(tests, large_losses_do_not_overflow);
  tcase_add_test(tests, equal_logits_count_for_the_first);
  tcase_add_test(tests, adamw_follows_its_formulas);
  tcase_add_loop_test(tests, the_first_of_equal_scores_is_subtracted, 0,
                      (int)(sizeof ties / sizeof *ties));
  tcase_add_test(tests, elementary_functions_are_accurate);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
