/* The measures on functions whose spectrum, shares, losses and Gini coefficients are known in
   closed form. Whole networks are in check_analysis.c. */
#include "base/elementary.h"
#include "base/memory.h"
#include "measures/analysis.h"
#include "measures/directed_logits.h"
#include "measures/grid.h"
#include "measures/logit_fit.h"
#include "measures/logit_spectrum.h"
#include "measures/neuron_logit_map.h"
#include "measures/neurons.h"
#include "measures/phases.h"
#include "measures/sort.h"
#include "measures/spectrum.h"
#include "measures/turning_points.h"
#include "measures/weights.h"
#include "measures/without_each.h"
#include "waves.h"

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

/* sums of at most some ten thousand terms of magnitude 1 in double precision */
static const double rounding = 1e-11;

static void *new_array(int n, size_t size)
{
  struct Error error;
  void *values = memory_new((size_t)n, size, "test", &error);
  ck_assert_ptr_nonnull(values);
  return values;
}

static struct FourierBasis new_basis(int p)
{
  struct FourierBasis basis;
  struct Error error;
  ck_assert_msg(fourier_basis_init(&basis, p, &error), "%s", error.message);
  return basis;
}

/* Pseudo-random numbers in [-1, 1). */
static double noise(unsigned *state)
{
  *state = *state * 1664525u + 1013904223u;
  return (double)(*state >> 8) / (1 << 23) - 1;
}

/* ---- losses: the fixture ---- */

/* Even, odd, prime and composite ones, and those with a single frequency. */
static const int moduli[] = {2, 3, 4, 5, 6, 9, 12, 13, 23};
enum { MOST_FREQUENCIES = 64 };

/* Each modulus with addition, then with subtraction. */
static int modulus_of(int loop)
{
  return moduli[loop / 2];
}

static enum DirectionSign sign_of(int loop)
{
  return loop % 2 ? DIRECTION_DIFFERENCE : DIRECTION_SUM;
}

struct Fixture {
  int p, V;
  enum DirectionSign sign;
  struct FourierBasis basis;
  struct Dataset dataset;
  struct DirectedLogits directed;
  float *logits; /* [p^2][V] */
};

static void set_up(struct Fixture *f, int p, enum DirectionSign sign)
{
  struct Error error;
  struct DataConfig data = {.modulus = p,
                            .operation = sign == DIRECTION_SUM ? OPERATION_ADD : OPERATION_SUBTRACT,
                            .train_fraction = 0.4};
  *f = (struct Fixture){.p = p, .V = p, .sign = sign, .basis = new_basis(p)};
  ck_assert_msg(dataset_init(&f->dataset, &data, &error), "%s", error.message);
  ck_assert(directed_logits_init(&f->directed, &f->basis, &f->dataset, sign, &error));
  f->logits = new_array(p * p * (p + 1), sizeof *f->logits); /* room for "=" */
}

static void tear_down(struct Fixture *f)
{
  free(f->logits);
  directed_logits_release(&f->directed);
  dataset_release(&f->dataset);
  fourier_basis_release(&f->basis);
}

static void set_logits(struct Fixture *f, Formula *logit, const void *context)
{
  logits_of_formula(f->p, logit, context, 0, f->V, f->logits);
  directed_logits_set(&f->directed, f->logits, f->V);
}

static struct Losses whole(const struct Fixture *f)
{
  struct Losses losses;
  losses_of_logits(&f->dataset, f->logits, f->V, &losses);
  return losses;
}

static struct Losses without(const struct Fixture *f, const bool *frequencies)
{
  struct Losses losses;
  struct Error error;
  ck_assert_msg(directed_logits_ablated(&f->directed, frequencies, &losses, &error), "%s",
                error.message);
  return losses;
}

static struct Losses only(const struct Fixture *f, const bool *frequencies)
{
  struct Losses losses;
  struct Error error;
  ck_assert_msg(directed_logits_restricted(&f->directed, frequencies, &losses, &error), "%s",
                error.message);
  return losses;
}

static struct MeanLoss excluded(const struct Fixture *f, const bool *frequencies)
{
  struct MeanLoss train;
  struct Error error;
  ck_assert_msg(directed_logits_excluded(&f->directed, frequencies, &train, &error), "%s",
                error.message);
  return train;
}

static struct MeanLoss excluded_3d(const struct Fixture *f, const bool *frequencies)
{
  struct MeanLoss train;
  struct Error error;
  ck_assert_msg(logit_fit_excluded(&f->directed, frequencies, &train, &error), "%s", error.message);
  return train;
}

/* The error of logits of magnitude up to `size` after a projection on n frequencies: storing
   them costs one rounding; the projection averages them over s with weights that sum to at most
   2 n (plus 1 for the mean logits); the residual is rounded again. */
static double projected_error(double size, int n)
{
  return FLOAT_ROUNDING * size * (1 + (2 * n + 1) + 1);
}

/* Logits made of waves, each with its own phase, so that no output mirrors another. */
struct Mixture {
  int p;
  enum DirectionSign sign;
  double along[MOST_FREQUENCIES];  /* [k]: times cos(w_k(s - c) + phase), s = a + b or a - b */
  double across[MOST_FREQUENCIES]; /* [k]: the same with t = a - b or a + b */
  double slope;                    /* times c / p: the mean logits */
  double phase;                    /* of k: k phase */
};

static long double mixed_logit(const void *context, int a, int b, int c)
{
  const struct Mixture *m = context;
  int s = a + (int)m->sign * b, t = a - (int)m->sign * b;
  long double logit = (long double)m->slope * c / m->p;
  for (int k = 1; k < MOST_FREQUENCIES; k++) {
    long double phase = (long double)m->phase * k;
    if (m->along[k] != 0) logit += (long double)m->along[k] * wave(m->p, k, s - c, phase);
    if (m->across[k] != 0) logit += (long double)m->across[k] * wave(m->p, k, t - c, phase);
  }
  return logit;
}

struct Excluded3d {
  const struct Mixture *mixture;
  const bool *chosen;
};

/* Of each chosen wave along s - c the part without a phase is missing: cos(x + phase) =
   cos(phase) cos x - sin(phase) sin x. */
static long double excluded_3d_logit(const void *context, int a, int b, int c)
{
  const struct Excluded3d *of = context;
  const struct Mixture *m = of->mixture;
  long double logit = mixed_logit(m, a, b, c);
  for (int k = 1; k <= m->p / 2; k++)
    if (of->chosen[k])
      logit -= (long double)m->along[k] * cosl((long double)m->phase * k) *
               wave_cos(m->p, k, a + (int)m->sign * b - c);
  return logit;
}

/* A bound of its logits. */
static double size_of(const struct Mixture *m)
{
  double size = fabs(m->slope);
  for (int k = 1; k < MOST_FREQUENCIES; k++)
    size += fabs(m->along[k]) + fabs(m->across[k]);
  return size;
}

/* ---- losses: sums of cosines ---- */

/* Of logits first cos(w_1(s - c)) + last cos(w_n(s - c)) for any pair: with d = s - c,
   log(1 + sum over d != 0 of exp(first (cos w_1 d - 1) + last (cos w_n d - 1))). */
static double loss_of_two_cosines(int p, int n, double first, double last)
{
  long double others = 0;
  for (int d = 1; d < p; d++)
    others += expl((long double)first * (wave_cos(p, 1, d) - 1) +
                   (long double)last * (wave_cos(p, n, d) - 1));
  return (double)log1pl(others);
}

static void assert_one_loss(const struct Losses *losses, double expected, double tolerance)
{
  assert_relative(losses->all.loss, expected, tolerance);
  assert_relative(losses->train.loss, expected, tolerance);
  assert_relative(losses->test.loss, expected, tolerance);
}

