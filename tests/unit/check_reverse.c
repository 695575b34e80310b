/* The analysis of a network (attention, W_L, logits, replaced parts), on functions with
   closed-form results, and on random networks against direct evaluation of the definitions. */
#include "base/memory.h"
#include "example.h"
#include "fourier/polynomial.h"
#include "fourier/transform.h"
#include "measures/attention.h"
#include "measures/logit_fit.h"
#include "measures/logit_spectrum.h"
#include "measures/neuron_logit.h"
#include "measures/ov_circuit.h"
#include "measures/replaced_attention.h"
#include "measures/replacement.h"
#include "measures/side_peaks.h"
#include "measures/spectrum.h"
#include "measures/spread.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* sums of at most a few thousand terms of magnitude 1 in double precision */
static const double rounding = 1e-11;

/* the same for values rounded to float: 2^-24, times two */
static const double float_rounding = 1.2e-7;

static const double pi = 3.14159265358979323846;

static double cos_w(int p, int k, int x)
{
  return cos(2 * pi * k * x / p);
}

static double sin_w(int p, int k, int x)
{
  return sin(2 * pi * k * x / p);
}

static struct FourierBasis new_basis(int p)
{
  struct FourierBasis basis;
  struct Error error;
  ck_assert_msg(fourier_basis_init(&basis, p, &error), "%s", error.message);
  return basis;
}

static void *new_array(size_t n, size_t size)
{
  struct Error error;
  void *values = memory_new(n, size, "test", &error);
  ck_assert_ptr_nonnull(values);
  return values;
}

static double *new_doubles(size_t n)
{
  return new_array(n, sizeof(double));
}

static float *new_floats(size_t n)
{
  return new_array(n, sizeof(float));
}

/* Pseudo-random numbers in [-1, 1). */
static double noise(unsigned *state)
{
  *state = *state * 1664525u + 1013904223u;
  return (double)(*state >> 8) / (1 << 23) - 1;
}

/* ---- polynomials ---- */

