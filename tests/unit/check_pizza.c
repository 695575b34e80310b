/* Clock or pizza: gradients against finite differences, and the measures of networks and of logits
   for which they are known. */
#define REAL_BITS 64
#include "network/textbook.h"

#include "handmade.h"
#include "measures/clock_or_pizza.h"
#include "measures/gradient_symmetry.h"
#include "measures/singular_values.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- gradients ---- */

/* Networks of all kinds; the modulus is 7, and more is in `settings`. */
static const char *const kinds[][5] = {
    {"model.attention=softmax"},
    {"model.attention=softmax1", "model.activation=gelu"},
    {"model.attention=softmax1-unnormalised"},
    {"model.attention_rate=0.25", "data.equals=false"},
    {"data.equals=false", "model.registers=2"},
    {"model.registers=1", "model.n_layers=2", "model.attention_rate=0.5"},
    {"model.n_layers=3", "model.layer_norm=pre", "model.positions=sinusoidal"},
    {"model.layer_norm=post", "model.n_layers=2", "model.positions=none"},
    {"model.tied_embeddings=true", "data.operation=subtract"},
    {"model.d_mlp=0", "model.n_layers=2", "model.dropout=0.5"}};

enum { N_KINDS = sizeof kinds / sizeof *kinds, P = 7, D = 10 };

static void make(int kind, struct Config *config, struct Parameters *parameters)
{
  struct Error error = {0};
  static const char *const sizes[] = {"data.modulus=7", "model.d_model=10", "model.n_heads=2",
                                      "model.d_head=5", "model.d_mlp=20"};
  config_init(config);
  for (int i = 0; i < 5; i++)
    ck_assert(config_override(config, sizes[i], &error));
  for (int i = 0; i < 5 && kinds[kind][i]; i++)
    ck_assert_msg(config_override(config, kinds[kind][i], &error), "%s", error.message);
  ck_assert_msg(config_check(config, &error), "%s", error.message);
  ck_assert(parameters_init(parameters, config, &error));
  parameters_initialise(parameters, kind);
  for (size_t i = 0; i < parameters->total; i++) /* so that attention is not uniform */
    parameters->values[i] *= 2;
}

/* The logit of a triple, with the embedding of its first or second number off by h in one
   dimension. */
static double logit_at(const struct Parameters *parameters, const struct ModelConfig *config,
                       struct Triple triple, int position, size_t dimension, double h)
{
  struct Textbook network;
  struct Error error;
  struct ModelConfig model = *config;
  model.dropout = 0;
  ck_assert(textbook_init(&network, &parameters->shape, &model, 1, &error));
  double *values = malloc(parameters->total * sizeof *values);
  for (size_t i = 0; i < parameters->total; i++)
    values[i] = (double)parameters->values[i];
  values[(size_t)(position == 0 ? triple.a : triple.b) * D + dimension] += h;
  const int tokens[] = {triple.a, triple.b, parameters->shape.p};
  textbook_forward(&network, values, tokens, 1);
  double logit = network.logits[triple.c];
  textbook_release(&network);
  free(values);
  return logit;
}

static void slopes(const struct Parameters *parameters, const struct ModelConfig *config,
                   struct Triple triple, int position, double *slope)
{
  const double h = 1e-6;
  for (size_t i = 0; i < D; i++)
    slope[i] = (logit_at(parameters, config, triple, position, i, h) -
                logit_at(parameters, config, triple, position, i, -h)) /
               (2 * h);
}