START_TEST(two_cosines_have_the_loss_of_their_formula)
{
  struct Fixture f;
  int p = modulus_of(_i), n = p / 2;
  bool none[MOST_FREQUENCIES] = {0}, one[MOST_FREQUENCIES] = {[1] = true};
  bool both[MOST_FREQUENCIES] = {[1] = true};
  double first = 5, last = n > 1 ? 3 : 0; /* for p = 2 and p = 3 there is one frequency */
  set_up(&f, p, sign_of(_i));
  struct Mixture mixture = {.p = p, .sign = f.sign, .along = {[1] = first}};
  if (n > 1) mixture.along[n] = last;
  both[n] = true;
  set_logits(&f, mixed_logit, &mixture);
  double tolerance = loss_tolerance(p, first + last, projected_error(first + last, 2));
  double of_both = loss_of_two_cosines(p, n, first, last);
  double of_first = loss_of_two_cosines(p, n, first, 0);
  double of_last = loss_of_two_cosines(p, n, 0, last);

  struct Losses losses = whole(&f);
  assert_one_loss(&losses, of_both, tolerance);
  ck_assert_double_eq(losses.all.accuracy, 1);
  losses = without(&f, none);
  assert_one_loss(&losses, of_both, tolerance);
  losses = without(&f, one);
  assert_one_loss(&losses, of_last, tolerance);
  assert_relative(excluded(&f, one).loss, of_last, tolerance);
  assert_relative(excluded_3d(&f, one).loss, of_last, tolerance); /* waves without a phase */
  losses = without(&f, both); /* the remaining logits are constant */
  assert_one_loss(&losses, log(p), tolerance);
  assert_relative(excluded(&f, both).loss, log(p), tolerance);

  losses = only(&f, both);
  assert_one_loss(&losses, of_both, tolerance);
  ck_assert_double_eq(losses.all.accuracy, 1);
  losses = only(&f, one);
  assert_one_loss(&losses, of_first, tolerance);
  losses = only(&f, none);
  assert_one_loss(&losses, log(p), tolerance);
  tear_down(&f);
}
END_TEST

/* Restriction must remove other directions and keep the mean logits; exclusion must keep both.
   Sets of frequencies: none, the lowest, the odd ones, all. */
static void choose(int set, int n_frequencies, bool *chosen)
{
  for (int k = 0; k <= n_frequencies; k++)
    chosen[k] = k > 0 && (set == 1 ? k == 1 : set == 2 ? k % 2 == 1 : set == 3);
}

static void check_mixture(struct Fixture *f, const struct Mixture *mixture, const bool *chosen)
{
  struct Mixture rest = *mixture, kept = *mixture;
  int n_chosen = 0;
  for (int k = 1; k <= f->basis.n_frequencies; k++) {
    n_chosen += chosen[k];
    if (chosen[k]) rest.along[k] = 0;
    if (!chosen[k]) kept.along[k] = 0;
    kept.across[k] = 0;
  }
  double size = size_of(mixture);
  double tolerance = loss_tolerance(f->p, size, projected_error(size, n_chosen));
  struct Losses expected, found = without(f, chosen);
  losses_of_formula(&f->dataset, mixed_logit, &rest, &expected);
  assert_losses(&found, &expected, tolerance);
  struct MeanLoss train = excluded(f, chosen);
  ck_assert_double_eq(train.loss, found.train.loss); /* the same sums */
  ck_assert_double_eq(train.accuracy, found.train.accuracy);
  losses_of_formula(&f->dataset, excluded_3d_logit, &(struct Excluded3d){mixture, chosen},
                    &expected);
  train = excluded_3d(f, chosen);
  assert_relative(train.loss, expected.train.loss, tolerance);
  ck_assert_double_eq(train.accuracy, expected.train.accuracy);
  losses_of_formula(&f->dataset, mixed_logit, &kept, &expected);
  found = only(f, chosen);
  assert_losses(&found, &expected, tolerance);
}

START_TEST(chosen_directions_are_removed_or_kept_and_nothing_else)
{
  struct Fixture f;
  int p = modulus_of(_i), n = p / 2;
  set_up(&f, p, sign_of(_i));
  struct Mixture mixture = {.p = p, .sign = f.sign, .slope = 2, .phase = 0.3};
  for (int k = 1; k <= 3 && k <= n; k++)
    mixture.along[k] = 5 - k;
  mixture.along[n] = 1.5;
  for (int k = 1; k <= 2 && 2 * k < p; k++) /* at p/2, a + b and a - b are one direction */
    mixture.across[k] = 1.25;
  set_logits(&f, mixed_logit, &mixture);
  double size = size_of(&mixture);
  struct Losses expected, found = whole(&f);
  losses_of_formula(&f.dataset, mixed_logit, &mixture, &expected);
  assert_losses(&found, &expected, loss_tolerance(p, size, projected_error(size, 0)));
  for (int set = 0; set < 4; set++) {
    bool chosen[MOST_FREQUENCIES];
    choose(set, n, chosen);
    check_mixture(&f, &mixture, chosen);
  }
  tear_down(&f);
}
END_TEST

/* At the paper's modulus, with its number of key frequencies and a loss as small as its own. */
START_TEST(losses_of_a_grokked_network_keep_their_digits)
{
  enum { P = 113 };
  struct Fixture f;
  static const int keys[] = {14, 35, 41, 42, 52};
  bool chosen[MOST_FREQUENCIES] = {0};
  set_up(&f, P, DIRECTION_SUM);
  struct Mixture mixture = {.p = P, .sign = DIRECTION_SUM};
  for (int i = 0; i < LENGTH(keys); i++) {
    chosen[keys[i]] = true;
    mixture.along[keys[i]] = 9;
  }
  long double others = 0;
  for (int d = 1; d < P; d++) {
    long double logit = 0;
    for (int i = 0; i < LENGTH(keys); i++)
      logit += 9 * (wave_cos(P, keys[i], d) - 1);
    others += expl(logit);
  }
  double loss = (double)log1pl(others), size = size_of(&mixture);
  ck_assert_double_lt(loss, 1e-6);
  double tolerance = loss_tolerance(P, size, projected_error(size, LENGTH(keys)));
  set_logits(&f, mixed_logit, &mixture);
  struct Losses found = whole(&f), restricted = only(&f, chosen);
  assert_one_loss(&found, loss, tolerance);
  assert_one_loss(&restricted, loss, tolerance);
  assert_relative(excluded(&f, chosen).loss, log(P), tolerance);
  tear_down(&f);
}
END_TEST

/* ---- losses: subsets and outputs ---- */

/* A network that has memorised its training pairs: the answer's logit is `height` there, all
   others are 0. */
struct Memory {
  const struct Dataset *dataset;
  double height;
};

static long double remembered_logit(const void *context, int a, int b, int c)
{
  const struct Memory *memory = context;
  int pair = a * memory->dataset->p + b;
  bool known = memory->dataset->train[pair] && memory->dataset->answer[pair] == c;
  return known ? (long double)memory->height : 0;
}

/* Makes the pairs with a < r the training pairs: r of the p pairs of each sum, and of each
   difference. */
static void train_first_rows(struct Dataset *dataset, int r)
{
  int p = dataset->p;
  for (int pair = 0; pair < p * p; pair++)
    dataset->train[pair] = pair / p < r;
  dataset->n_train = (size_t)(r * p);
  dataset->n_test = (size_t)(p * (p - r));
}

/* log(1 + (p - 1) exp(-margin)): the answer's logit is that much above all others. */
static double loss_of_margin(int p, double margin)
{
  return (double)log1pl((p - 1) * expl(-(long double)margin));
}