START_TEST(polynomials_keep_the_products_of_one_frequency)
{
  enum { P = 13 };
  struct FourierBasis basis = new_basis(P);
  double f[P * P], expected[P * P], part[P * P], work[3 * P];
  const bool chosen[P / 2 + 1] = {[0] = true, [3] = true};
  for (int a = 0; a < P; a++)
    for (int b = 0; b < P; b++) {
      double kept = 2 + cos_w(P, 3, a) - 0.5 * sin_w(P, 3, b) + 3 * sin_w(P, 3, a) * cos_w(P, 3, b);
      double rest = sin_w(P, 5, a) + cos_w(P, 3, a) * cos_w(P, 2, b) - sin_w(P, 6, a + b);
      expected[a * P + b] = kept;
      f[a * P + b] = kept + rest;
    }
  polynomial_part(&basis, chosen, f, work, part);
  for (int i = 0; i < P * P; i++)
    ck_assert_double_eq_tol(part[i], expected[i], rounding);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(polynomials_leave_the_constant_to_frequency_0)
{
  enum { P = 12 };
  struct FourierBasis basis = new_basis(P);
  double f[P * P], part[P * P], work[3 * P];
  const bool chosen[P / 2 + 1] = {[P / 2] = true, [1] = true}; /* p/2 has no sine */
  for (int a = 0; a < P; a++)
    for (int b = 0; b < P; b++)
      f[a * P + b] = 7 + cos_w(P, 6, a - b) + sin_w(P, 1, a) * sin_w(P, 1, b) + cos_w(P, 4, a);
  polynomial_part(&basis, chosen, f, work, part);
  for (int a = 0; a < P; a++)
    for (int b = 0; b < P; b++)
      ck_assert_double_eq_tol(part[a * P + b], cos_w(P, 6, a - b) + sin_w(P, 1, a) * sin_w(P, 1, b),
                              rounding);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(all_polynomials_of_all_frequencies_are_a_projection)
{
  enum { P = 11 };
  struct FourierBasis basis = new_basis(P);
  double f[P * P], part[P * P], again[P * P], work[3 * P], product = 0;
  bool chosen[P / 2 + 1];
  unsigned state = 3;
  for (int k = 0; k <= P / 2; k++)
    chosen[k] = true;
  for (int i = 0; i < P * P; i++)
    f[i] = noise(&state);
  polynomial_part(&basis, chosen, f, work, part);
  polynomial_part(&basis, chosen, part, work, again);
  for (int i = 0; i < P * P; i++) {
    ck_assert_double_eq_tol(again[i], part[i], rounding);
    product += part[i] * (f[i] - part[i]);
  }
  ck_assert_double_eq_tol(product, 0, rounding);
  fourier_basis_release(&basis);
}
END_TEST

/* ---- attention ---- */

/* attention[p^2][2][3]: head 1 attends to a by mean + alpha (cos a - cos b) + beta (sin a - sin
   b) + gamma cos(w_5(a + b)); head 0 and the other positions must not be used. */
static void fill_attention(float *attention, int p, int k, double mean, double alpha, double beta,
                           double gamma)
{
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      float *pair = attention + (a * p + b) * 6;
      for (int i = 0; i < 6; i++)
        pair[i] = 1e9f;
      pair[3] = (float)(mean + alpha * (cos_w(p, k, a) - cos_w(p, k, b)) +
                        beta * (sin_w(p, k, a) - sin_w(p, k, b)) + gamma * cos_w(p, 5, a + b));
    }
}

static struct AttentionFit fit_attention(int p, int k, double mean, double alpha, double beta,
                                         double gamma)
{
  struct FourierBasis basis = new_basis(p);
  float *attention = new_floats((size_t)(p * p) * 6);
  struct AttentionFit fit;
  struct Error error;
  fill_attention(attention, p, k, mean, alpha, beta, gamma);
  ck_assert(attention_fit(&basis, attention, 2, 1, &fit, &error));
  free(attention);
  fourier_basis_release(&basis);
  return fit;
}

START_TEST(attention_is_fitted_at_its_frequency)
{
  struct AttentionFit fit = fit_attention(17, 4, 0.5, 0.25, -0.125, 0);
  ck_assert_int_eq(fit.frequency, 4);
  ck_assert_double_eq_tol(fit.alpha, 0.25, float_rounding);
  ck_assert_double_eq_tol(fit.beta, -0.125, float_rounding);
  ck_assert_double_eq_tol(fit.fve, 1, float_rounding);
}
END_TEST

START_TEST(attention_that_is_not_explained_lowers_the_fve)
{
  /* squared norms over p^2: alpha^2 + beta^2 for the fit, gamma^2 / 2 for the rest, and (mean -
     1/2)^2 for a mean that the fit does not have */
  double alpha = 0.25, beta = -0.125, gamma = 0.0625, mean = 0.375;
  double explained = alpha * alpha + beta * beta, rest = gamma * gamma / 2;
  struct AttentionFit fit = fit_attention(17, 4, mean, alpha, beta, gamma);
  ck_assert_int_eq(fit.frequency, 4);
  ck_assert_double_eq_tol(fit.alpha, alpha, float_rounding);
  ck_assert_double_eq_tol(fit.fve, 1 - (rest + (mean - 0.5) * (mean - 0.5)) / (explained + rest),
                          4 * float_rounding);
}
END_TEST

START_TEST(attention_at_half_the_modulus_has_no_sine)
{
  struct AttentionFit fit = fit_attention(14, 7, 0.5, 0.2, 0, 0);
  ck_assert_int_eq(fit.frequency, 7);
  ck_assert_double_eq_tol(fit.alpha, 0.2, float_rounding);
  ck_assert_double_eq_tol(fit.beta, 0, float_rounding);
  ck_assert_double_eq_tol(fit.fve, 1, float_rounding);
}
END_TEST

START_TEST(constant_attention_has_no_fve)
{
  struct AttentionFit fit = fit_attention(13, 1, 1.0 / 3, 0, 0, 0);
  ck_assert(isnan(fit.fve));
  ck_assert_int_eq(fit.frequency, 1); /* all explain nothing */
}
END_TEST

/* 1/2 + (g(a) - g(b)) / 4 with g = 1 at 0, -1 at p / 2 and 0 elsewhere, that is, for p = 8,
   (cos(w_1 x) + cos(w_3 x)) / 2: two frequencies of the same share. All sums are exact. */
START_TEST(of_equal_fits_of_attention_the_lowest_frequency_counts)
{
  enum { P = 8 };
  struct FourierBasis basis = new_basis(P);
  float attention[P * P * 3] = {0};
  struct AttentionFit fit;
  struct Error error;
  const int g[P] = {[0] = 1, [P / 2] = -1};
  for (int pair = 0; pair < P * P; pair++)
    attention[pair * 3] = 0.5F + 0.25F * (float)(g[pair / P] - g[pair % P]);
  ck_assert(attention_fit(&basis, attention, 1, 0, &fit, &error));
  ck_assert_int_eq(fit.frequency, 1);
  ck_assert_double_eq_tol(fit.alpha, 0.125, rounding);
  ck_assert_double_eq_tol(fit.beta, 0, rounding);
  ck_assert_double_eq_tol(fit.fve, 0.5, rounding);
  fourier_basis_release(&basis);
}
END_TEST

static void set_up_network(struct Snapshot *snapshot, struct Config *config, size_t n,
                           const char *const settings[])
{
  struct Error error = {0};
  config_init(config);
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(config_override(config, settings[i], &error), "%s", error.message);
  ck_assert_msg(config_check(config, &error), "%s", error.message);
  ck_assert(parameters_init(&snapshot->parameters, config, &error));
  ck_assert(activations_init(&snapshot->activations, &snapshot->parameters.shape, &config->model, 0,
                             &error));
}

/* W_Q and W_K are the identity, so that a token adds x_= . W_E[x] / sqrt(d_head) to a score. */
START_TEST(attention_spectrum_is_what_tokens_add_to_scores)
{
  enum { P = 13, D = 4 };
  static const char *const settings[] = {"data.modulus=13", "model.d_model=4", "model.n_heads=1",
                                         "model.d_head=4", "model.d_mlp=8"};
  struct Snapshot snapshot;
  struct Config config;
  struct Error error;
  struct FourierBasis basis = new_basis(P);
  double components[P];
  set_up_network(&snapshot, &config, 5, settings);
  float *embedding = parameters_at(&snapshot.parameters, W_E);
  float *position = parameters_at(&snapshot.parameters, W_POS);
  for (int x = 0; x < P; x++) {
    embedding[x * D] = (float)cos_w(P, 2, x);
    embedding[x * D + 1] = (float)(1 + sin_w(P, 6, x));
  }
  embedding[P * D] = 1; /* x_= = (1 + 2, 3, 0, 0) */
  position[2 * D] = 2;
  position[2 * D + 1] = 3;
  position[0] = 50; /* of position a: not part of the token's contribution */
  for (int i = 0; i < D; i++)
    parameters_at(&snapshot.parameters, W_Q)[i * D + i] =
        parameters_at(&snapshot.parameters, W_K)[i * D + i] = 1;
  activations_forward(&snapshot.activations, &snapshot.parameters);
  ck_assert(attention_spectrum(&basis, &snapshot, components, &error));
  for (int i = 0; i < P; i++) {
    double expected = i == 0    ? 3 * sqrt(P) / 2
                      : i == 3  ? 3 * sqrt(P / 2.0) / 2
                      : i == 12 ? 3 * sqrt(P / 2.0) / 2
                                : 0;
    ck_assert_double_eq_tol(components[i], expected, 10 * float_rounding);
  }
  snapshot_release(&snapshot);
  fourier_basis_release(&basis);
}
END_TEST

/* ---- the neuron-logit map ---- */

enum { N_NEURONS = 6 };

/* W_L[c] = sum over two frequencies of cos(w_k c) u_k + sin(w_k c) v_k, plus `rest` times the
   cosine of another one and a constant, in the Fourier basis: [p][N_NEURONS]. */
static double *new_map(const struct FourierBasis *basis, const int keys[2],
                       const double vectors[4][N_NEURONS], int other, double rest)
{
  int p = basis->p;
  double *map = new_doubles((size_t)p * N_NEURONS),
         *components = new_doubles((size_t)p * N_NEURONS);
  for (int c = 0; c < p; c++)
    for (int i = 0; i < N_NEURONS; i++)
      map[c * N_NEURONS + i] =
          cos_w(p, keys[0], c) * vectors[0][i] + sin_w(p, keys[0], c) * vectors[1][i] +
          cos_w(p, keys[1], c) * vectors[2][i] + sin_w(p, keys[1], c) * vectors[3][i] +
          rest * (cos_w(p, other, c) + 1) * (i + 1);
  fourier_transform(basis, map, N_NEURONS, components);
  free(map);
  return components;
}

static const int two_keys[2] = {2, 5};
static const double four_vectors[4][N_NEURONS] = {
    {1, 2, 0, -1, 0, 0.5}, {0, 1, 1, 0, -2, 0}, {0.5, 0, 0, 0, 1, 1}, {0, -1, 0, 2, 0, 0.25}};

static double squares(size_t n, const double *f)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += f[i] * f[i];
  return sum;
}