/* The numbers are different, and none of them is the output: a tied W_U adds nothing. */
START_TEST(cosines_are_those_of_finite_differences)
{
  struct Config config;
  struct Parameters parameters;
  struct Error error;
  const struct Triple triples[] = {{0, 1, 2}, {5, 3, 0}, {6, 2, 4}};
  double cosines[3], of_a[D], of_b[D];
  make(_i, &config, &parameters);
  struct GradientSymmetry *symmetry =
      gradient_symmetry_new(&parameters.shape, &config.model, &error);
  ck_assert_ptr_nonnull(symmetry);
  gradient_symmetry_cosines(symmetry, &parameters, triples, 3, cosines);
  for (int i = 0; i < 3; i++) {
    double dot = 0, aa = 0, bb = 0;
    slopes(&parameters, &config.model, triples[i], 0, of_a);
    slopes(&parameters, &config.model, triples[i], 1, of_b);
    for (int j = 0; j < D; j++) {
      dot += of_a[j] * of_b[j];
      aa += of_a[j] * of_a[j];
      bb += of_b[j] * of_b[j];
    }
    ck_assert_double_eq_tol(cosines[i], dot / sqrt(aa * bb), 1e-6);
  }
  gradient_symmetry_free(symmetry);
  parameters_release(&parameters);
}
END_TEST

/* More triples than a batch has: each as if it were alone. */
START_TEST(batches_do_not_matter)
{
  enum { N = 150 };
  struct Config config;
  struct Parameters parameters;
  struct Error error;
  struct Triple triples[N];
  double cosines[N], alone;
  make(0, &config, &parameters);
  struct GradientSymmetry *symmetry =
      gradient_symmetry_new(&parameters.shape, &config.model, &error);
  ck_assert_ptr_nonnull(symmetry);
  for (size_t i = 0; i < N; i++)
    triples[i] = gradient_symmetry_triple(P, i);
  gradient_symmetry_cosines(symmetry, &parameters, triples, N, cosines);
  for (size_t i = 0; i < N; i++) {
    gradient_symmetry_cosines(symmetry, &parameters, &triples[i], 1, &alone);
    ck_assert_double_eq_tol(cosines[i], alone, 1e-12);
  }
  gradient_symmetry_free(symmetry);
  parameters_release(&parameters);
}
END_TEST

/* Attention of rate 0 weighs all positions alike: what b has beyond a is the skip connection from
   the position that is read, and with "=" nothing. */
START_TEST(a_constant_attention_is_symmetric)
{
  struct Config config;
  struct Parameters parameters;
  struct Error error;
  make(0, &config, &parameters);
  config.model.attention_rate = 0;
  struct GradientSymmetry *symmetry =
      gradient_symmetry_new(&parameters.shape, &config.model, &error);
  ck_assert_ptr_nonnull(symmetry);
  for (size_t i = 0; i < 20; i++) {
    struct Triple triple = gradient_symmetry_triple(P, i);
    double cosine;
    gradient_symmetry_cosines(symmetry, &parameters, &triple, 1, &cosine);
    ck_assert_double_eq_tol(cosine, 1, 1e-12);
  }
  gradient_symmetry_free(symmetry);
  parameters_release(&parameters);
}
END_TEST

/* Without heads the position of b does not see a. */
START_TEST(a_gradient_of_zero_has_no_cosine)
{
  struct Config config;
  struct Parameters parameters;
  struct Error error;
  const struct Triple triple = {1, 2, 3};
  double cosine = 0;
  config_init(&config);
  ck_assert(config_override(&config, "model.n_heads=0", &error));
  ck_assert(config_override(&config, "data.equals=false", &error));
  ck_assert(parameters_init(&parameters, &config, &error));
  parameters_initialise(&parameters, 0);
  struct GradientSymmetry *symmetry =
      gradient_symmetry_new(&parameters.shape, &config.model, &error);
  ck_assert_ptr_nonnull(symmetry);
  gradient_symmetry_cosines(symmetry, &parameters, &triple, 1, &cosine);
  ck_assert(isnan(cosine));
  gradient_symmetry_free(symmetry);
  parameters_release(&parameters);
}
END_TEST

START_TEST(triples_are_a_list_of_uniform_numbers)
{
  enum { N = 6000, MODULUS = 5 };
  int counts[3][MODULUS] = {{0}}, same = 0;
  for (size_t i = 0; i < N; i++) {
    struct Triple triple = gradient_symmetry_triple(MODULUS, i);
    const int numbers[3] = {triple.a, triple.b, triple.c};
    for (int j = 0; j < 3; j++) {
      ck_assert_int_ge(numbers[j], 0);
      ck_assert_int_lt(numbers[j], MODULUS);
      counts[j][numbers[j]]++;
    }
    same += triple.a == triple.b;
  }
  for (int j = 0; j < 3; j++)
    for (int x = 0; x < MODULUS; x++) /* within five standard deviations, 31 each */
      ck_assert_int_lt(abs(counts[j][x] - N / MODULUS), 155);
  ck_assert_int_lt(abs(same - N / MODULUS), 155);
}
END_TEST