/*
 * With r/p of each residue's pairs memorised, the logits by residue are F[s][c] = height r/p [c =
 * s], and [c = s] = 1/p + sum over k of 2/p cos(w_k(s - c)) contains all frequencies. Without
 * these, memorised pairs have a margin of height (1 - r/p) and the others one of -height r/p; with
 * only these, all pairs have a margin of height r/p.
 */
START_TEST(memory_shows_in_the_subsets)
{
  struct Fixture f;
  int p = modulus_of(_i), r = (p + 1) / 3;
  double height = 12, part = height * r / p;
  bool all[MOST_FREQUENCIES];
  set_up(&f, p, sign_of(_i));
  train_first_rows(&f.dataset, r);
  choose(3, p / 2, all);
  set_logits(&f, remembered_logit, &(struct Memory){&f.dataset, height});
  double tolerance = loss_tolerance(p, height, projected_error(height, p / 2));

  struct Losses found = whole(&f);
  assert_relative(found.train.loss, loss_of_margin(p, height), tolerance);
  assert_relative(found.test.loss, log(p), tolerance);
  assert_relative(found.all.loss, (r * loss_of_margin(p, height) + (p - r) * log(p)) / p,
                  tolerance);
  ck_assert_double_eq(found.train.accuracy, 1);
  ck_assert_double_eq(found.test.accuracy, 1.0 / p); /* of equal logits the first is the argmax */

  found = without(&f, all);
  assert_relative(found.train.loss, loss_of_margin(p, height - part), tolerance);
  assert_relative(found.test.loss, loss_of_margin(p, -part), tolerance);
  ck_assert_double_eq(found.train.accuracy, 1);
  ck_assert_double_eq(found.test.accuracy, 0);
  assert_relative(excluded(&f, all).loss, loss_of_margin(p, height - part), tolerance);

  found = only(&f, all);
  assert_one_loss(&found, loss_of_margin(p, part), tolerance);
  ck_assert_double_eq(found.all.accuracy, 1);
  tear_down(&f);
}
END_TEST

START_TEST(the_logit_of_equals_is_ignored)
{
  struct Fixture f;
  int p = modulus_of(_i);
  bool chosen[MOST_FREQUENCIES];
  choose(1, p / 2, chosen);
  set_up(&f, p, sign_of(_i));
  struct Mixture mixture = {.p = p, .sign = f.sign, .along = {[1] = 4}, .slope = 2, .phase = 0.3};
  set_logits(&f, mixed_logit, &mixture);
  const struct Losses plain[] = {whole(&f), without(&f, chosen), only(&f, chosen)};
  const struct MeanLoss plain_excluded = excluded(&f, chosen), plain_3d = excluded_3d(&f, chosen);
  f.V = p + 1;
  logits_of_formula(p, mixed_logit, &mixture, 1e4f, f.V, f.logits);
  directed_logits_set(&f.directed, f.logits, f.V);
  const struct Losses found[] = {whole(&f), without(&f, chosen), only(&f, chosen)};
  for (int i = 0; i < LENGTH(plain); i++)
    assert_losses(&found[i], &plain[i], 0); /* the same sums: the same bits */
  ck_assert_double_eq(excluded(&f, chosen).loss, plain_excluded.loss);
  ck_assert_double_eq(excluded_3d(&f, chosen).loss, plain_3d.loss);
  tear_down(&f);
}
END_TEST

/* Lanes of both kinds, of other first frequencies, and of frequencies that there are not. */
static const struct WithoutHalf halves[] = {{1, false}, {1, true},  {2, false},
                                            {2, true},  {9, false}, {9, true}};

static void expect_lane(const struct Fixture *f, const struct WithoutHalf *half, int lane,
                        const struct LaneSums *sums, bool train_only)
{
  bool chosen[MOST_FREQUENCIES] = {0};
  size_t at = (size_t)lane;
  int k = half->first + lane % (REMOVAL_LANES / 2);
  if (k <= f->basis.n_frequencies) chosen[k] = true;
  struct MeanLoss train = half->fitted ? excluded_3d(f, chosen) : excluded(f, chosen);
  struct MeanLoss found = without_each_mean(&sums->train, at);
  ck_assert_mem_eq(&found, &train, sizeof found);
  if (train_only || half->fitted) return;
  struct Losses all = without(f, chosen);
  found = without_each_mean(&sums->test, at);
  ck_assert_mem_eq(&found, &all.test, sizeof found);
  found = without_each_mean(&sums->all, at);
  ck_assert_mem_eq(&found, &all.all, sizeof found);
}

static void expect_lanes(const struct Fixture *f, const struct WithoutLanes *lanes)
{
  enum { HALF = REMOVAL_LANES / 2 };
  struct WithoutEach each;
  struct LaneSums sums = {0};
  struct Error error;
  ck_assert(without_each_init(&each, f->p, &error));
  for (int first = 0, end; first < f->p; first = end) { /* in two blocks */
    end = first ? f->p : (f->p + 1) / 2;
    const struct LogitRows rows = {f->logits + (size_t)(first * f->p) * (size_t)f->V, (size_t)f->V,
                                   first, end};
    without_each_add(&each, &f->directed, &rows, lanes, &sums);
  }
  for (int lane = 0; lane < REMOVAL_LANES; lane++)
    expect_lane(f, &lanes->half[lane / HALF], lane, &sums, lanes->train_only);
  without_each_release(&each);
}

START_TEST(each_frequency_has_the_losses_of_it_alone)
{
  struct Fixture f;
  unsigned state = (unsigned)_i + 1;
  set_up(&f, modulus_of(_i), sign_of(_i));
  f.V = f.p + 1;
  for (int i = 0; i < f.p * f.p * f.V; i++)
    f.logits[i] = (float)(5 * noise(&state));
  directed_logits_set(&f.directed, f.logits, f.V);
  for (int i = 0; i < 2 * LENGTH(halves); i++)
    expect_lanes(&f, &(struct WithoutLanes){i % 2, {halves[i / 2], halves[(i + 3) / 2 % 6]}});
  tear_down(&f);
}
END_TEST

START_TEST(a_mean_over_no_pairs_is_no_number)
{
  struct Fixture f;
  set_up(&f, 5, DIRECTION_SUM);
  train_first_rows(&f.dataset, 5);
  struct Losses found = whole(&f);
  ck_assert_double_eq_tol(found.train.loss, log(5), 5 * FLOAT_ROUNDING);
  ck_assert(isnan(found.test.loss) && isnan(found.test.accuracy));
  tear_down(&f);
}
END_TEST

START_TEST(only_sums_and_differences_have_directions)
{
  enum DirectionSign sign;
  struct Error error;
  ck_assert(directed_logits_sign(OPERATION_ADD, &sign, &error));
  ck_assert_int_eq(sign, DIRECTION_SUM);
  ck_assert(directed_logits_sign(OPERATION_SUBTRACT, &sign, &error));
  ck_assert_int_eq(sign, DIRECTION_DIFFERENCE);
  ck_assert(!directed_logits_sign(OPERATION_QUADRATIC, &sign, &error));
  ck_assert_ptr_nonnull(strstr(error.message, "data.operation is quadratic"));
  ck_assert(!directed_logits_sign(OPERATION_RANDOM, &sign, &error));
  ck_assert_ptr_nonnull(strstr(error.message, "data.operation is random"));
}
END_TEST

/* ---- neurons ---- */

typedef long double Activation(int p, int a, int b);

static long double dead(int p, int a, int b)
{
  (void)p, (void)a, (void)b;
  return 0;
}

