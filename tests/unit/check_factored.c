/* The parts of the factored step that have formulas of their own: activations on all pairs, the
   loss, AdamW, ties of attention scores, elementary functions. */
#include "base/elementary.h"
#include "base/memory.h"
#include "engine/activations.h"
#include "engine/adamw.h"
#include "engine/factored/attention.h"
#include "engine/factored/loss.h"
#include "engine/factored/step.h"
#include "example.h"
#include "network/flush.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* ---- activations ---- */

START_TEST(activations_are_the_textbooks)
{
  struct Example e;
  struct Activations activations;
  struct Error error = {0};
  example_init(&e, _i);
  ck_assert(activations_init(&activations, &e.parameters.shape, &e.config.model, 0, &error));
  ck_assert_ptr_nonnull(activations.factored);
  activations_forward(&activations, &e.parameters);
  int p = e.dataset.p, V = e.parameters.shape.V;
  double logits[256];
  for (int pair = 0; pair < p * p; pair += 3) {
    example_logits(&e.parameters, e.values, &e.config.model, pair / p, pair % p, logits);
    for (int c = 0; c < V; c++)
      ck_assert_double_eq_tol((double)activations.logits[pair * V + c], logits[c],
                              2e-5 * fmax(1, fabs(logits[c]) / 4));
  }
  activations_release(&activations);
  example_release(&e);
}
END_TEST