START_TEST(means_leave_out_what_is_not_there)
{
  static const double cosines[] = {0.5, NAN, -0.5, 0.9};
  struct SymmetryMean mean = gradient_symmetry_mean(cosines, 4);
  ck_assert_double_eq_tol(mean.mean, 0.3, 1e-15);
  /* deviations 0.2, -0.8, 0.6: squares 1.04, over 3 * 2 */
  ck_assert_double_eq_tol(mean.error, sqrt(1.04 / 6), 1e-15);
  ck_assert(isnan(gradient_symmetry_mean(cosines + 1, 1).mean));
  ck_assert(isnan(gradient_symmetry_mean(cosines, 1).error));
  ck_assert_double_eq(gradient_symmetry_mean(cosines, 1).mean, 0.5);
}
END_TEST

/* ---- distance irrelevance ---- */

/* The correct logit is f(answer) + g(distance); the others are what must not be read. */
struct Parts {
  int p;
  enum DirectionSign sign;
  double of_answer[16], of_distance[16];
};

static long double two_parts(const void *context, int a, int b, int c)
{
  const struct Parts *parts = context;
  int answer = direction_residue(parts->p, parts->sign, a, b);
  int distance = direction_residue(parts->p, (enum DirectionSign) - parts->sign, b, a);
  if (c != answer) return 100 + c;
  return (long double)parts->of_answer[answer] + (long double)parts->of_distance[distance];
}

/* Of logits[p^2][V], of which a row is looked at, and then the others. */
static double irrelevance_of(int p, enum DirectionSign sign, const float *logits, int V)
{
  float correct[16 * 16];
  const struct LogitRows first = {logits, (size_t)V, 0, 1};
  const struct LogitRows others = {logits + p * V, (size_t)V, 1, p};
  clock_or_pizza_correct_logits(p, sign, &first, correct);
  clock_or_pizza_correct_logits(p, sign, &others, correct);
  return clock_or_pizza_distance_irrelevance(p, sign, correct);
}

static double irrelevance(const struct Parts *parts)
{
  float logits[16 * 16 * 17];
  int p = parts->p, V = p + 1;
  logits_of_formula(p, two_parts, parts, 1000, V, logits);
  return irrelevance_of(p, parts->sign, logits, V);
}

static double variance(int n, const double *values)
{
  double sum = 0, squares = 0;
  for (int i = 0; i < n; i++) {
    sum += values[i] / n;
    squares += values[i] * values[i] / n;
  }
  return squares - sum * sum;
}

static const int moduli[] = {7, 13, 15, 2, 12};

START_TEST(distance_irrelevance_of_known_logits)
{
  struct Parts parts = {.p = moduli[_i / 2], .sign = _i % 2 ? DIRECTION_SUM : DIRECTION_DIFFERENCE};
  ck_assert(isnan(irrelevance(&parts))); /* all are the same */
  for (int i = 0; i < parts.p; i++)
    parts.of_distance[i] = (i * i) % 5 + 0.25 * i;
  ck_assert_double_eq(irrelevance(&parts), 0); /* a pizza of one slice */
  for (int i = 0; i < parts.p; i++)
    parts.of_answer[i] = (i * 3) % 7 - 0.5 * i;
  if (parts.p % 2 == 0) return; /* answer and distance are both even or both odd */
  double answers = variance(parts.p, parts.of_answer),
         distances = variance(parts.p, parts.of_distance);
  ck_assert_double_eq_tol(irrelevance(&parts), sqrt(answers / (answers + distances)), 1e-6);
  memset(parts.of_distance, 0, sizeof parts.of_distance);
  ck_assert_double_eq_tol(irrelevance(&parts), 1, 1e-12); /* a clock */
}
END_TEST

/* ---- a network that is a pizza ---- */