static long double constant(int p, int a, int b)
{
  (void)p, (void)a, (void)b;
  return 0.1L;
}

static long double sum_of_cosines(int p, int a, int b)
{
  return 3 + wave_cos(p, 4, a) + wave_cos(p, 4, b);
}

static long double sine_times_cosine(int p, int a, int b)
{
  return wave_sin(p, 6, a) * wave_cos(p, 6, b);
}

static long double wave_of_a(int p, int a, int b)
{
  (void)b;
  return 1e-3L * wave_sin(p, 2, a);
}

/* the variances of 2 cos and cos are 2 and 1/2 */
static long double four_to_one(int p, int a, int b)
{
  return 2 * wave_cos(p, 2, a) + wave_cos(p, 5, b) + 7;
}

static long double one_to_nine(int p, int a, int b)
{
  return wave_cos(p, 1, a) + 3 * wave_sin(p, 3, b) - 2;
}

/* cos(w_1(a + b)) is two products: its variance is 1/2 */
static long double sum_against_wave(int p, int a, int b)
{
  return 2 * wave_cos(p, 1, a + b) + wave_cos(p, 2, a);
}

/* a product of two frequencies belongs to neither: variance 1/4, against 9/2 */
static long double stray_product(int p, int a, int b)
{
  return wave_cos(p, 1, a) * wave_cos(p, 2, b) + 3 * wave_cos(p, 2, a);
}

static long double two_frequencies(int p, int a, int b)
{
  return 1 + wave_cos(p, 1, a) * wave_sin(p, 2, b);
}

/* one pair: 8 of the p^2 - 1 non-constant products, all of equal norm, at any k < p/2 */
static long double one_pair(int p, int a, int b)
{
  (void)p;
  return a == 1 && b == 0;
}

static long double alternating_product(int p, int a, int b)
{
  return 2 + wave_cos(p, p / 2, a + b);
}

/* the alternating wave has the variance 1, 2 cos has 2 */
static long double alternating_against_wave(int p, int a, int b)
{
  return wave_cos(p, p / 2, a) + 2 * wave_cos(p, 1, b);
}

enum { ANY = -1 };

static const struct NeuronCase {
  int p, frequency;
  Activation *activation;
  double fve;
} neuron_cases[] = {
    {2, 0, dead, 0},
    {2, 0, constant, 0},
    {2, 1, one_pair, 1},
    {2, 1, alternating_product, 1},
    {3, 0, constant, 0},
    {3, 1, one_pair, 1},
    {3, 1, sum_of_cosines, 1}, /* 4 is 1 */
    {4, 1, alternating_against_wave, 2.0 / 3},
    {5, ANY, one_pair, 8.0 / 24},
    {12, 0, constant, 0},
    {12, 4, sum_of_cosines, 1},
    {12, 2, wave_of_a, 1},
    {12, 2, four_to_one, 0.8},
    {12, ANY, one_pair, 8.0 / 143},
    {12, 6, alternating_product, 1},
    {12, 1, alternating_against_wave, 2.0 / 3},
    {13, 0, dead, 0},
    {13, 0, constant, 0},
    {13, 4, sum_of_cosines, 1},
    {13, 6, sine_times_cosine, 1},
    {13, 2, wave_of_a, 1},
    {13, 2, four_to_one, 0.8},
    {13, 3, one_to_nine, 0.9},
    {13, 1, sum_against_wave, 0.8},
    {13, 2, stray_product, 18.0 / 19},
    {13, ANY, two_frequencies, 0},
    {13, ANY, one_pair, 8.0 / 168},
    {15, 4, sum_of_cosines, 1},
    {15, 3, one_to_nine, 0.9},
    {59, 2, four_to_one, 0.8},
    {59, ANY, one_pair, 8.0 / 3480},
};

/* Storing an activation costs one rounding. That changes a share of squares by at most 4 times
   the error of the function over its deviation, and none here exceeds 8 deviations. */
static const double share_tolerance = 4 * 8 * FLOAT_ROUNDING;

/* hidden[p^2][n]: column i is case i % n_cases of the modulus. */
static void fill_neurons(int p, const struct NeuronCase *const *cases, int n_cases, int n,
                         float *hidden)
{
  for (int pair = 0; pair < p * p; pair++)
    for (int i = 0; i < n; i++)
      hidden[pair * n + i] = (float)cases[i % n_cases]->activation(p, pair / p, pair % p);
}

START_TEST(neurons_have_the_shares_of_their_formulas)
{
  enum { N = 2 * GRID_BLOCK + 5 }; /* with a partial last block */
  static const int of_cases[] = {2, 3, 4, 5, 12, 13, 15, 59};
  const struct NeuronCase *cases[LENGTH(neuron_cases)];
  int p = of_cases[_i], n_cases = 0;
  for (int i = 0; i < LENGTH(neuron_cases); i++)
    if (neuron_cases[i].p == p) cases[n_cases++] = &neuron_cases[i];
  struct FourierBasis basis = new_basis(p);
  float *hidden = new_array(p * p * N, sizeof *hidden);
  struct NeuronFit fits[N];
  struct Error error;
  fill_neurons(p, cases, n_cases, N, hidden);
  ck_assert_msg(neuron_fit_all(&basis, hidden, N, fits, &error), "%s", error.message);
  for (int i = 0; i < N; i++) {
    const struct NeuronCase *expected = cases[i % n_cases];
    ck_assert_double_eq_tol(fits[i].fve, expected->fve, share_tolerance);
    if (expected->frequency != ANY) ck_assert_int_eq(fits[i].frequency, expected->frequency);
    if (expected->frequency == 0) ck_assert(fits[i].fve == 0);
    ck_assert(fits[i].fve <= 1);
  }
  free(hidden);
  fourier_basis_release(&basis);
}
END_TEST

/* After a real ReLU: the shares of all frequencies by direct sums, and the largest of them. */
START_TEST(rectified_neurons_have_the_shares_of_direct_sums)
{
  enum { N = 6 };
  static const int of_these[] = {5, 12, 13};
  int p = of_these[_i];
  struct FourierBasis basis = new_basis(p);
  float *hidden = new_array(p * p * N, sizeof *hidden);
  long double *f = new_array(p * p, sizeof *f);
  struct NeuronFit fits[N];
  struct Error error;
  for (int pair = 0; pair < p * p; pair++)
    for (int i = 0; i < N; i++)
      hidden[pair * N + i] =
          fmaxf(0, (float)(wave_cos(p, 1 + i % 2, pair / p) + wave_sin(p, 2 - i % 2, pair % p) +
                           wave_cos(p, 1, pair / p - i) - i / 5.0L));
  ck_assert(neuron_fit_all(&basis, hidden, N, fits, &error));
  for (int i = 0; i < N; i++) {
    long double largest = 0;
    int frequency = 0;
    for (int pair = 0; pair < p * p; pair++)
      f[pair] = (long double)hidden[pair * N + i];
    for (int k = 1; k <= p / 2; k++) {
      long double share = share_of_frequency(p, k, f);
      if (share > largest) largest = share, frequency = k;
    }
    ck_assert_double_eq_tol(fits[i].fve, (double)largest, rounding);
    ck_assert_int_eq(fits[i].frequency, frequency);
  }
  free(f);
  free(hidden);
  fourier_basis_release(&basis);
}
END_TEST

/* 1 at a = 0, -1 at a = p / 2 and 0 elsewhere: for p = 8 that is (cos(w_1 a) + cos(w_3 a)) / 2. The
   values of both cosines there are exact, so that neither share is the larger by a rounding error.
 */