START_TEST(the_residual_of_the_map_is_what_keys_leave_out)
{
  enum { P = 13, OTHER = 4 };
  struct FourierBasis basis = new_basis(P);
  const bool keys[P / 2 + 1] = {[2] = true, [5] = true};
  double rest = 0.125, scale = 1 + 4 + 9 + 16 + 25 + 36;
  double *components = new_map(&basis, two_keys, four_vectors, OTHER, rest);
  struct NeuronLogitMap map = {&basis, N_NEURONS, components};
  double inside = P / 2.0 * squares(4 * N_NEURONS, four_vectors[0]);
  double outside = (P / 2.0 + P) * rest * rest * scale; /* its cosine, and the constant */
  ck_assert_double_eq_tol(neuron_logit_map_residual(&map, keys), outside / (inside + outside),
                          rounding);
  free(components);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(the_vectors_of_the_map_are_its_coefficients)
{
  enum { P = 13 };
  struct FourierBasis basis = new_basis(P);
  double *components = new_map(&basis, two_keys, four_vectors, 4, 0.5), vectors[2 * N_NEURONS];
  struct NeuronLogitMap map = {&basis, N_NEURONS, components};
  for (int key = 0; key < 2; key++) {
    ck_assert_int_eq(neuron_logit_vectors(&map, two_keys[key], vectors), 2);
    for (int i = 0; i < N_NEURONS; i++) {
      ck_assert_double_eq_tol(vectors[i], four_vectors[2 * key][i], rounding);
      ck_assert_double_eq_tol(vectors[N_NEURONS + i], four_vectors[2 * key + 1][i], rounding);
    }
  }
  free(components);
  fourier_basis_release(&basis);
}
END_TEST

/* Half of an even modulus: (-1)^c, and no sine. */
START_TEST(half_the_modulus_has_one_vector)
{
  enum { P = 12 };
  static const int keys[2] = {2, 6};
  struct FourierBasis basis = new_basis(P);
  double *components = new_map(&basis, keys, four_vectors, 4, 0.5), vectors[2 * N_NEURONS];
  struct NeuronLogitMap map = {&basis, N_NEURONS, components};
  struct WaveFit fits[2];
  struct Error error;
  float hidden[P * P * N_NEURONS];
  ck_assert_int_eq(neuron_logit_vectors(&map, 6, vectors), 1);
  for (int i = 0; i < N_NEURONS; i++)
    ck_assert_double_eq_tol(vectors[i], four_vectors[2][i], rounding);
  for (int a = 0; a < P; a++)
    for (int b = 0; b < P; b++)
      for (int i = 0; i < N_NEURONS; i++)
        hidden[(a * P + b) * N_NEURONS + i] =
            (float)(i == 4 ? 2 + 3 * cos_w(P, 6, a + b) + sin_w(P, 1, a) : 0);
  ck_assert(neuron_logit_fit(&map, DIRECTION_SUM, hidden, 6, fits, &error));
  ck_assert_double_eq_tol(fits[0].alpha, 3, 10 * float_rounding);
  ck_assert_double_eq_tol(fits[0].fve, 9 / 9.5, float_rounding);
  ck_assert(isnan(fits[1].alpha) && isnan(fits[1].fve) && isnan(fits[1].norm));
  free(components);
  fourier_basis_release(&basis);
}
END_TEST

/* Neuron 0 and 2 carry waves; u and v of the first key read them with weights 1, 0 and 0, 1. */
static void check_waves(enum DirectionSign sign)
{
  enum { P = 13 };
  struct FourierBasis basis = new_basis(P);
  double *components = new_map(&basis, two_keys, four_vectors, 4, 0.5);
  struct NeuronLogitMap map = {&basis, N_NEURONS, components};
  struct WaveFit fits[2];
  struct Error error;
  float hidden[P * P * N_NEURONS] = {0};
  for (int a = 0; a < P; a++)
    for (int b = 0; b < P; b++) {
      float *neurons = hidden + (a * P + b) * N_NEURONS;
      neurons[0] = (float)(5 + 3 * cos_w(P, 2, a + (int)sign * b) + 2 * sin_w(P, 2, a));
      neurons[2] = (float)(1 - sin_w(P, 2, a + (int)sign * b) + cos_w(P, 2, a - (int)sign * b));
    }
  ck_assert(neuron_logit_fit(&map, sign, hidden, 2, fits, &error));
  ck_assert_double_eq_tol(fits[0].alpha, 3, 10 * float_rounding);
  ck_assert_double_eq_tol(fits[1].alpha, -1, 10 * float_rounding);
  ck_assert_double_eq_tol(fits[0].fve, 9.0 / (9 + 4),
                          float_rounding); /* variances 9/2 of 9/2 + 4/2 */
  ck_assert_double_eq_tol(fits[1].fve, 0.5, float_rounding);
  ck_assert_double_eq_tol(fits[0].norm, sqrt(squares(N_NEURONS, four_vectors[0])), rounding);
  ck_assert_double_eq_tol(fits[1].norm, sqrt(squares(N_NEURONS, four_vectors[1])), rounding);
  free(components);
  fourier_basis_release(&basis);
}

START_TEST(neurons_along_the_map_are_fitted_by_waves)
{
  check_waves(DIRECTION_SUM);
  check_waves(DIRECTION_DIFFERENCE);
}
END_TEST

START_TEST(the_span_is_orthonormal_and_holds_the_vectors)
{
  enum { P = 13 };
  struct FourierBasis basis = new_basis(P);
  const bool keys[P / 2 + 1] = {[2] = true, [5] = true};
  double *components = new_map(&basis, two_keys, four_vectors, 4, 0.5), span[4 * N_NEURONS];
  struct NeuronLogitMap map = {&basis, N_NEURONS, components};
  ck_assert_uint_eq(neuron_logit_span(&map, keys, span), 4);
  for (int i = 0; i < 4; i++) {
    double in_span = 0;
    for (int j = 0; j < 4; j++) {
      double product = 0, part = 0;
      for (int n = 0; n < N_NEURONS; n++) {
        product += span[i * N_NEURONS + n] * span[j * N_NEURONS + n];
        part += four_vectors[i][n] * span[j * N_NEURONS + n];
      }
      ck_assert_double_eq_tol(product, i == j, rounding);
      in_span += part * part;
    }
    ck_assert_double_eq_tol(in_span, squares(N_NEURONS, four_vectors[i]), rounding);
  }
  free(components);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(vectors_that_others_span_add_nothing)
{
  enum { P = 13 };
  static const double dependent[4][N_NEURONS] = {
      {1, 2, 0, -1, 0, 0.5}, {0, 1, 1, 0, -2, 0}, {2, 5, 1, -2, -2, 1}, {0}};
  struct FourierBasis basis = new_basis(P);
  const bool keys[P / 2 + 1] = {[2] = true, [5] = true};
  double *components = new_map(&basis, two_keys, dependent, 4, 0), span[4 * N_NEURONS];
  struct NeuronLogitMap map = {&basis, N_NEURONS, components};
  ck_assert_uint_eq(neuron_logit_span(&map, keys, span), 2);
  free(components);
  fourier_basis_release(&basis);
}
END_TEST

/* ---- the logits as cosines ---- */

/* logits[p^2][p + 1] = 3 + sum over k of alpha[k] cos(w_k(s - c)) + gamma cos(w_1 a); the logit
   of "=" must not be used. */
static float *new_logits(int p, enum DirectionSign sign, const double *alpha, double gamma)
{
  float *logits = new_floats((size_t)(p * p * (p + 1)));
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      float *row = logits + (a * p + b) * (p + 1);
      row[p] = 1e9f;
      for (int c = 0; c < p; c++) {
        double value = 3 + gamma * cos_w(p, 1, a);
        for (int k = 1; k <= p / 2; k++)
          value += alpha[k] * cos_w(p, k, a + (int)sign * b - c);
        row[c] = (float)value;
      }
    }
  return logits;
}

static void check_logit_fit(int p, enum DirectionSign sign)
{
  struct FourierBasis basis = new_basis(p);
  struct Dataset dataset = {.p = p};
  struct DirectedLogits directed;
  struct LogitFit fit;
  struct Error error;
  double alpha[8] = {0, 0, 4, 0.5, 3}, gamma = 0.75, sum = 0, kept = 0, all = gamma * gamma / 2;
  bool keys[8] = {false, false, true, false, true};
  float *logits = new_logits(p, sign, alpha, gamma);
  ck_assert(directed_logits_init(&directed, &basis, &dataset, sign, &error));
  directed_logits_set(&directed, logits, p + 1);
  for (int k = 1; k <= p / 2; k++) {
    ck_assert_double_eq_tol(logit_fit_coefficient(&directed, k), alpha[k], 10 * float_rounding);
    double square = alpha[k] * alpha[k] * (2 * k == p ? 1 : 0.5);
    all += square;
    if (keys[k]) kept += square;
  }
  for (int d = 1; d < p; d++)
    sum += exp(4 * (cos_w(p, 2, d) - 1) + 3 * (cos_w(p, 4, d) - 1));
  ck_assert(logit_fit_compute(&directed, keys, &fit, &error));
  ck_assert_double_eq_tol(fit.fve, kept / all, 4 * float_rounding);
  ck_assert_double_eq_tol(fit.loss, log1p(sum), 20 * float_rounding * log1p(sum));
  free(logits);
  directed_logits_release(&directed);
  fourier_basis_release(&basis);
}

START_TEST(logits_are_fitted_by_cosines)
{
  check_logit_fit(13, DIRECTION_SUM);
  check_logit_fit(13, DIRECTION_DIFFERENCE);
  check_logit_fit(8, DIRECTION_SUM); /* k = 4 is p/2, a key */
}
END_TEST

START_TEST(a_fit_by_no_cosine_is_uniform)
{
  enum { P = 13 };
  struct FourierBasis basis = new_basis(P);
  struct Dataset dataset = {.p = P};
  struct DirectedLogits directed;
  struct LogitFit fit;
  struct Error error;
  const double alpha[8] = {0, 0, 4};
  const bool keys[8] = {false};
  float *logits = new_logits(P, DIRECTION_SUM, alpha, 0);
  ck_assert(directed_logits_init(&directed, &basis, &dataset, DIRECTION_SUM, &error));
  directed_logits_set(&directed, logits, P + 1);
  ck_assert(logit_fit_compute(&directed, keys, &fit, &error));
  ck_assert_double_eq(fit.fve, 0);
  ck_assert_double_eq_tol(fit.loss, log(P), float_rounding);
  free(logits);
  directed_logits_release(&directed);
  fourier_basis_release(&basis);
}
END_TEST

/* ---- replacements ---- */

/* A random network with more neurons than one block, and everything that the replacements use.
   The keys are 2 and 4; neurons 0, 3, 6, ... are in a cluster, not necessarily of a key
   frequency. */
struct Fixture {
  struct Config config;
  struct FourierBasis basis;
  struct Dataset dataset;
  struct Snapshot snapshot;
  struct DirectedLogits directed;
  struct NeuronLogitMap map;
  struct NeuronFit *fits;
  struct AttentionFit attention_fits[3];
  double *components;
  bool keys[8];
  struct ReplacedNetwork subject;
  int p, m, d;
  size_t n_pairs, n_hidden, n_logits; /* p^2, p^2 m, p^3 */
  double *hidden;                     /* [p^2][m] */
  double *logits;                     /* [p^2][p] */
  double *W_L;                        /* [p][m] */
  double *expected;                   /* [p^2][p] */
  float *found;                       /* [p^2][p] */
};

static const char *const fixtures[][7] = {
    {"data.modulus=11", "model.d_model=12", "model.n_heads=2", "model.d_head=4", "model.d_mlp=70"},
    {"data.modulus=8", "model.d_model=10", "model.n_heads=3", "model.d_head=3", "model.d_mlp=66",
     "model.activation=gelu", "data.operation=subtract"}};
enum { N_FIXTURES = 2 };

static void copy_network(struct Fixture *f)
{
  const struct Snapshot *snapshot = &f->snapshot;
  const float *W_out = parameters_at(&snapshot->parameters, W_OUT);
  const float *W_u = parameters_at(&snapshot->parameters, W_U);
  int V = snapshot->parameters.shape.V, n = f->p * f->p;
  for (int i = 0; i < n * f->m; i++)
    f->hidden[i] = (double)snapshot->activations.hidden[i];
  for (int pair = 0; pair < n; pair++)
    for (int c = 0; c < f->p; c++)
      f->logits[pair * f->p + c] = (double)snapshot->activations.logits[pair * V + c];
  for (int c = 0; c < f->p; c++)
    for (int i = 0; i < f->m; i++)
      for (int j = 0; j < f->d; j++)
        f->W_L[c * f->m + i] += (double)W_u[j * V + c] * (double)W_out[i * f->d + j];
}

static void set_up(struct Fixture *f, int which)
{
  struct Error error = {0};
  size_t n_settings = 0;
  while (n_settings < 7 && fixtures[which][n_settings])
    n_settings++;
  *f = (struct Fixture){.keys = {[2] = true, [4] = true}};
  set_up_network(&f->snapshot, &f->config, n_settings, fixtures[which]);
  const struct Shape *shape = &f->snapshot.parameters.shape;
  f->p = shape->p, f->m = shape->d_mlp, f->d = shape->d_model;
  size_t p = (size_t)f->p, m = (size_t)f->m;
  f->n_pairs = p * p, f->n_hidden = p * p * m, f->n_logits = p * p * p;
  unsigned state = 5;
  for (size_t i = 0; i < f->snapshot.parameters.total; i++)
    f->snapshot.parameters.values[i] = (float)noise(&state);
  activations_forward(&f->snapshot.activations, &f->snapshot.parameters);
  ck_assert(dataset_init(&f->dataset, &f->config.data, &error));
  f->basis = new_basis(f->p);
  f->hidden = new_doubles(f->n_hidden), f->logits = new_doubles(f->n_logits);
  f->expected = new_doubles(f->n_logits), f->found = new_floats(f->n_logits);
  f->W_L = new_doubles(p * m), f->components = new_doubles(p * m);
  copy_network(f);
  f->fits = new_array(m, sizeof *f->fits);
  for (size_t i = 0; i < m; i++)
    f->fits[i] = (struct NeuronFit){1 + (int)i % (f->p / 2), i % 3 == 0 ? 0.9 : 0.5};
  ck_assert(
      neuron_logit_map_components(&f->basis, &f->snapshot.parameters, 0, f->components, &error));
  enum DirectionSign sign;
  ck_assert(directed_logits_sign(f->config.data.operation, &sign, &error));
  ck_assert(directed_logits_init(&f->directed, &f->basis, &f->dataset, sign, &error));
  directed_logits_set(&f->directed, f->snapshot.activations.logits, shape->V);
  f->map = (struct NeuronLogitMap){&f->basis, m, f->components};
  for (size_t h = 0; h < (size_t)shape->H; h++)
    ck_assert(attention_fit(&f->basis, f->snapshot.activations.attention, (size_t)shape->H, h,
                            &f->attention_fits[h], &error));
  f->subject = (struct ReplacedNetwork){&f->config,   &f->basis, &f->directed, &f->map,
                                        &f->snapshot, f->fits,   f->keys,      f->attention_fits};
}

static void tear_down(struct Fixture *f)
{
  free(f->hidden);
  free(f->logits);
  free(f->W_L);
  free(f->expected);
  free(f->found);
  free(f->components);
  free(f->fits);
  directed_logits_release(&f->directed);
  dataset_release(&f->dataset);
  fourier_basis_release(&f->basis);
  snapshot_release(&f->snapshot);
}

/* Asserts that the logits found are the expected ones within float32: some tens of roundings of
   numbers no larger than the largest logit. */
static void check_found(const struct Fixture *f, const char *name)
{
  double largest = 0;
  for (size_t i = 0; i < f->n_logits; i++)
    largest = fmax(largest, fabs(f->logits[i]));
  for (size_t i = 0; i < f->n_logits; i++)
    ck_assert_msg(fabs((double)f->found[i] - f->expected[i]) < 50 * float_rounding * largest,
                  "%s: logit %zu is %.9g, expected %.9g", name, i, (double)f->found[i],
                  f->expected[i]);
}

static void check_logits(struct Fixture *f, enum Replacement replacement)
{
  struct Error error = {0};
  ck_assert_msg(replacement_logits(&f->subject, replacement, f->found, &error), "%s",
                error.message);
  check_found(f, replacement_name(replacement));
}

/* expected = logits + (replaced - hidden) W_L^T, for replaced[p^2][m] */
static void expect_neurons(struct Fixture *f, const double *replaced)
{
  for (int pair = 0; pair < f->p * f->p; pair++)
    for (int c = 0; c < f->p; c++) {
      double sum = f->logits[pair * f->p + c];
      for (int i = 0; i < f->m; i++)
        sum += (replaced[pair * f->m + i] - f->hidden[pair * f->m + i]) * f->W_L[c * f->m + i];
      f->expected[pair * f->p + c] = sum;
    }
}

/* Adds to out, for functions [p^2][n] of a pair, the projection of column i on a function of the
   pair, which is normalised first; does nothing if that is zero everywhere. */
static void add_projection(int p, const double *in, int n, int i, double *function, double *out)
{
  double norm = sqrt(squares((size_t)(p * p), function)), product = 0;
  if (norm < 1e-9) return;
  for (int pair = 0; pair < p * p; pair++)
    product += function[pair] / norm * in[pair * n + i];
  for (int pair = 0; pair < p * p; pair++)
    out[pair * n + i] += product * function[pair] / norm;
}

/* 1, cos or sin, by `which`. */
static double wave(int p, int k, int x, int which)
{
  return which == 0 ? 1 : which == 1 ? cos_w(p, k, x) : sin_w(p, k, x);
}

/* The projection on the products of frequency k, optionally including the constant. The products
   are orthogonal, and for k = p/2 those with a sine are zero. */
static void add_polynomial(int p, const double *in, int n, int i, int k, bool constant, double *out)
{
  double *function = new_doubles((size_t)(p * p));
  for (int of_a = 0; of_a < 3; of_a++)
    for (int of_b = 0; of_b < 3; of_b++) {
      if (of_a == 0 && of_b == 0 && !constant) continue;
      for (int pair = 0; pair < p * p; pair++)
        function[pair] = wave(p, k, pair / p, of_a) * wave(p, k, pair % p, of_b);
      add_projection(p, in, n, i, function, out);
    }
  free(function);
}

START_TEST(nothing_replaced_is_the_network)
{
  struct Fixture f;
  set_up(&f, _i);
  memcpy(f.expected, f.logits, f.n_logits * sizeof *f.logits);
  check_logits(&f, REPLACE_NOTHING);
  /* without clusters, unchanged neurons must not change a bit */
  float *as_is = new_floats(f.n_logits);
  memcpy(as_is, f.found, f.n_logits * sizeof *as_is);
  for (int i = 0; i < f.m; i++)
    f.fits[i].fve = 0.5;
  check_logits(&f, REPLACE_CLUSTERED_NEURONS);
  ck_assert_mem_eq(as_is, f.found, f.n_logits * sizeof *as_is);
  free(as_is);
  tear_down(&f);
}
END_TEST

START_TEST(clustered_neurons_become_their_polynomials)
{
  struct Fixture f;
  set_up(&f, _i);
  double *replaced = new_doubles(f.n_hidden);
  for (int i = 0; i < f.m; i++)
    if (i % 3 == 0)
      add_polynomial(f.p, f.hidden, f.m, i, f.fits[i].frequency, true, replaced);
    else
      for (int pair = 0; pair < f.p * f.p; pair++)
        replaced[pair * f.m + i] = f.hidden[pair * f.m + i];
  expect_neurons(&f, replaced);
  check_logits(&f, REPLACE_CLUSTERED_NEURONS);
  free(replaced);
  tear_down(&f);
}
END_TEST

START_TEST(neurons_become_their_directions_and_mean)
{
  struct Fixture f;
  set_up(&f, _i);
  double *replaced = new_doubles(f.n_hidden);
  double *function = new_doubles(f.n_pairs);
  for (int k = 0; k <= f.p / 2; k++)
    for (int sine = 0; sine < 2 && (k == 0 || f.keys[k]); sine++) {
      for (int pair = 0; pair < f.p * f.p; pair++)
        function[pair] = wave(f.p, k, pair / f.p + (int)f.directed.sign * (pair % f.p), 1 + sine);
      for (int i = 0; i < f.m; i++)
        add_projection(f.p, f.hidden, f.m, i, function, replaced);
    }
  expect_neurons(&f, replaced);
  check_logits(&f, REPLACE_NEURONS);
  free(function);
  free(replaced);
  tear_down(&f);
}
END_TEST

START_TEST(logits_become_the_polynomials_of_the_keys)
{
  struct Fixture f;
  set_up(&f, _i);
  for (int c = 0; c < f.p; c++)
    for (int k = 1, first = 1; k <= f.p / 2; k++)
      if (f.keys[k]) {
        add_polynomial(f.p, f.logits, f.p, c, k, first, f.expected);
        first = 0;
      }
  check_logits(&f, REPLACE_LOGITS);
  tear_down(&f);
}
END_TEST

/* Each coefficient from the cosine's inner product with the logits over pairs and outputs. */
START_TEST(logits_become_fitted_cosines)
{
  struct Fixture f;
  set_up(&f, _i);
  int p = f.p;
  double *cosine = new_doubles((size_t)(p * p * p));
  for (int k = 1; k <= p / 2; k++) {
    if (!f.keys[k]) continue;
    double product = 0;
    for (int i = 0; i < p * p * p; i++) {
      int a = i / (p * p), b = i / p % p, c = i % p;
      cosine[i] = cos_w(p, k, a + (int)f.directed.sign * b - c);
      product += cosine[i] * f.logits[i];
    }
    for (int i = 0; i < p * p * p; i++)
      f.expected[i] += product / squares((size_t)(p * p * p), cosine) * cosine[i];
  }
  check_logits(&f, REPLACE_LOGITS_BY_COSINES);
  free(cosine);
  tear_down(&f);
}
END_TEST

/* The rows c -> cos or sin(w_k c) of W_L as vectors of neurons, made orthonormal one by one. */
static int find_span(const struct Fixture *f, double *span)
{
  int n = 0;
  for (int k = 1; k <= f->p / 2; k++)
    for (int which = 1; f->keys[k] && which <= (2 * k == f->p ? 1 : 2); which++, n++) {
      double *row = span + n * f->m;
      for (int i = 0; i < f->m; i++)
        for (int c = 0; c < f->p; c++)
          row[i] += wave(f->p, k, c, which) * f->W_L[c * f->m + i];
      for (int other = 0; other < n; other++) {
        double product = 0;
        for (int i = 0; i < f->m; i++)
          product += row[i] * span[other * f->m + i];
        for (int i = 0; i < f->m; i++)
          row[i] -= product * span[other * f->m + i];
      }
      double norm = sqrt(squares((size_t)f->m, row));
      for (int i = 0; i < f->m; i++)
        row[i] /= norm;
    }
  return n;
}

START_TEST(neurons_are_projected_on_and_off_the_map)
{
  struct Fixture f;
  set_up(&f, _i);
  double *span = new_doubles((size_t)(4 * f.m)), *replaced = new_doubles(f.n_hidden);
  int n = find_span(&f, span);
  for (int pair = 0; pair < f.p * f.p; pair++)
    for (int row = 0; row < n; row++) {
      double product = 0;
      for (int i = 0; i < f.m; i++)
        product += span[row * f.m + i] * f.hidden[pair * f.m + i];
      for (int i = 0; i < f.m; i++)
        replaced[pair * f.m + i] += product * span[row * f.m + i];
    }
  expect_neurons(&f, replaced);
  check_logits(&f, PROJECT_NEURONS_ON_MAP);
  for (int i = 0; i < f.p * f.p * f.m; i++)
    replaced[i] = f.hidden[i] - replaced[i];
  expect_neurons(&f, replaced);
  check_logits(&f, PROJECT_NEURONS_OFF_MAP);
  free(replaced);
  free(span);
  tear_down(&f);
}
END_TEST

START_TEST(the_skip_connection_becomes_zero_or_its_mean)
{
  struct Fixture f;
  set_up(&f, _i);
  int n = f.p * f.p, V = f.snapshot.parameters.shape.V;
  const float *b_out = parameters_at(&f.snapshot.parameters, B_OUT);
  const float *W_u = parameters_at(&f.snapshot.parameters, W_U);
  double *of_neurons = new_doubles((size_t)(n * f.p)), *skip = new_doubles((size_t)f.p);
  for (int c = 0; c < f.p; c++) {
    double of_bias = 0;
    for (int j = 0; j < f.d; j++)
      of_bias += (double)b_out[j] * (double)W_u[j * V + c];
    for (int pair = 0; pair < n; pair++) {
      double *logit = of_neurons + pair * f.p + c;
      for (int i = 0; i < f.m; i++)
        *logit += f.hidden[pair * f.m + i] * f.W_L[c * f.m + i];
      *logit += of_bias;
      skip[c] += (f.logits[pair * f.p + c] - *logit) / n;
    }
  }
  memcpy(f.expected, of_neurons, (size_t)(n * f.p) * sizeof *of_neurons);
  check_logits(&f, ZERO_SKIP);
  for (int i = 0; i < n * f.p; i++)
    f.expected[i] += skip[i % f.p];
  check_logits(&f, MEAN_SKIP);
  free(skip);
  free(of_neurons);
  tear_down(&f);
}
END_TEST

/* expected = the logits of the textbook network with W_O = 0. */
static void expect_no_heads(struct Fixture *f)
{
  const struct Parameters *parameters = &f->snapshot.parameters;
  double *values = new_doubles(parameters->total), *logits = new_doubles((size_t)f->p + 1);
  for (size_t i = 0; i < parameters->total; i++)
    values[i] = (double)parameters->values[i];
  memset(values + parameters->info[W_O].offset, 0, parameters->info[W_O].count * sizeof *values);
  for (int pair = 0; pair < f->p * f->p; pair++) {
    example_logits(parameters, values, &f->config.model, pair / f->p, pair % f->p, logits);
    memcpy(f->expected + pair * f->p, logits, (size_t)f->p * sizeof *logits);
  }
  free(logits);
  free(values);
}

START_TEST(heads_that_are_zero_leave_the_textbook_network_without_them)
{
  struct Fixture f;
  set_up(&f, _i);
  expect_no_heads(&f);
  check_logits(&f, ZERO_HEADS);
  tear_down(&f);
}
END_TEST

/* ---- other attention ---- */

START_TEST(heads_that_attend_as_they_do_are_the_network)
{
  struct Fixture f;
  struct Error error;
  set_up(&f, _i);
  memcpy(f.expected, f.logits, f.n_logits * sizeof *f.logits);
  ck_assert(replaced_attention_logits(&f.subject, f.snapshot.activations.attention, true, f.found,
                                      &error));
  check_found(&f, "its own attention");
  tear_down(&f);
}
END_TEST

START_TEST(heads_that_attend_to_nothing_are_none)
{
  struct Fixture f;
  struct Error error;
  set_up(&f, _i);
  float *nowhere = new_floats(f.n_pairs * (size_t)f.snapshot.parameters.shape.H * 3);
  expect_no_heads(&f);
  ck_assert(replaced_attention_logits(&f.subject, nowhere, true, f.found, &error));
  check_found(&f, "no attention");
  free(nowhere);
  tear_down(&f);
}
END_TEST

/* With W_E = W_pos = 0 at "=", x_= is zero: neither it nor attention to it is missed. */
START_TEST(an_equals_sign_that_is_zero_is_not_missed)
{
  struct Fixture f;
  set_up(&f, _i);
  const struct Parameters *parameters = &f.snapshot.parameters;
  size_t d = (size_t)f.d;
  memset(parameters_at(parameters, W_E) + (size_t)f.p * d, 0, d * sizeof(float));
  memset(parameters_at(parameters, W_POS) + 2 * d, 0, d * sizeof(float));
  activations_forward(&f.snapshot.activations, parameters);
  copy_network(&f);
  memcpy(f.expected, f.logits, f.n_logits * sizeof *f.logits);
  check_logits(&f, ZERO_EQUALS);
  check_logits(&f, ZERO_ATTENTION_SKIP);
  tear_down(&f);
}
END_TEST

/* Attention that is 1/2 + alpha (cos(w_k a) - cos(w_k b)) already, and the rest to b. */
START_TEST(linear_attention_stays)
{
  struct Fixture f;
  struct Error error;
  set_up(&f, _i);
  int H = f.snapshot.parameters.shape.H;
  float *attention = f.snapshot.activations.attention;
  for (int pair = 0; pair < f.p * f.p; pair++)
    for (int h = 0; h < H; h++) {
      double to_a =
          0.5 + 0.1 * (h + 1) * (cos_w(f.p, 1 + h, pair / f.p) - cos_w(f.p, 1 + h, pair % f.p));
      float *weights = attention + (pair * H + h) * 3;
      weights[0] = (float)to_a, weights[1] = (float)(1 - to_a), weights[2] = 0;
    }
  for (size_t h = 0; h < (size_t)H; h++)
    ck_assert(attention_fit(&f.basis, attention, (size_t)H, h, &f.attention_fits[h], &error));
  ck_assert(replaced_attention_logits(&f.subject, attention, true, f.found, &error));
  for (size_t i = 0; i < f.n_logits; i++)
    f.expected[i] = (double)f.found[i];
  check_logits(&f, LINEAR_ATTENTION);
  tear_down(&f);
}
END_TEST

START_TEST(replacements_do_not_depend_on_the_number_of_threads)
{
  struct Fixture f;
  struct Error error;
  set_up(&f, 0);
  size_t size = f.n_logits * sizeof(float);
  float *by_one = new_floats(f.n_logits);
  int threads = omp_get_max_threads();
  for (int i = 0; i < N_REPLACEMENTS; i++) {
    omp_set_num_threads(1);
    ck_assert(replacement_logits(&f.subject, (enum Replacement)i, by_one, &error));
    omp_set_num_threads(3);
    ck_assert(replacement_logits(&f.subject, (enum Replacement)i, f.found, &error));
    ck_assert_mem_eq(by_one, f.found, size);
  }
  omp_set_num_threads(threads);
  free(by_one);
  tear_down(&f);
}
END_TEST

/* ---- summary numbers ---- */

START_TEST(ranges_pass_over_nan)
{
  struct Spread range = spread_empty();
  ck_assert(isnan(range.least) && isnan(range.most) && isnan(spread_mean(&range)));
  spread_add(&range, NAN);
  spread_add(&range, 2);
  spread_add(&range, NAN);
  spread_add(&range, -1);
  spread_add(&range, 5);
  ck_assert_uint_eq(range.n, 3);
  ck_assert_double_eq(range.least, -1);
  ck_assert_double_eq(range.most, 5);
  ck_assert_double_eq(spread_mean(&range), 2);
}
END_TEST

START_TEST(contrast_compares_keys_with_the_others)
{
  enum { P = 9 };
  struct FourierBasis basis = new_basis(P);
  const bool keys[P / 2 + 1] = {[1] = true, [3] = true}, none[P / 2 + 1] = {false};
  const double norms[P] = {100, 3, 4, 0, 1, 6, 8, 1, 0}; /* by frequency 5, 1, 10, 1 */
  struct Contrast contrast = spectrum_contrast(&basis, norms, keys);
  ck_assert_double_eq_tol(contrast.share, 125.0 / 127, rounding);
  ck_assert_double_eq_tol(contrast.ratio, 7.5, rounding);
  ck_assert_double_eq_tol(contrast.separation, 5, rounding);
  contrast = spectrum_contrast(&basis, norms, none);
  ck_assert_double_eq(contrast.share, 0);
  ck_assert(isnan(contrast.ratio) && isnan(contrast.separation));
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(products_of_keys_are_told_from_the_others)
{
  enum { P = 9 };
  struct FourierBasis basis = new_basis(P);
  const bool keys[P / 2 + 1] = {[1] = true, [3] = true};
  double norms[P * P] = {0};
  norms[0] = 100;         /* the constant */
  norms[1 * P + 2] = 3;   /* cos_1 x sin_1 */
  norms[6 * P + 6] = 4;   /* sin_3 x sin_3 */
  norms[1 * P + 5] = 1;   /* cos_1 x cos_3: two frequencies */
  norms[0 * P + 1] = 2;   /* 1 x cos_1: one number only */
  norms[3 * P + 3] = 1.5; /* cos_2 x cos_2: not a key */
  ck_assert_double_eq_tol(logit_spectrum_share(&basis, norms, keys), 25 / (25 + 1 + 4 + 2.25),
                          rounding);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(a_frequency_is_learned_above_half_of_the_least_key)
{
  enum { P = 9 };
  struct FourierBasis basis = new_basis(P);
  const bool keys[P / 2 + 1] = {[1] = true, [3] = true}, none[P / 2 + 1] = {false};
  double norms[P] = {100, 3, 4, 0, 2.5, 6, 8, 2.6, 0}; /* by frequency 5, 2.5, 10, 2.6 */
  ck_assert_double_eq(spectrum_count_above(&basis, norms, keys), 3);
  norms[3] = 0.1;
  ck_assert_double_eq(spectrum_count_above(&basis, norms, keys), 4);
  ck_assert(isnan(spectrum_count_above(&basis, norms, none)));
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(products_above_a_quarter_of_the_largest_stand_out)
{
  enum { P = 9 };
  struct FourierBasis basis = new_basis(P);
  const bool keys[P / 2 + 1] = {[1] = true, [3] = true};
  double norms[P * P] = {0};
  norms[0] = norms[0 * P + 1] = norms[1 * P + 0] = 100; /* with the constant */
  norms[1 * P + 2] = 8;                                 /* cos_1 x sin_1 */
  norms[6 * P + 5] = 2.01;                              /* sin_3 x cos_3 */
  norms[6 * P + 6] = 2;                                 /* just a quarter */
  norms[1 * P + 5] = 3;                                 /* cos_1 x cos_3: two frequencies */
  norms[3 * P + 3] = 4;                                 /* cos_2 x cos_2: not a key */
  struct LogitBlocks blocks = logit_spectrum_blocks(&basis, norms, keys);
  ck_assert_double_eq(blocks.components, 4);
  ck_assert_double_eq(blocks.at_keys, 2);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(a_circuit_lies_where_its_squares_are)
{
  enum { P = 7, HEADS = 2 };
  struct FourierBasis basis = new_basis(P);
  const bool keys[P / 2 + 1] = {[1] = true, [2] = true};
  const double norms[P][HEADS] = {{50, 0}, {3, 0}, {4, 0}, {6, 0}, {8, 0}, {0, 0}, {5, 0}};
  struct OvCircuit circuit = ov_circuit_place(&basis, norms[0], HEADS, 0, keys);
  ck_assert_int_eq(circuit.frequency, 2);
  ck_assert_double_eq_tol(circuit.share, 100.0 / 150, rounding);
  ck_assert_double_eq_tol(circuit.key_share, 125.0 / 150, rounding);
  circuit = ov_circuit_place(&basis, norms[0], HEADS, 1, keys);
  ck_assert_int_eq(circuit.frequency, 0);
  ck_assert(isnan(circuit.share) && isnan(circuit.key_share));
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(a_circuit_at_one_frequency_is_not_counted_at_the_keys)
{
  struct OvCircuit heads[] = {{2, 0.9, 0.95}, {2, 0.85, 0.9}, {1, 0.3, 0.85}, {1, 0.86, 0.1}};
  struct Analysis analysis = {.snapshot.parameters.shape = {.H = 4, .d_mlp = 1, .n_positions = 3}};
  struct OvCircuits circuits = {.heads = heads};
  struct OvSummary summary = ov_circuits_summarise(&analysis, &circuits);
  ck_assert_double_eq(summary.heads_at_one, 2);
  ck_assert_double_eq(summary.heads_at_keys, 1);
  analysis.snapshot.parameters.shape.layer_norm = LAYER_NORM_PRE;
  summary = ov_circuits_summarise(&analysis, &circuits);
  ck_assert(isnan(summary.heads_at_one) && isnan(summary.heads_at_keys));
}
END_TEST

/* Any single cosine modulo a prime is nearly 1 next to its peak, wherever that is; two cosines have
   no common one. */
START_TEST(side_peaks_of_one_cosine_are_higher_than_those_of_two)
{
  enum { P = 13 };
  const double none[P / 2 + 1] = {0};
  for (int k = 1; k <= P / 2; k++) {
    double one[P / 2 + 1] = {0};
    one[k] = 3;
    ck_assert_double_eq_tol(side_peak(P, one), cos(2 * pi / P), rounding);
  }
  const double two[P / 2 + 1] = {[1] = 1, [5] = 1}; /* largest at d = 2 */
  ck_assert_double_eq_tol(side_peak(P, two), (cos_w(P, 1, 2) + cos_w(P, 5, 2)) / 2, rounding);
  ck_assert(isnan(side_peak(P, none)));
  const double dividing[7] = {[3] = 1}; /* mod 12, of period 4 */
  ck_assert_double_eq_tol(side_peak(12, dividing), 1, rounding);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
  TCase *tests = tcase_create(name);
  suite_add_tcase(suite, tests);
  return tests;
}

int main(void)
{
  Suite *suite = suite_create("reverse");
  TCase *polynomials = add_case(suite, "polynomials");
  tcase_add_test(polynomials, polynomials_keep_the_products_of_one_frequency);
  tcase_add_test(polynomials, polynomials_leave_the_constant_to_frequency_0);
  tcase_add_test(polynomials, all_polynomials_of_all_frequencies_are_a_projection);
  TCase *attention = add_case(suite, "attention");
  tcase_add_test(attention, attention_is_fitted_at_its_frequency);
  tcase_add_test(attention, attention_that_is_not_explained_lowers_the_fve);
  tcase_add_test(attention, attention_at_half_the_modulus_has_no_sine);
  tcase_add_test(attention, constant_attention_has_no_fve);
  tcase_add_test(attention, of_equal_fits_of_attention_the_lowest_frequency_counts);
  tcase_add_test(attention, attention_spectrum_is_what_tokens_add_to_scores);
  TCase *map = add_case(suite, "the neuron-logit map");
  tcase_add_test(map, the_residual_of_the_map_is_what_keys_leave_out);
  tcase_add_test(map, the_vectors_of_the_map_are_its_coefficients);
  tcase_add_test(map, half_the_modulus_has_one_vector);
  tcase_add_test(map, neurons_along_the_map_are_fitted_by_waves);
  tcase_add_test(map, the_span_is_orthonormal_and_holds_the_vectors);
  tcase_add_test(map, vectors_that_others_span_add_nothing);
  TCase *logits = add_case(suite, "the logits as cosines");
  tcase_add_test(logits, logits_are_fitted_by_cosines);
  tcase_add_test(logits, a_fit_by_no_cosine_is_uniform);
  TCase *replacements = add_case(suite, "replacements");
  tcase_add_loop_test(replacements, nothing_replaced_is_the_network, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, clustered_neurons_become_their_polynomials, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, neurons_become_their_directions_and_mean, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, logits_become_the_polynomials_of_the_keys, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, logits_become_fitted_cosines, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, neurons_are_projected_on_and_off_the_map, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, the_skip_connection_becomes_zero_or_its_mean, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, heads_that_are_zero_leave_the_textbook_network_without_them, 0,
                      N_FIXTURES);
  tcase_add_loop_test(replacements, heads_that_attend_as_they_do_are_the_network, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, heads_that_attend_to_nothing_are_none, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, an_equals_sign_that_is_zero_is_not_missed, 0, N_FIXTURES);
  tcase_add_loop_test(replacements, linear_attention_stays, 0, N_FIXTURES);
  tcase_add_test(replacements, replacements_do_not_depend_on_the_number_of_threads);
  TCase *numbers = add_case(suite, "few numbers for many");
  tcase_add_test(numbers, ranges_pass_over_nan);
  tcase_add_test(numbers, contrast_compares_keys_with_the_others);
  tcase_add_test(numbers, products_of_keys_are_told_from_the_others);
  tcase_add_test(numbers, a_frequency_is_learned_above_half_of_the_least_key);
  tcase_add_test(numbers, products_above_a_quarter_of_the_largest_stand_out);
  tcase_add_test(numbers, a_circuit_lies_where_its_squares_are);
  tcase_add_test(numbers, a_circuit_at_one_frequency_is_not_counted_at_the_keys);
  tcase_add_test(numbers, side_peaks_of_one_cosine_are_higher_than_those_of_two);

  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