/* Its correct logits are strength |cos(w_k (a - b) / 2)|, summed over two frequencies
   (handmade.h). */
static const struct Handmade pizza = {
    13, DIRECTION_SUM, true, {{1, 1.5, 8}, {5, 0.75, 7}, {4, 0.5, 0}}, 0, 0, 0};

static void bake(struct Config *config, struct Parameters *parameters)
{
  struct Error error;
  config_init(config);
  handmade_configure(&pizza, config);
  ck_assert(parameters_init(parameters, config, &error));
  handmade_fill(&pizza, parameters);
}

START_TEST(a_pizza_is_symmetric)
{
  struct Config config;
  struct Parameters parameters;
  struct Error error;
  bake(&config, &parameters);
  struct GradientSymmetry *symmetry =
      gradient_symmetry_new(&parameters.shape, &config.model, &error);
  ck_assert_ptr_nonnull(symmetry);
  for (size_t i = 0; i < 50; i++) {
    struct Triple triple = gradient_symmetry_triple(pizza.p, i);
    double cosine;
    gradient_symmetry_cosines(symmetry, &parameters, &triple, 1, &cosine);
    ck_assert(isnan(cosine) || fabs(cosine - 1) < 1e-6);
  }
  gradient_symmetry_free(symmetry);
  parameters_release(&parameters);
}
END_TEST

static long double correct_of_pizza(const void *context, int a, int b, int c)
{
  (void)context;
  int p = pizza.p, s = (a + b) % p;
  if (c != s) return 0;
  return 8 * fabsl(wave_cos(2 * p, 1, a - b)) + 7 * fabsl(wave_cos(2 * p, 5, a - b));
}

START_TEST(a_pizza_depends_on_distance_alone)
{
  float logits[13 * 13 * 13];
  logits_of_formula(13, correct_of_pizza, NULL, 0, 13, logits);
  ck_assert_double_lt(irrelevance_of(13, DIRECTION_SUM, logits, 13), 1e-6);
}
END_TEST

/* Waves of three frequencies in directions of their own, of amplitudes 1.5, 0.75 and 0.5. */
START_TEST(an_embedding_of_waves_is_circular)
{
  struct Config config;
  struct Parameters parameters;
  struct PrincipalComponents components;
  struct FourierBasis basis;
  struct Error error;
  bake(&config, &parameters);
  ck_assert(fourier_basis_init(&basis, pizza.p, &error));
  ck_assert(principal_components_of_embedding(&components, &parameters, &error));
  ck_assert_double_eq_tol(clock_or_pizza_circularity(&basis, &components), 1, 1e-6);
  principal_components_release(&components);
  /* one direction with 0.6 and 0.8 of two frequencies: the stronger has 0.64 of the squares */
  double column[13];
  for (int x = 0; x < 13; x++)
    column[x] = (double)(0.6L * wave_cos(13, 2, x) + 0.8L * wave_sin(13, 3, x));
  ck_assert(principal_components_init(&components, 13, 1, column, &error));
  ck_assert_double_eq_tol(clock_or_pizza_circularity(&basis, &components), 0.64, 1e-12);
  principal_components_release(&components);
  fourier_basis_release(&basis);
  parameters_release(&parameters);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pizza");
  TCase *tests = tcase_create("pizza");
  singular_values_threads(1);
  tcase_add_loop_test(tests, cosines_are_those_of_finite_differences, 0, N_KINDS);
  tcase_add_test(tests, batches_do_not_matter);
  tcase_add_test(tests, a_constant_attention_is_symmetric);
  tcase_add_test(tests, a_gradient_of_zero_has_no_cosine);
  tcase_add_test(tests, triples_are_a_list_of_uniform_numbers);
  tcase_add_test(tests, means_leave_out_what_is_not_there);
  tcase_add_loop_test(tests, distance_irrelevance_of_known_logits, 0, 10);
  tcase_add_test(tests, a_pizza_is_symmetric);
  tcase_add_test(tests, a_pizza_depends_on_distance_alone);
  tcase_add_test(tests, an_embedding_of_waves_is_circular);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failures = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