/* W_L[c][i] = sum over d of W_U[d][c] W_out[i][d] */
START_TEST(neuron_logit_map_is_the_product)
{
  struct Example e;
  example_init(&e, 2);
  const struct Shape *shape = &e.parameters.shape;
  int p = shape->p, m = shape->d_mlp, d = shape->d_model, V = shape->V;
  float *map = malloc((size_t)(p * m) * sizeof *map);
  ck_assert(map);
  activations_neuron_logit_map(&e.parameters, 0, map);
  const double *unembedding = e.values + e.parameters.info[W_U].offset;
  const double *out = e.values + e.parameters.info[W_OUT].offset;
  for (int c = 0; c < p; c++)
    for (int i = 0; i < m; i++) {
      double sum = 0;
      for (int k = 0; k < d; k++)
        sum += unembedding[k * V + c] * out[i * d + k];
      ck_assert_double_eq_tol((double)map[c * m + i], sum, 1e-5);
    }
  free(map);
  example_release(&e);
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
  struct Example e;
  struct Parameters gradient;
  struct AdamW adamw;
  struct Error error = {0};
  example_init(&e, 0);
  ck_assert(parameters_init(&gradient, &e.config, &error));
  size_t n = e.parameters.total;
  ck_assert(adamw_init(&adamw, n, &error));
  struct OptimizerConfig config = e.config.optimizer;
  config.warmup_steps = 4;
  struct Followed *followed = calloc(n, sizeof *followed);
  ck_assert_ptr_nonnull(followed);
  for (size_t i = 0; i < n; i++)
    followed[i].theta = (double)e.parameters.values[i];
  for (int s = 0; s < 60; s++) {
    for (size_t i = 0; i < n; i++) {
      double push = ((size_t)s + i) % 3 == 0 ? 0.1 : -0.2;
      gradient.values[i] = GRADIENT_SCALE * (e.parameters.values[i] * 0.5f + (float)push);
      follow(&followed[i], &config, s, followed[i].theta * 0.5 + push);
    }
    adamw_step(&adamw, &config, &gradient, &e.parameters);
    for (size_t i = 0; i < n; i++) {
      double theta = followed[i].theta, found = (double)e.parameters.values[i];
      ck_assert_msg(fabs(found - theta) <= 2e-6 * (1 + fabs(theta)),
                    "step %d, parameter %zu of %zu: %.9g, expected %.9g", s, i, n, found, theta);
    }
  }
  free(followed);
  adamw_release(&adamw);
  parameters_release(&gradient);
  example_release(&e);
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
  const struct AttentionSize size = {3, PADDED};
  static const double d[3] = {0.25, -0.5, 0.125}; /* of the loss by the weights */
  const float *given = ties[_i].scores;
  double e[3], total = 0, sum = d[0] + d[1] + d[2];
  for (int k = 0; k < 3; k++) {
    scores[k][0] = given[k];
    gradients[k][0] = (float)d[k];
    e[k] = exp((double)given[k] - (double)given[ties[_i].largest]);
    total += e[k] * (d[k] + sum);
  }
  attention_forward(ATTENTION_SOFTMAX1_UNNORMALISED, size, *scores, *weights);
  attention_backward(ATTENTION_SOFTMAX1_UNNORMALISED, size, *scores, *weights, *gradients);
  for (int k = 0; k < 3; k++) {
    ck_assert_double_eq_tol((double)weights[k][0], e[k] + e[0] + e[1] + e[2], 1e-6);
    double expected = e[k] * (d[k] + sum) - (k == ties[_i].largest ? total : 0);
    ck_assert_double_eq_tol((double)gradients[k][0], expected, 1e-6);
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

/* ---- bands ---- */

/* Networks with streams of more than 4 MB. */
static const char *const in_bands[][4] = {
    {"model.d_mlp=1024"},
    {"model.d_mlp=1024", "model.attention=softmax1", "model.activation=gelu"},
    {"model.d_mlp=1024", "model.registers=2", "model.n_heads=1"},
    {"model.d_mlp=1024", "data.equals=false"},
};

struct Gradient {
  struct Parameters values;
  float *T1; /* of T^1 */
  size_t T1_size;
  struct Performance before;
  size_t n_bands;
};

/* A few steps of plain gradient descent, with a step that has room for so many threads. Large
   scores make some attention weights so small that sums over a band are below SMALLEST and those
   over all bands are not. */
static void descend(struct Gradient *gradient, const struct Config *config,
                    const struct Dataset *dataset, int room, int threads)
{
  struct Step step;
  struct Parameters parameters;
  struct Error error = {0};
  omp_set_num_threads(room);
  ck_assert(step_init(&step, config, dataset, &error));
  omp_set_num_threads(threads);
  gradient->n_bands = step.n_bands;
  ck_assert(parameters_init(&parameters, config, &error));
  ck_assert(parameters_init(&gradient->values, config, &error));
  parameters_initialise(&parameters, 0);
  const struct ParameterInfo *W_K_info = &parameters.info[W_K];
  for (size_t i = 0; i < W_K_info->count; i++)
    parameters.values[W_K_info->offset + i] *= 250.0f;
  for (int epoch = 0; epoch < 3; epoch++) {
    step_prepare(&step, &parameters);
    gradient->before = step_gradient(&step, &parameters, &gradient->values);
    for (size_t i = 0; i < parameters.total; i++)
      parameters.values[i] =
          flush(parameters.values[i] - 0.1f / GRADIENT_SCALE * gradient->values.values[i]);
  }
  gradient->T1_size =
      (size_t)step.factors.shape.p * (size_t)step.factors.shape.H * step.factors.width;
  gradient->T1 = memory_new(gradient->T1_size, sizeof *gradient->T1, "a gradient", &error);
  ck_assert(gradient->T1);
  memcpy(gradient->T1, step.gradients.T1, gradient->T1_size * sizeof *gradient->T1);
  for (size_t i = 0; i < gradient->T1_size; i++)
    ck_assert(flush(gradient->T1[i]) == gradient->T1[i]);
  parameters_release(&parameters);
  step_release(&step);
}

static void expect_same_gradient(const struct Gradient *one, const struct Gradient *other)
{
  ck_assert_mem_eq(&one->before, &other->before, sizeof one->before);
  ck_assert_mem_eq(one->T1, other->T1, one->T1_size * sizeof *one->T1);
  ck_assert_mem_eq(one->values.values, other->values.values,
                   one->values.total * sizeof *one->values.values);
}

static void gradient_release(struct Gradient *gradient)
{
  parameters_release(&gradient->values);
  free(gradient->T1);
}

START_TEST(bands_change_no_bit)
{
  struct Config config;
  struct Dataset dataset;
  struct Error error = {0};
  int before = omp_get_max_threads();
  config_init(&config);
  const char *const sizes[] = {"data.modulus=61", "model.d_model=8"};
  for (size_t i = 0; i < 2; i++)
    ck_assert_msg(config_override(&config, sizes[i], &error), "%s", error.message);
  for (size_t i = 0; i < 4 && in_bands[_i][i]; i++)
    ck_assert_msg(config_override(&config, in_bands[_i][i], &error), "%s", error.message);
  ck_assert_msg(config_check(&config, &error), "%s", error.message);
  ck_assert(dataset_init(&dataset, &config.data, &error));
  struct Gradient banded, alone, shared;
  descend(&banded, &config, &dataset, 1, 1);
  descend(&alone, &config, &dataset, 2, 1);
  descend(&shared, &config, &dataset, 3, 3);
  omp_set_num_threads(before);
  ck_assert(banded.n_bands > 1 && alone.n_bands == 1 && shared.n_bands == 1);
  expect_same_gradient(&banded, &alone);
  expect_same_gradient(&banded, &shared);
  gradient_release(&banded);
  gradient_release(&alone);
  gradient_release(&shared);
  dataset_release(&dataset);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("factored");
  TCase *tests = tcase_create("factored");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, activations_are_the_textbooks, 0, N_EXAMPLES);
  tcase_add_test(tests, neuron_logit_map_is_the_product);
  tcase_add_test(tests, small_losses_keep_their_digits);
  tcase_add_test(tests, large_losses_do_not_overflow);
  tcase_add_test(tests, equal_logits_count_for_the_first);
  tcase_add_test(tests, adamw_follows_its_formulas);
  tcase_add_loop_test(tests, the_first_of_equal_scores_is_subtracted, 0,
                      (int)(sizeof ties / sizeof *ties));
  tcase_add_test(tests, elementary_functions_are_accurate);
  tcase_add_loop_test(tests, bands_change_no_bit, 0, (int)(sizeof in_bands / sizeof *in_bands));
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