START_TEST(of_equal_shares_the_lowest_frequency_counts)
{
  enum { P = 8 };
  struct FourierBasis basis = new_basis(P);
  float hidden[P * P] = {0};
  struct NeuronFit fit;
  struct Error error;
  for (int b = 0; b < P; b++) {
    hidden[b] = 1;
    hidden[P / 2 * P + b] = -1;
  }
  ck_assert(neuron_fit_all(&basis, hidden, 1, &fit, &error));
  ck_assert_int_eq(fit.frequency, 1);
  ck_assert_double_eq_tol(fit.fve, 0.5, rounding);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(threads_change_no_bit_of_a_fit)
{
  enum { P = 13, N = 5 * GRID_BLOCK + 3 };
  struct FourierBasis basis = new_basis(P);
  float *hidden = new_array(P * P * N, sizeof *hidden);
  struct NeuronFit one[N], four[N];
  struct Error error;
  unsigned state = 3;
  for (int i = 0; i < P * P * N; i++)
    hidden[i] = fmaxf(0, (float)noise(&state));
  omp_set_num_threads(1);
  ck_assert(neuron_fit_all(&basis, hidden, N, one, &error));
  omp_set_num_threads(4);
  ck_assert(neuron_fit_all(&basis, hidden, N, four, &error));
  for (int i = 0; i < N; i++) {
    ck_assert_int_eq(one[i].frequency, four[i].frequency);
    ck_assert_mem_eq(&one[i].fve, &four[i].fve, sizeof one[i].fve);
  }
  free(hidden);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(a_cluster_is_above_its_threshold)
{
  enum { FREQUENCIES = 6 };
  const struct NeuronFit fits[] = {{3, 0.95},
                                   {4, 0.85},
                                   {3, 0.85},
                                   {0, 0},
                                   {3, 0.86},
                                   {5, 0.9},
                                   {6, 1},
                                   {2, 0.1},
                                   {3, 0.91},
                                   {6, 0.87},
                                   {3, nextafter(0.85, 1)}};
  bool keys[FREQUENCIES + 1], expected[FREQUENCIES + 1] = {[3] = true, [5] = true, [6] = true};
  struct Cluster cluster;
  struct Error error;
  memset(keys, true, sizeof keys);
  ck_assert_int_eq(neuron_fit_keys(fits, LENGTH(fits), FREQUENCIES, keys), 3);
  ck_assert_mem_eq(keys, expected, sizeof keys); /* one neuron is enough, as at 5 */
  ck_assert(!neuron_fit_clustered(&fits[1]) && neuron_fit_clustered(&fits[10]));

  ck_assert(neurons_cluster(fits, LENGTH(fits), 3, &cluster, &error));
  ck_assert_uint_eq(cluster.neurons, 4); /* 0.95, 0.91, 0.86 and the number above 0.85 */
  ck_assert_double_eq_tol(cluster.mean_fve, (0.95 + 0.91 + 0.86 + 0.85) / 4, 1e-15);
  ck_assert_double_eq_tol(cluster.median_fve, (0.91 + 0.86) / 2, 1e-15);
  ck_assert(neurons_cluster(fits, LENGTH(fits) - 1, 3, &cluster, &error));
  ck_assert_uint_eq(cluster.neurons, 3);
  ck_assert_double_eq(cluster.median_fve, 0.91);
  ck_assert(neurons_cluster(fits, LENGTH(fits), 4, &cluster, &error));
  ck_assert_uint_eq(cluster.neurons, 0);
  ck_assert(isnan(cluster.mean_fve) && isnan(cluster.median_fve));
}
END_TEST

/* ---- spectra ---- */

static struct Parameters new_parameters(int p, int d_model, int d_mlp, bool output_equals)
{
  struct Config config;
  struct Parameters parameters;
  struct Error error;
  config_init(&config);
  config.data.modulus = p;
  config.model.d_model = d_model;
  config.model.d_mlp = d_mlp;
  config.model.n_heads = 1;
  config.model.d_head = 2;
  config.model.output_equals = output_equals;
  ck_assert_msg(parameters_init(&parameters, &config, &error), "%s", error.message);
  return parameters;
}

/* Even, odd and composite; the wave of an even one's p/2 has no sine. */
static const int spectrum_moduli[] = {3, 4, 12, 13, 15, 59};

/* The norm of cos(w_k x) over a period; for k = 0 of the constant 1. */
static double wave_length(int p, int k)
{
  return k == 0 || 2 * k == p ? sqrt(p) : sqrt(p / 2.0);
}

/* Columns of W_E: 3 cos(w_1 x), 4 cos(w_1 x), 2 sin(w_1 x), 0.5 cos(w_n x), the constant -1. */
START_TEST(waves_in_the_embedding_are_its_spectrum)
{
  enum { D = 5 };
  int p = spectrum_moduli[_i], n = p / 2;
  struct FourierBasis basis = new_basis(p);
  struct Parameters parameters = new_parameters(p, D, 1, true);
  double *norms = new_array(p, sizeof *norms), *expected = new_array(p, sizeof *norms);
  float *weights = parameters_at(&parameters, W_E);
  struct Error error;
  for (int x = 0; x < p; x++) {
    weights[x * D] = (float)(3 * wave_cos(p, 1, x));
    weights[x * D + 1] = (float)(4 * wave_cos(p, 1, x));
    weights[x * D + 2] = (float)(2 * wave_sin(p, 1, x));
    weights[x * D + 3] = (float)(wave_cos(p, n, x) / 2);
    weights[x * D + 4] = -1;
  }
  for (int i = 0; i < D; i++)
    weights[p * D + i] = 1e6f; /* "=" is not a number token */
  ck_assert(spectrum_of_embedding(&basis, &parameters, norms, &error));
  double in_cosine = n == 1 ? 25.25 : 25;
  expected[0] = sqrt(p);
  expected[1] = sqrt(in_cosine) * wave_length(p, 1);
  expected[2] = 2 * wave_length(p, 1);
  if (n > 1) expected[2 * n - 1] = 0.5 * wave_length(p, n);
  /* one rounding for each stored weight, and so for their norm, at least 4 + sqrt(p) */
  for (int i = 0; i < p; i++)
    ck_assert_double_eq_tol(norms[i], expected[i], FLOAT_ROUNDING * 6 * sqrt(p));
  free(expected);
  free(norms);
  parameters_release(&parameters);
  fourier_basis_release(&basis);
}
END_TEST

/* W_out holds the cosine and sine of an angle per neuron and W_U those of w_1 c, so that
   W_L = cos(w_1 c - angle): components cos(angle) and sin(angle) times sqrt(p/2). */
START_TEST(angles_in_the_neuron_logit_map_are_its_components)
{
  enum { D = 2, M = 9 };
  int p = spectrum_moduli[_i];
  for (int V = p; V <= p + 1; V++) {
    struct FourierBasis basis = new_basis(p);
    struct Parameters parameters = new_parameters(p, D, M, V > p);
    double *components = new_array(p * M, sizeof *components);
    float *out = parameters_at(&parameters, W_OUT), *unembedding = parameters_at(&parameters, W_U);
    struct Error error;
    for (int i = 0; i < M; i++) {
      out[i * D] = cosf((float)i);
      out[i * D + 1] = sinf((float)i);
    }
    for (int c = 0; c < V; c++) {
      unembedding[c] = c < p ? (float)wave_cos(p, 1, c) : 1e6f; /* "=" is not a number output */
      unembedding[V + c] = c < p ? (float)wave_sin(p, 1, c) : 1e6f;
    }
    ck_assert(neuron_logit_map_components(&basis, &parameters, 0, components, &error));
    /* an entry is a sum of two products of two factors, each with one rounding (cosf and sinf:
       two); its column's norm is sqrt(p/2) */
    for (int i = 0; i < M; i++)
      for (int row = 0; row < p; row++) {
        double expected = row == 1   ? cos(i) * wave_length(p, 1)
                          : row == 2 ? sin(i) * wave_length(p, 1)
                                     : 0;
        ck_assert_double_eq_tol(components[row * M + i], expected, FLOAT_ROUNDING * 8 * sqrt(p));
      }
    free(components);
    parameters_release(&parameters);
    fourier_basis_release(&basis);
  }
}
END_TEST

/* logit c = (c + 1) cos(w_1 a) sin(w_1 b) + 2 (-1)^c: one product of waves, and a constant. */
static long double logit_of_one_product(const void *context, int a, int b, int c)
{
  int p = *(const int *)context;
  return (c + 1) * wave_cos(p, 1, a) * wave_sin(p, 1, b) + (c % 2 ? -2 : 2);
}

START_TEST(a_product_in_the_logits_is_one_norm)
{
  int p = spectrum_moduli[_i];
  double squares = p * (p + 1) * (2 * p + 1) / 6.0; /* 1 + 4 + ... + p^2 */
  struct FourierBasis basis = new_basis(p);
  double *norms = new_array(p * p, sizeof *norms);
  float *logits = new_array(p * p * (p + 1), sizeof *logits);
  struct Error error;
  for (int V = p; V <= p + 1; V++) {
    logits_of_formula(p, logit_of_one_product, &p, 1e6f, V, logits);
    ck_assert(logit_spectrum_norms(&basis, logits, (size_t)V, norms, &error));
    /* one rounding per logit; the norm of all is below p/2 sqrt(squares) + 2 p^1.5 */
    double tolerance = FLOAT_ROUNDING * (p / 2.0 * sqrt(squares) + 2 * p * sqrt(p));
    for (int i = 0; i < p; i++)
      for (int j = 0; j < p; j++) {
        double expected = i == 0 && j == 0   ? 2 * p * sqrt(p)
                          : i == 1 && j == 2 ? p / 2.0 * sqrt(squares)
                                             : 0;
        ck_assert_double_eq_tol(norms[i * p + j], expected, tolerance);
      }
  }
  free(logits);
  free(norms);
  fourier_basis_release(&basis);
}
END_TEST

START_TEST(a_block_holds_the_columns_it_was_asked_for)
{
  enum { P = 5, STRIDE = 20, FIRST = 3 };
  struct FourierBasis basis = new_basis(P);
  struct GridBlock block;
  struct Error error;
  float columns[P * P][STRIDE];
  for (int pair = 0; pair < P * P; pair++)
    for (int i = 0; i < STRIDE; i++)
      columns[pair][i] = (float)(i * wave_cos(P, 1, pair / P));
  ck_assert(grid_block_init(&block, P, &error));
  for (size_t end = FIRST + 1; end <= STRIDE; end++) {
    grid_block_transform(&block, &basis, &columns[0][0], STRIDE, FIRST, end);
    ck_assert_uint_eq(block.n, end - FIRST < GRID_BLOCK ? end - FIRST : GRID_BLOCK);
    for (size_t pair = 0; pair < P * P; pair++)
      for (size_t i = 0; i < block.n; i++) {
        double height = (double)(FIRST + i); /* the components: (cos, 1) alone, height p/sqrt(2) */
        ck_assert(block.values[pair * block.n + i] == (double)columns[pair][FIRST + i]);
        ck_assert_double_eq_tol(block.components[pair * block.n + i],
                                pair == P ? height * P / sqrt(2) : 0, FLOAT_ROUNDING * P * STRIDE);
      }
  }
  grid_block_release(&block);
  ck_assert_ptr_null(block.values);
  fourier_basis_release(&basis);
}
END_TEST

/* ---- inequality and size ---- */

START_TEST(gini_has_its_known_values)
{
  enum { MOST = 113 };
  double values[MOST];
  for (int n = 1; n <= MOST; n++) {
    for (int i = 0; i < n; i++)
      values[i] = 0.1;
    ck_assert_double_eq_tol(spectrum_gini(values, (size_t)n), 0, rounding);
    for (int i = 0; i < n; i++)
      values[i] = i == n / 2 ? 7 : 0;
    ck_assert_double_eq_tol(spectrum_gini(values, (size_t)n), 1 - 1.0 / n, rounding);
    for (int i = 0; i < n; i++)
      values[i] = n - i; /* 1..n in the wrong order: (n - 1) / (3n) */
    ck_assert_double_eq_tol(spectrum_gini(values, (size_t)n), (n - 1) / (3.0 * n), rounding);
    for (int i = 0; i < n; i++)
      values[i] = 0;
    ck_assert_double_eq(spectrum_gini(values, (size_t)n), 0);
  }
}
END_TEST

START_TEST(gini_is_the_mean_difference)
{
  enum { N = 59 };
  unsigned state = 11;
  for (int trial = 0; trial < 50; trial++) {
    double values[N];
    for (int i = 0; i < N; i++)
      values[i] = fabs(noise(&state)) * (i % 5 ? 1 : trial);
    double expected = gini_of_differences(values, N);
    ck_assert_double_eq_tol(spectrum_gini(values, N), expected, rounding);
  }
}
END_TEST

START_TEST(sorting_is_rising)
{
  double values[] = {3, -1, 1e300, 0, 3, -INFINITY, 2.5};
  static const double expected[] = {-INFINITY, -1, 0, 2.5, 3, 3, 1e300};
  sort_increasing(values, 7);
  ck_assert_mem_eq(values, expected, sizeof expected);
  sort_increasing(values, 0);
  ck_assert_mem_eq(values, expected, sizeof expected);
}
END_TEST

/* 1 + 4 + ... + n^2 for the values 1, -2, 3, ...: integers, so exact. */
START_TEST(squared_weights_are_the_sum_of_squares)
{
  struct Parameters parameters = new_parameters(5, 4, 3, true);
  for (int which = 0; which < N_PARAMETERS; which++) {
    float *values = parameters_at(&parameters, (enum Parameter)which);
    size_t n = parameters.info[which].count;
    for (size_t i = 0; i < n; i++)
      values[i] = (float)(i + 1) * (i % 2 ? -1 : 1);
    ck_assert_double_eq(weights_squared(&parameters, (enum Parameter)which),
                        (double)(n * (n + 1) * (2 * n + 1) / 6));
  }
  parameters_release(&parameters);
}
END_TEST

/* ---- phases ---- */

enum { MOST_SNAPSHOTS = 400 };

/* A run whose squared weights fall at a given rate, and that memorises, and has half of the test
   pairs right, at given epochs. A snapshot every 10 epochs at first. */
struct Course {
  double test_peak, half_right; /* INFINITY: never */
  double rises;                 /* per epoch until they fall, at epoch 100 */
  /* The rate of fall is linear from one of these epochs to the next, and 0 from the last on. */
  struct {
    double epoch, fall;
  } turns[6];
  double dense_until, spike; /* epochs; a spike of 300 in the sum at one snapshot, if not 0 */
};

static double fall_of_course(const struct Course *course, double epoch)
{
  for (int i = 0; i + 1 < LENGTH(course->turns); i++) {
    double from = course->turns[i].epoch, to = course->turns[i + 1].epoch;
    if (epoch < from || epoch >= to) continue;
    double share = (epoch - from) / (to - from);
    return course->turns[i].fall * (1 - share) + course->turns[i + 1].fall * share;
  }
  return 0;
}

/* Fills evidence to the epoch `end` and returns the number of snapshots. */
static size_t follow(const struct Course *course, double end, struct PhaseEvidence *evidence)
{
  size_t n = 0;
  double sum = 2000;
  for (double epoch = 0; epoch <= end; epoch += 1) {
    if (epoch > 0)
      sum -= epoch <= 100 ? -course->rises : fall_of_course(course, epoch - 0.5); /* midpoints */
    if (fmod(epoch, epoch <= course->dense_until ? 10 : 250) != 0) continue;
    evidence[n++] = (struct PhaseEvidence){
        .epoch = epoch,
        .test_loss = 20 - fabs(epoch - fmin(course->test_peak, end)) / 1000,
        .test_accuracy = epoch >= course->half_right ? 0.5 : 0.4999,
        .squared_weights = sum + (epoch > 0 && epoch == course->spike ? 300 : 0)};
  }
  return n;
}

static double epoch_of_end(const struct PhaseEvidence *evidence, size_t n, size_t snapshot)
{
  return snapshot < n ? evidence[snapshot].epoch : -1;
}

/* The weights of a run that groks fall fastest at 300, slowest at 700, and fastest again at 1,500.
 */
#define GROKS .rises = 10, .turns = {{100, 0}, {300, 1}, {700, 0.2}, {1500, 0.8}, {2000, 0}}

static const struct {
  struct Course course;
  double until;
  double ends[3]; /* -1: the run stays in the phase, or does not reach it */
} courses[] = {
    /* half way, 0.5, at 1,100; 5 % of 0.8, 0.04, at 1,975 */
    {{250, 1400, GROKS, .dense_until = 3000}, 3000, {300, 1100, 1975}},
    /* a rise that is taken back, in the slow fall and after all of it */
    {{250, 1400, GROKS, .dense_until = 3000, .spike = 800}, 3000, {300, 1100, 1975}},
    {{250, 1400, GROKS, .dense_until = 3000, .spike = 2500}, 3000, {300, 1100, 1975}},
    /* with few snapshots where nothing happens */
    {{250, 1400, GROKS, .dense_until = 2200}, 10000, {300, 1100, 1975}},
    /* before it ends: the test loss rises; it has no steepest fall yet; it has not levelled off */
    {{250, 1400, GROKS, .dense_until = 3000}, 240, {-1, -1, -1}},
    {{250, 1400, GROKS, .dense_until = 3000}, 1450, {300, -1, -1}},
    {{250, 1400, GROKS, .dense_until = 3000}, 1800, {300, 1100, -1}},
    /* never half right; and a test loss that rises to the end, whatever the weights do */
    {{250, INFINITY, GROKS, .dense_until = 3000}, 3000, {300, -1, -1}},
    {{INFINITY, INFINITY, GROKS, .dense_until = 3000}, 3000, {-1, -1, -1}},
    /* an early transient, steeper than all that follows: it is before the test loss is largest */
    {{.test_peak = 280,
      .half_right = 1400,
      .rises = 10,
      .dense_until = 3000,
      .turns = {{100, 5}, {200, 0}, {300, 1}, {700, 0.2}, {1500, 0.8}, {2000, 0}}},
     3000,
     {300, 1100, 1975}},
    /* half right in the slow fall: a later valley is none that circuits form in */
    {{.test_peak = 250,
      .half_right = 1000,
      .rises = 10,
      .dense_until = 3000,
      .turns = {{100, 0}, {300, 1}, {700, 0.2}, {1100, 0.7}, {1400, 0.1}, {2000, 0.7}}},
     3000,
     {300, 900, 2100}},
    /* it generalises as it memorises: the fall only steepens, and the test loss has to say */
    {{.test_peak = 150,
      .half_right = 200,
      .rises = 10,
      .dense_until = 3000,
      .turns = {{100, 0}, {900, 0.8}, {1700, 0}}},
     3000,
     {150, 500, 1660}},
    /* weights that never fall */
    {{.test_peak = 250, .half_right = 1400, .rises = 10, .dense_until = 3000}, 3000, {250, -1, -1}},
};

/* F is a mean over a window of 5 % before and behind, and its corners are rounded by that. */
START_TEST(phases_follow_their_rule)
{
  struct PhaseEvidence evidence[MOST_SNAPSHOTS];
  struct PhaseBorders borders;
  struct Error error;
  size_t n = follow(&courses[_i].course, courses[_i].until, evidence);
  ck_assert_uint_le(n, MOST_SNAPSHOTS);
  ck_assert(phases_find(evidence, n, &borders, &error));
  for (int phase = PHASE_MEMORISATION; phase < PHASE_AFTERWARDS; phase++) {
    double expected = courses[_i].ends[phase];
    double found = epoch_of_end(evidence, n, borders.end[phase]);
    if (expected < 0)
      ck_assert_double_eq(found, expected);
    else
      ck_assert_double_eq_tol(found, expected, 0.05 * expected);
  }
  for (size_t i = 0; i < n; i++) {
    int phase = PHASE_MEMORISATION;
    while (phase < PHASE_AFTERWARDS && i > borders.end[phase])
      phase++;
    ck_assert_int_eq(phases_of(&borders, i), phase);
  }
}
END_TEST

/* A run in nine snapshots, for p = 113, where half of a uniform guess is 2.36 nats. */
static const struct {
  double train_accuracy, test_accuracy, test_loss, excluded, restricted, gini, weights;
} run_of_nine[] = {{0.01, 0.01, 4.7, 4.7, 4.7, 0.0, 1800}, {1, 0.05, 20, 0.3, 4.0, 0.1, 3400},
                   {1, 0.07, 26, 0.2, 3.0, 0.2, 3300},     {1, 0.08, 25, 1.0, 2.3, 0.3, 3000},
                   {1, 0.1, 20, 2.4, 1.0, 0.39, 2500},     {1, 0.5, 2.4, 9.0, 1e-2, 0.41, 2000},
                   {1, 0.98, 0.1, 8.0, 1e-5, 0.7, 1500},   {1, 0.99, 1e-4, 7.0, 1e-7, 0.75, 1200},
                   {1, 1, 1e-6, 6.0, 1e-8, 0.8, 1000}};
enum { NINE = 9 };

static void fill_run(struct ProgressMeasures measures[NINE], int64_t epochs[NINE])
{
  for (int i = 0; i < NINE; i++) {
    measures[i] = (struct ProgressMeasures){.excluded.loss = run_of_nine[i].excluded,
                                            .gini_W_E = run_of_nine[i].gini,
                                            .gini_W_L = -run_of_nine[i].gini,
                                            .squared_weights = run_of_nine[i].weights};
    measures[i].losses.train.accuracy = run_of_nine[i].train_accuracy;
    measures[i].losses.test.accuracy = run_of_nine[i].test_accuracy;
    measures[i].losses.test.loss = run_of_nine[i].test_loss;
    measures[i].restricted.all.loss = run_of_nine[i].restricted;
    epochs[i] = 100 * i;
  }
}

START_TEST(turning_points_are_where_their_rules_say)
{
  struct ProgressMeasures measures[NINE];
  int64_t epochs[NINE];
  struct TurningPoints points;
  fill_run(measures, epochs);
  turning_points_find(measures, epochs, NINE, 113, &points);
  ck_assert_double_eq(points.train_fitted, 100);
  ck_assert_double_eq(points.test_peak, 200);
  ck_assert_double_eq(points.test_peak_loss, 26);
  ck_assert_double_eq(points.excluded_least, 200);
  ck_assert_double_eq(points.excluded_least_loss, 0.2);
  ck_assert_double_eq(points.excluded_risen, 400);
  ck_assert_double_eq(points.restricted_halved, 300);
  ck_assert_double_eq(points.test_halved, 600); /* 2.4 is a little above half */
  ck_assert_double_eq(points.generalised, 700);
  ck_assert_double_eq(points.gini_W_E_quarter, 200); /* 0.2 of 0.8 */
  ck_assert_double_nan(points.gini_W_L_quarter);
  ck_assert_double_eq(points.gini_W_E_half, 500); /* 0.4 between 0.39 and 0.41 */
  ck_assert_double_nan(points.gini_W_L_half);     /* it fell */
  ck_assert_double_eq(points.weights_peak, 100);
  ck_assert_double_eq(points.weights_peak_sum, 3400);
}
END_TEST

/* Of equal extremes the first counts, and a bound that is met exactly is met. */
START_TEST(ties_and_bounds_of_turning_points)
{
  struct ProgressMeasures measures[NINE];
  int64_t epochs[NINE];
  struct TurningPoints points;
  const double half = elementary_log(113) / 2;
  fill_run(measures, epochs);
  measures[3].losses.test.loss = 26;  /* as at 2 */
  measures[3].excluded.loss = 0.2;    /* as at 2 */
  measures[4].squared_weights = 3400; /* as at 1 */
  measures[4].excluded.loss = half;
  measures[2].restricted.all.loss = half;
  measures[5].losses.test.loss = half;
  measures[3].gini_W_E = 0.4; /* half of 0.8 */
  measures[6].losses.test.accuracy = 0.99;
  turning_points_find(measures, epochs, NINE, 113, &points);
  ck_assert_double_eq(points.test_peak, 200);
  ck_assert_double_eq(points.excluded_least, 200);
  ck_assert_double_eq(points.weights_peak, 100);
  ck_assert_double_eq(points.excluded_risen, 400);
  ck_assert_double_eq(points.restricted_halved, 200);
  ck_assert_double_eq(points.test_halved, 500);
  ck_assert_double_eq(points.gini_W_E_half, 300);
  ck_assert_double_eq(points.generalised, 600);
  measures[4].excluded.loss = nextafter(half, 0);
  measures[2].restricted.all.loss = nextafter(half, 9);
  measures[5].losses.test.loss = nextafter(half, 9);
  measures[3].gini_W_E = nextafter(0.4, 0);
  measures[6].losses.test.accuracy = nextafter(0.99, 0);
  turning_points_find(measures, epochs, NINE, 113, &points);
  ck_assert_double_eq(points.excluded_risen, 500);
  ck_assert_double_eq(points.restricted_halved, 300);
  ck_assert_double_eq(points.test_halved, 600);
  ck_assert_double_eq(points.gini_W_E_half, 500);
  ck_assert_double_eq(points.generalised, 700);
}
END_TEST

START_TEST(what_never_happens_is_no_number)
{
  struct ProgressMeasures measures[NINE];
  int64_t epochs[NINE];
  struct TurningPoints points;
  fill_run(measures, epochs);
  turning_points_find(measures, epochs, 3, 113, &points); /* it ends before it groks */
  ck_assert_double_eq(points.train_fitted, 100);
  ck_assert_double_eq(points.test_peak, 200);
  ck_assert_double_nan(points.excluded_risen);
  ck_assert_double_nan(points.restricted_halved);
  ck_assert_double_nan(points.test_halved);
  ck_assert_double_nan(points.generalised);
  turning_points_find(measures, epochs, 1, 113, &points);
  ck_assert_double_nan(points.train_fitted);
  ck_assert_double_nan(points.gini_W_E_half);
}
END_TEST

START_TEST(no_snapshots_have_no_phases)
{
  struct PhaseBorders borders;
  struct Error error;
  ck_assert(phases_find(NULL, 0, &borders, &error));
  for (int phase = PHASE_MEMORISATION; phase < PHASE_AFTERWARDS; phase++)
    ck_assert_uint_eq(borders.end[phase], 0);
}
END_TEST

/* ---- arguments ---- */

START_TEST(an_epoch_is_a_whole_number_from_zero)
{
  int64_t epoch = 5;
  struct Error error;
  ck_assert(analysis_parse_epoch(NULL, &epoch, &error));
  ck_assert_int_eq(epoch, -1);
  ck_assert(analysis_parse_epoch("0", &epoch, &error));
  ck_assert_int_eq(epoch, 0);
  ck_assert(analysis_parse_epoch("40000", &epoch, &error));
  ck_assert_int_eq(epoch, 40000);
  static const char *const wrong[] = {"-1", "1.5", "", "1e3", "9223372036854775808"};
  for (int i = 0; i < LENGTH(wrong); i++) {
    ck_assert(!analysis_parse_epoch(wrong[i], &epoch, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "--epoch: expected a whole number of at least 0"));
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("measures");
  TCase *losses = tcase_create("losses");
  tcase_set_timeout(losses, 120);
  tcase_add_loop_test(losses, two_cosines_have_the_loss_of_their_formula, 0, 2 * LENGTH(moduli));
  tcase_add_loop_test(losses, chosen_directions_are_removed_or_kept_and_nothing_else, 0,
                      2 * LENGTH(moduli));
  tcase_add_test(losses, losses_of_a_grokked_network_keep_their_digits);
  tcase_add_loop_test(losses, memory_shows_in_the_subsets, 0, 2 * LENGTH(moduli));
  tcase_add_loop_test(losses, the_logit_of_equals_is_ignored, 0, 2 * LENGTH(moduli));
  tcase_add_loop_test(losses, each_frequency_has_the_losses_of_it_alone, 0, 2 * LENGTH(moduli));
  tcase_add_test(losses, a_mean_over_no_pairs_is_no_number);
  tcase_add_test(losses, only_sums_and_differences_have_directions);
  suite_add_tcase(suite, losses);
  TCase *neurons = tcase_create("neurons");
  tcase_set_timeout(neurons, 120);
  tcase_add_loop_test(neurons, neurons_have_the_shares_of_their_formulas, 0, 8);
  tcase_add_loop_test(neurons, rectified_neurons_have_the_shares_of_direct_sums, 0, 3);
  tcase_add_test(neurons, of_equal_shares_the_lowest_frequency_counts);
  tcase_add_test(neurons, threads_change_no_bit_of_a_fit);
  tcase_add_test(neurons, a_cluster_is_above_its_threshold);
  suite_add_tcase(suite, neurons);
  TCase *spectrum = tcase_create("spectrum");
  tcase_set_timeout(spectrum, 120);
  tcase_add_loop_test(spectrum, waves_in_the_embedding_are_its_spectrum, 0,
                      LENGTH(spectrum_moduli));
  tcase_add_loop_test(spectrum, angles_in_the_neuron_logit_map_are_its_components, 0,
                      LENGTH(spectrum_moduli));
  tcase_add_loop_test(spectrum, a_product_in_the_logits_is_one_norm, 0, LENGTH(spectrum_moduli));
  tcase_add_test(spectrum, a_block_holds_the_columns_it_was_asked_for);
  tcase_add_test(spectrum, gini_has_its_known_values);
  tcase_add_test(spectrum, gini_is_the_mean_difference);
  tcase_add_test(spectrum, sorting_is_rising);
  tcase_add_test(spectrum, squared_weights_are_the_sum_of_squares);
  suite_add_tcase(suite, spectrum);
  TCase *run = tcase_create("run");
  tcase_add_loop_test(run, phases_follow_their_rule, 0, LENGTH(courses));
  tcase_add_test(run, no_snapshots_have_no_phases);
  tcase_add_test(run, turning_points_are_where_their_rules_say);
  tcase_add_test(run, ties_and_bounds_of_turning_points);
  tcase_add_test(run, what_never_happens_is_no_number);
  tcase_add_test(run, an_epoch_is_a_whole_number_from_zero);
  suite_add_tcase(suite, run);

  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
