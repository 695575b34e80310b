/* A run of hand-made networks (handmade.h), from the file to every measure, against closed
   forms. */
#include "handmade.h"
#include "measures/analysis.h"
#include "measures/neuron_logit_map.h"
#include "measures/progress_measures.h"
#include "measures/relabelled.h"
#include "measures/rotation.h"
#include "measures/spectrum.h"
#include "run/recorder.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

enum { SNAPSHOTS = 3, MOST_NUMBERS = 16 };

/* Runs of three snapshots. The key frequencies are those of the last one, {1, 5} for instance; the
   first network uses others (or shares one), the second uses them weakly. */
static const struct Run {
  struct Handmade snapshots[SNAPSHOTS];
} runs[] = {
    {{{13, DIRECTION_SUM, true, {{3, 1, 5}, {6, 2, 4}, {1, 0.5, 0}}, 0.3, 0.5, 0.25},
      {13, DIRECTION_SUM, true, {{1, 1, 2}, {5, 0.5, 3}, {4, 2, 0}}, 0.2, 0.5, 1},
      {13, DIRECTION_SUM, true, {{1, 1.5, 8}, {5, 0.75, 7}, {4, 0.5, 0}}, 0.1, 0.3, 0.2}}},
    {{{13, DIRECTION_DIFFERENCE, false, {{3, 1, 5}, {6, 2, 4}, {1, 0.5, 0}}, 0.3, 0.5, 0},
      {13, DIRECTION_DIFFERENCE, false, {{5, 1, 2}, {2, 0.5, 3}, {4, 2, 0}}, 0.2, 0.5, -1},
      {13, DIRECTION_DIFFERENCE, false, {{2, 1, 9}, {5, 1.25, 6}, {6, 1, 0}}, -0.1, 0, 0.5}}},
    /* an even modulus: 1 + 2, 1 + 3 and 3 + 2 are not 6 */
    {{{12, DIRECTION_SUM, true, {{3, 1, 5}, {1, 2, 4}, {2, 0.5, 0}}, 0.3, 0.5, 0.25},
      {12, DIRECTION_SUM, true, {{2, 1, 2}, {1, 0.5, 3}, {3, 2, 0}}, 0.2, 0.5, 1},
      {12, DIRECTION_SUM, true, {{1, 1, 8}, {2, 0.75, 7}, {3, 0.5, 0}}, 0.1, 0.3, 0.2}}},
    {{{12, DIRECTION_DIFFERENCE, true, {{3, 1, 5}, {1, 2, 4}, {2, 0.5, 0}}, 0.3, 0.5, 0.25},
      {12, DIRECTION_DIFFERENCE, true, {{2, 1, 2}, {1, 0.5, 3}, {3, 2, 0}}, 0.2, 0.5, 1},
      {12, DIRECTION_DIFFERENCE, true, {{2, 1, 8}, {1, 0.75, 7}, {3, 0.5, 0}}, 0.1, 0.3, 0.2}}},
    /* a composite odd one, with frequencies that divide it */
    {{{15, DIRECTION_SUM, false, {{3, 1, 5}, {4, 2, 4}, {1, 0.5, 0}}, 0.3, 0.5, 0.25},
      {15, DIRECTION_SUM, false, {{7, 1, 2}, {4, 0.5, 3}, {5, 2, 0}}, 0.2, 0.5, 1},
      {15, DIRECTION_SUM, false, {{2, 1, 8}, {7, 0.75, 7}, {3, 0.5, 0}}, 0.1, 0.3, 0.2}}},
    {{{7, DIRECTION_SUM, true, {{3, 1, 5}, {2, 2, 4}, {1, 0.5, 0}}, 0.3, 0.5, 0.25},
      {7, DIRECTION_SUM, true, {{3, 1, 0}, {2, 0.5, 0}, {1, 2, 0}}, 0, 0.5, -0.5},
      {7, DIRECTION_SUM, true, {{1, 1, 8}, {2, 0.75, 7}, {3, 0.5, 0}}, 0.1, 0.3, 0.2}}},
};

/* ---- the file ---- */

static char directory[] = "/tmp/check_analysis.XXXXXX";
static char path[64];

static void make_directory(void)
{
  ck_assert_ptr_nonnull(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/trajectory.safetensors", directory);
}

static void remove_directory(void)
{
  char history[64];
  snprintf(history, sizeof history, "%s/history.tsv", directory);
  unlink(history);
  unlink(path);
  rmdir(directory);
}

/* Fills the parameters of snapshot `index`. */
typedef void Fill(const void *context, size_t index, const struct Parameters *parameters);

/* Writes a run of three snapshots, at the epochs 0, 100 and 200, as training would. */
static void write_configured(struct Config *config, Fill *fill, const void *context)
{
  struct Dataset dataset;
  struct Parameters parameters;
  struct Recorder recorder;
  struct Error error;
  config->data.train_fraction = 0.4;
  config->train.epochs = 100 * (SNAPSHOTS - 1);
  config->train.snapshot_every = 100;
  ck_assert_msg(
      dataset_init(&dataset, &config->data, &error) &&
          parameters_init(&parameters, config, &error) &&
          recorder_init(&recorder, directory, config, &dataset, &parameters, "factored", &error) &&
          recorder_start(&recorder, &error),
      "%s", error.message);
  for (size_t i = 0; i < SNAPSHOTS; i++) {
    fill(context, i, &parameters);
    ck_assert(recorder_snapshot(&recorder, 100 * (int64_t)i, parameters.values, &error));
  }
  ck_assert_msg(recorder_commit(&recorder, config->train.epochs, &error), "%s", error.message);
  recorder_release(&recorder);
  parameters_release(&parameters);
  dataset_release(&dataset);
}

static void write_run(const struct Handmade *sizes, Fill *fill, const void *context)
{
  struct Config config;
  config_init(&config);
  handmade_configure(sizes, &config);
  write_configured(&config, fill, context);
}

static void fill_handmade(const void *context, size_t index, const struct Parameters *parameters)
{
  const struct Run *run = context;
  handmade_fill(&run->snapshots[index], parameters);
}

static void fill_zero(const void *context, size_t index, const struct Parameters *parameters)
{
  (void)context, (void)index;
  memset(parameters->values, 0, parameters->total * sizeof *parameters->values);
}

static void open_analysis(struct Analysis *analysis, char *const *overrides, int n)
{
  struct Error error;
  ck_assert_msg(analysis_open(analysis, path, overrides, n, -1, &error), "%s", error.message);
  ck_assert_uint_eq(analysis->trajectory.n_snapshots, SNAPSHOTS);
}

static void open_run(struct Analysis *analysis, const struct Run *run)
{
  struct Error error;
  write_run(&run->snapshots[0], fill_handmade, run);
  open_analysis(analysis, NULL, 0);
  ck_assert_msg(analysis_fit_final(analysis, &error), "%s", error.message);
}

/* ---- activations and neurons ---- */

static void check_activations(const struct Handmade *network, const struct Activations *activations)
{
  int p = network->p, m = handmade_other(network, OTHER_NEURONS);
  int V = p + (network->output_equals ? 1 : 0);
  struct HandmadeLogits logits = {network, NULL};
  for (int pair = 0; pair < p * p; pair++) {
    int a = pair / p, b = pair % p;
    static const float weights[] = {1, 0, 0, 0, 1, 0}; /* a head for a, a head for b */
    ck_assert_mem_eq(&activations->attention[pair * 6], weights, sizeof weights);
    for (int i = 0; i < m; i++) /* up to 16.5, with some 16 roundings on the way */
      ck_assert_double_eq_tol((double)activations->hidden[pair * m + i],
                              (double)handmade_neuron(network, i, a, b),
                              16.5 * 16 * FLOAT_ROUNDING);
    for (int c = 0; c < p; c++)
      ck_assert_double_eq_tol((double)activations->logits[pair * V + c],
                              (double)handmade_logit(&logits, a, b, c), handmade_error(network));
  }
}

START_TEST(snapshots_are_the_networks_in_the_file)
{
  struct Analysis analysis;
  struct Error error;
  open_run(&analysis, &runs[_i]);
  check_activations(&runs[_i].snapshots[SNAPSHOTS - 1], &analysis.snapshot.activations);
  for (size_t i = 0; i < SNAPSHOTS; i++) {
    ck_assert(analysis_load(&analysis, i, &error));
    check_activations(&runs[_i].snapshots[i], &analysis.snapshot.activations);
  }
  analysis_close(&analysis);
}
END_TEST

/* The best frequency of neuron i and its share, by direct sums. */
static long double best_share(const struct Handmade *network, int i, int *frequency)
{
  int p = network->p;
  long double f[MOST_NUMBERS * MOST_NUMBERS], best = 0;
  for (int pair = 0; pair < p * p; pair++)
    f[pair] = handmade_neuron(network, i, pair / p, pair % p);
  for (int k = 1; k <= p / 2; k++) {
    long double share = share_of_frequency(p, k, f);
    if (share > best) best = share, *frequency = k;
  }
  return best;
}

/* A neuron is off by 16 roundings of its size, and its share by up to 4 times that over its
   deviation, which is a ninth of its size or more. */
static const double share_tolerance = 4 * 16 * 9 * FLOAT_ROUNDING;

START_TEST(the_last_snapshot_fixes_the_key_frequencies)
{
  const struct Handmade *network = &runs[_i].snapshots[SNAPSHOTS - 1];
  int first = network->waves[0].frequency, second = network->waves[1].frequency;
  int last = network->waves[ALL_WAVES - 1].frequency;
  struct Analysis analysis;
  open_run(&analysis, &runs[_i]);
  const struct NeuronFit *fits = analysis.final_fits;
  ck_assert_uint_eq(analysis_d_mlp(&analysis), (size_t)handmade_other(network, OTHER_NEURONS));
  for (int i = 0; i < handmade_other(network, 0); i++) {
    int frequency = 0;
    long double share = best_share(network, i, &frequency);
    ck_assert_int_eq(frequency, i < 2 * network->p ? first : second);
    ck_assert_int_eq(fits[i].frequency, frequency);
    ck_assert_double_eq_tol(fits[i].fve, (double)share, share_tolerance);
  }
  const struct NeuronFit expected[OTHER_NEURONS] = {
      [LINEAR] = {first, 1}, [NINE_TO_ONE] = {first, 0.9}, [ONE_TO_FOUR] = {last, 0.8}};
  for (int i = 0; i < OTHER_NEURONS; i++) {
    ck_assert_int_eq(fits[handmade_other(network, i)].frequency, expected[i].frequency);
    ck_assert_double_eq_tol(fits[handmade_other(network, i)].fve, expected[i].fve, share_tolerance);
  }
  ck_assert_int_eq(analysis.n_keys, 2);
  for (int k = 0; k <= network->p / 2; k++)
    ck_assert_int_eq(analysis.keys[k], k == first || k == second);
  analysis_close(&analysis);
}
END_TEST

/* ---- measures ---- */

static void check_losses(const struct Handmade *network, const struct Analysis *analysis,
                         const struct ProgressMeasures *measures)
{
  const struct Dataset *dataset = &analysis->trajectory.dataset;
  struct HandmadeLogits logits = {network, analysis->keys};
  struct Losses expected;
  double size = handmade_size(network), error = handmade_error(network);
  double tolerance = loss_tolerance(network->p, size, error);
  losses_of_formula(dataset, handmade_logit, &logits, &expected);
  assert_losses(&measures->losses, &expected, tolerance);
  /* a projection on two frequencies adds up errors with weights that sum to 4 or less, and 1 for
     the mean logits; what is left is stored with one rounding */
  tolerance = loss_tolerance(network->p, size, 6 * error + size * FLOAT_ROUNDING);
  losses_of_formula(dataset, handmade_excluded, &logits, &expected);
  assert_relative(measures->excluded.loss, expected.train.loss, tolerance);
  losses_of_formula(dataset, handmade_restricted, &logits, &expected);
  assert_losses(&measures->restricted, &expected, tolerance);
}

static void check_frequencies(const struct Handmade *network, const struct Analysis *analysis,
                              const struct ProgressMeasures *measures,
                              const struct FrequencyMeasures *by_frequency)
{
  double size = handmade_size(network), error = handmade_error(network), largest = 0;
  double tolerance = loss_tolerance(network->p, size, 4 * error + size * FLOAT_ROUNDING);
  for (int k = 1; k <= network->p / 2; k++) {
    bool alone[MOST_NUMBERS] = {false};
    alone[k] = true;
    struct HandmadeLogits logits = {network, alone};
    struct Losses expected;
    largest = fmax(largest, by_frequency[k].excluded.loss);
    if (!analysis->keys[k]) continue; /* the formula knows the waves alone */
    losses_of_formula(&analysis->trajectory.dataset, handmade_excluded, &logits, &expected);
    assert_relative(by_frequency[k].excluded.loss, expected.train.loss, tolerance);
  }
  ck_assert_double_eq(measures->excluded_any_loss, largest);
}

static void check_weights(const struct Handmade *network, const struct ProgressMeasures *measures)
{
  int p = network->p;
  double norms[MOST_NUMBERS], squares[N_PARAMETERS], total = 0;
  /* The Gini coefficient moves by at most 2 (sum of |dv|)/(sum of v), so by 2 sqrt(p) times the
     relative error of the matrix in the Frobenius norm. W_E is rounded once; an entry of W_L is a
     sum of up to 5 products of weights that were. */
  handmade_spectrum_of_W_E(network, norms);
  ck_assert_double_eq_tol(measures->gini_W_E, gini_of_differences(norms, p),
                          2 * sqrt(p) * FLOAT_ROUNDING);
  handmade_spectrum_of_W_L(network, norms);
  ck_assert_double_eq_tol(measures->gini_W_L, gini_of_differences(norms, p),
                          2 * sqrt(p) * 8 * FLOAT_ROUNDING);
  handmade_squares(network, squares);
  for (int i = 0; i < N_PARAMETERS; i++) {
    assert_relative(measures->squared[i], squares[i], 3 * FLOAT_ROUNDING);
    total += squares[i];
  }
  assert_relative(measures->squared_weights, total, 3 * FLOAT_ROUNDING);
}

START_TEST(every_measure_is_that_of_the_formulas)
{
  struct Analysis analysis;
  struct ProgressWorker worker;
  struct ProgressMeasures measures;
  struct FrequencyMeasures by_frequency[MOST_NUMBERS];
  struct Error error;
  open_run(&analysis, &runs[_i]);
  ck_assert_msg(progress_measures_init(&worker, &analysis.trajectory, &analysis.basis,
                                       analysis.keys, 0, SNAPSHOT_BLOCK_BYTES, &error),
                "%s", error.message);
  for (size_t i = SNAPSHOTS; i-- > 0;) {
    ck_assert_msg(progress_measures_take(&worker, i, &measures, by_frequency, &error), "%s",
                  error.message);
    check_losses(&runs[_i].snapshots[i], &analysis, &measures);
    check_frequencies(&runs[_i].snapshots[i], &analysis, &measures, by_frequency);
    check_weights(&runs[_i].snapshots[i], &measures);
  }
  progress_measures_release(&worker);
  analysis_close(&analysis);
}
END_TEST

static void measure_in_blocks(const struct Analysis *analysis, size_t bytes,
                              struct ProgressMeasures measures[SNAPSHOTS],
                              struct FrequencyMeasures (*by_frequency)[MOST_NUMBERS])
{
  struct ProgressWorker worker;
  struct Error error;
  ck_assert(progress_measures_init(&worker, &analysis->trajectory, &analysis->basis, analysis->keys,
                                   0, bytes, &error));
  for (size_t i = 0; i < SNAPSHOTS; i++)
    ck_assert(progress_measures_take(&worker, i, &measures[i], by_frequency[i], &error));
  progress_measures_release(&worker);
}

/* One row of pairs at a time, five, all; one neuron at a time, three, all. */
START_TEST(memory_changes_no_bit)
{
  struct Analysis analysis;
  struct Error error;
  open_run(&analysis, &runs[_i]);
  size_t p = (size_t)analysis.basis.p, n = (size_t)analysis.basis.n_frequencies + 1;
  size_t row = p * (size_t)analysis.snapshot.parameters.shape.V * sizeof(float);
  struct ProgressMeasures expected[SNAPSHOTS], found[SNAPSHOTS];
  struct FrequencyMeasures(*wanted)[MOST_NUMBERS] = calloc(2 * SNAPSHOTS, sizeof *wanted);
  ck_assert_ptr_nonnull(wanted);
  measure_in_blocks(&analysis, SIZE_MAX, expected, wanted);
  for (size_t rows = 0; rows <= 5; rows += 5) {
    measure_in_blocks(&analysis, rows * row, found, wanted + SNAPSHOTS);
    ck_assert_mem_eq(found, expected, sizeof found);
    for (size_t i = 0; i < SNAPSHOTS; i++)
      ck_assert_mem_eq(wanted[SNAPSHOTS + i] + 1, wanted[i] + 1, (n - 1) * sizeof **wanted);
  }
  free(wanted);

  size_t m = analysis_d_mlp(&analysis), fits = m * sizeof *analysis.final_fits;
  struct NeuronFit *all = malloc(fits);
  ck_assert_ptr_nonnull(all);
  memcpy(all, analysis.final_fits, fits);
  int n_keys = analysis.n_keys;
  struct NeuronFit *of_first, *in_blocks;
  ck_assert(analysis_fits_of(&analysis, 0, &of_first, &error));
  for (size_t neurons = 0; neurons <= m; neurons += 3) {
    memset(analysis.final_fits, 0, fits);
    analysis_in_blocks(&analysis, 1 + neurons * p * p * sizeof(float));
    ck_assert(analysis_fit_final(&analysis, &error));
    ck_assert_mem_eq(analysis.final_fits, all, fits);
    ck_assert_int_eq(analysis.n_keys, n_keys);
    ck_assert(analysis_fits_of(&analysis, 0, &in_blocks, &error));
    ck_assert_mem_eq(in_blocks, of_first, fits);
    free(in_blocks);
  }
  free(of_first);
  free(all);
  analysis_close(&analysis);
}
END_TEST

START_TEST(spectra_are_those_of_the_formulas)
{
  const struct Handmade *network = &runs[_i].snapshots[SNAPSHOTS - 1];
  int p = network->p, m = handmade_other(network, OTHER_NEURONS);
  double found[MOST_NUMBERS], expected[MOST_NUMBERS];
  double *components = calloc((size_t)p * (size_t)m, sizeof *components);
  struct Analysis analysis;
  struct Error error;
  ck_assert_ptr_nonnull(components);
  open_run(&analysis, &runs[_i]);
  const struct Parameters *parameters = &analysis.snapshot.parameters;
  ck_assert(spectrum_of_embedding(&analysis.basis, parameters, found, &error));
  handmade_spectrum_of_W_E(network, expected);
  for (int i = 0; i < p; i++) /* amplitudes up to 1.5: norms up to 5, of entries rounded once */
    ck_assert_double_eq_tol(found[i], expected[i], 10 * FLOAT_ROUNDING);
  ck_assert(neuron_logit_map_components(&analysis.basis, parameters, 0, components, &error));
  handmade_spectrum_of_W_L(network, expected);
  double size = 0;
  for (int i = 0; i < p; i++)
    size = hypot(size, expected[i]);
  for (int row = 0; row < p; row++) {
    double norm = 0;
    for (int i = 0; i < m; i++)
      norm = hypot(norm, components[row * m + i]);
    ck_assert_double_eq_tol(norm, expected[row], 8 * FLOAT_ROUNDING * size);
  }
  free(components);
  analysis_close(&analysis);
}
END_TEST

/* ---- the algorithm at one frequency ---- */

static double angle(int p, int k, int x)
{
  return 2 * acos(-1) * k * x / p;
}

START_TEST(tokens_of_a_network_made_by_hand_lie_on_the_circle)
{
  const struct Handmade *network = &runs[_i].snapshots[SNAPSHOTS - 1];
  struct PlanePoint points[MOST_NUMBERS];
  struct Analysis analysis;
  struct Error error;
  open_run(&analysis, &runs[_i]);
  for (int wave = 0; wave < ALL_WAVES; wave++) {
    int k = network->waves[wave].frequency;
    ck_assert(
        rotation_of_tokens(&analysis.basis, &analysis.snapshot.parameters, k, points, &error));
    for (int x = 0; x < network->p; x++) {
      ck_assert_double_eq_tol(points[x].x, cos(angle(network->p, k, x)), 8 * FLOAT_ROUNDING);
      ck_assert_double_eq_tol(points[x].y, sin(angle(network->p, k, x)), 8 * FLOAT_ROUNDING);
    }
  }
  analysis_close(&analysis);
}
END_TEST

/* What least squares leave of any W_E[x] has no part in the plane: sums over x that define the
   plane are taken anew. */
START_TEST(tokens_are_fitted_by_least_squares)
{
  enum { K = 2, MOST_D = 128 };
  struct PlanePoint points[MOST_NUMBERS];
  double e[MOST_D] = {0}, f[MOST_D] = {0};
  struct Analysis analysis;
  struct Error error;
  open_run(&analysis, &runs[0]);
  int p = analysis.basis.p, d = analysis.snapshot.parameters.shape.d_model;
  float *weights = parameters_at(&analysis.snapshot.parameters, W_E);
  ck_assert_int_le(d, MOST_D);
  for (int i = 0; i < (p + 1) * d; i++)
    weights[i] = (float)(i * 7919 % 1009) / 1009 - 0.4F;
  for (int x = 0; x < p; x++)
    for (int i = 0; i < d; i++) {
      e[i] += 2.0 / p * cos(angle(p, K, x)) * (double)weights[x * d + i];
      f[i] += 2.0 / p * sin(angle(p, K, x)) * (double)weights[x * d + i];
    }
  ck_assert(rotation_of_tokens(&analysis.basis, &analysis.snapshot.parameters, K, points, &error));
  for (int x = 0; x < p; x++) {
    double along_e = 0, along_f = 0;
    for (int i = 0; i < d; i++) {
      double rest = (double)weights[x * d + i] - points[x].x * e[i] - points[x].y * f[i];
      along_e += rest * e[i];
      along_f += rest * f[i];
    }
    ck_assert_double_eq_tol(along_e, 0, 1e-12);
    ck_assert_double_eq_tol(along_f, 0, 1e-12);
  }
  analysis_close(&analysis);
}
END_TEST

/* values[pair] = the neurons along the cosine (or else the sine) of k in W_L[p][m], their mean over
   all pairs removed, over their best multiple of that wave of s: sum by sum. */
static void rotate_plainly(const struct Handmade *network, int k, bool cosine, const float *W_L,
                           const float *hidden, int m, double *values)
{
  int p = network->p;
  double sum = 0, product = 0;
  for (int pair = 0; pair < p * p; pair++) {
    values[pair] = 0;
    for (int c = 0; c < p; c++)
      for (int i = 0; i < m; i++)
        values[pair] += 2.0 / p * (cosine ? cos(angle(p, k, c)) : sin(angle(p, k, c))) *
                        (double)W_L[c * m + i] * (double)hidden[pair * m + i];
    sum += values[pair];
  }
  for (int pair = 0; pair < p * p; pair++) {
    int s = pair / p + (network->sign == DIRECTION_SUM ? 1 : -1) * (pair % p);
    values[pair] -= sum / (p * p);
    product += values[pair] * (cosine ? cos(angle(p, k, s)) : sin(angle(p, k, s)));
  }
  for (int pair = 0; pair < p * p; pair++)
    values[pair] /= 2 * product / (p * p);
}

START_TEST(pairs_are_where_the_neurons_put_them)
{
  const struct Handmade *network = &runs[_i].snapshots[SNAPSHOTS - 1];
  int p = network->p, m = handmade_other(network, OTHER_NEURONS), k = network->waves[0].frequency;
  size_t pairs = (size_t)p * (size_t)p;
  double *components = calloc((size_t)p * (size_t)m, sizeof *components);
  double *xs = calloc(pairs, sizeof *xs), *ys = calloc(pairs, sizeof *ys);
  float *W_L = calloc((size_t)p * (size_t)m, sizeof *W_L);
  struct PlanePoint points[MOST_NUMBERS];
  struct Analysis analysis;
  struct Error error;
  ck_assert(components && xs && ys && W_L);
  open_run(&analysis, &runs[_i]);
  const float *hidden = analysis.snapshot.activations.hidden;
  activations_neuron_logit_map(&analysis.snapshot.parameters, 0, W_L);
  rotate_plainly(network, k, true, W_L, hidden, m, xs);
  rotate_plainly(network, k, false, W_L, hidden, m, ys);
  ck_assert(neuron_logit_map_components(&analysis.basis, &analysis.snapshot.parameters, 0,
                                        components, &error));
  struct NeuronLogitMap map = {&analysis.basis, (size_t)m, components};
  for (int a = 0; a < p; a++) {
    ck_assert(rotation_of_pairs(&map, network->sign, hidden, k, a, points, &error));
    for (int b = 0; b < p; b++) {
      ck_assert_double_eq_tol(points[b].x, xs[a * p + b], 1e-9);
      ck_assert_double_eq_tol(points[b].y, ys[a * p + b], 1e-9);
    }
  }
  free(components);
  free(xs);
  free(ys);
  free(W_L);
  analysis_close(&analysis);
}
END_TEST

/* ---- networks that multiply ---- */

/* Those of 12 numbers, whose number i is called 2^i mod 13. */
static const int powers_of_2[] = {1, 2, 4, 8, 3, 6, 12, 11, 9, 5, 10, 7};
enum { FIRST_OF_12 = 2, END_OF_12 = 4, NUMBERS = LENGTH(powers_of_2) };

/* The row or column of a network's number, or of what follows the numbers. */
static size_t renamed(size_t i)
{
  return i < NUMBERS ? (size_t)powers_of_2[i] : i + 1;
}

static void fill_multiplying(const void *context, size_t index, const struct Parameters *parameters)
{
  const struct Handmade *network = &((const struct Run *)context)->snapshots[index];
  struct Config config;
  struct Parameters adding;
  struct Error error;
  config_init(&config);
  handmade_configure(network, &config);
  ck_assert(parameters_init(&adding, &config, &error));
  handmade_fill(network, &adding);
  for (int i = 0; i < adding.n; i++) {
    const struct ParameterInfo *from = &adding.info[i], *to = &parameters->info[i];
    size_t rows = from->shape[0], columns = from->count / rows,
           to_columns = to->count / to->shape[0];
    for (size_t row = 0; row < rows; row++)
      for (size_t column = 0; column < columns; column++) {
        size_t to_row = i == W_E ? renamed(row) : row;
        size_t to_column = i == W_U ? renamed(column) : column;
        parameters->values[to->offset + to_row * to_columns + to_column] =
            adding.values[from->offset + row * columns + column];
      }
  }
  parameters_release(&adding);
}

/* Opens the run as one that multiplies or divides, and the subject of its last snapshot. */
static struct Relabelled *open_multiplying(const struct Run *run, struct Analysis *analysis,
                                           struct Subject *subject)
{
  const struct Handmade *network = &run->snapshots[SNAPSHOTS - 1];
  struct Config config;
  struct Error error;
  config_init(&config);
  handmade_configure(network, &config);
  config.data.modulus = NUMBERS + 1;
  config.data.operation = network->sign == DIRECTION_SUM ? OPERATION_MULTIPLY : OPERATION_DIVIDE;
  write_configured(&config, fill_multiplying, run);
  open_analysis(analysis, NULL, 0);
  ck_assert_msg(subject_init(subject, analysis, NULL, directory, &error), "%s", error.message);
  struct Relabelled *relabelled = relabelled_of(subject, &error);
  ck_assert_msg(relabelled, "%s", error.message);
  return relabelled;
}

static void check_circles(const struct Handmade *network, const struct Analysis *analysis)
{
  struct PlanePoint points[NUMBERS];
  struct Error error;
  for (int wave = 0; wave < ALL_WAVES; wave++) {
    int k = network->waves[wave].frequency;
    ck_assert(
        rotation_of_tokens(&analysis->basis, &analysis->snapshot.parameters, k, points, &error));
    for (int i = 0; i < NUMBERS; i++) {
      ck_assert_double_eq_tol(points[i].x, cos(angle(NUMBERS, k, i)), 8 * FLOAT_ROUNDING);
      ck_assert_double_eq_tol(points[i].y, sin(angle(NUMBERS, k, i)), 8 * FLOAT_ROUNDING);
    }
  }
}

START_TEST(over_logarithms_a_network_that_multiplies_is_one_that_adds)
{
  const struct Handmade *network = &runs[_i].snapshots[SNAPSHOTS - 1];
  struct HandmadeLogits logits = {network, NULL};
  double spectrum[NUMBERS];
  struct Losses found, expected;
  struct Error error;
  struct Analysis analysis;
  struct Subject subject;
  const struct Relabelled *relabelled = open_multiplying(&runs[_i], &analysis, &subject);
  const struct Analysis *adding = &relabelled->analysis;
  ck_assert_int_eq(relabelled->logarithms.root, 2);
  ck_assert_int_eq(adding->basis.p, NUMBERS);
  ck_assert_int_eq(adding->trajectory.config.data.operation,
                   network->sign == DIRECTION_SUM ? OPERATION_ADD : OPERATION_SUBTRACT);
  check_activations(network, &adding->snapshot.activations);
  for (int k = 0; k <= NUMBERS / 2; k++)
    ck_assert_int_eq(adding->keys[k],
                     k == network->waves[0].frequency || k == network->waves[1].frequency);
  ck_assert(spectrum_of_embedding(&adding->basis, &adding->snapshot.parameters, spectrum, &error));
  double norms[NUMBERS];
  handmade_spectrum_of_W_E(network, norms);
  for (int i = 0; i < NUMBERS; i++)
    ck_assert_double_eq_tol(spectrum[i], norms[i], 10 * FLOAT_ROUNDING);
  check_circles(network, adding);
  const struct Dataset *dataset = &adding->trajectory.dataset;
  ck_assert_uint_eq(dataset->n_train + dataset->n_test, NUMBERS * NUMBERS);
  losses_of_logits(dataset, adding->snapshot.activations.logits,
                   adding->snapshot.parameters.shape.V, &found);
  losses_of_formula(dataset, handmade_logit, &logits, &expected);
  assert_losses(&found, &expected,
                loss_tolerance(NUMBERS, handmade_size(network), handmade_error(network)));
  subject_release(&subject);
  analysis_close(&analysis);
}
END_TEST

START_TEST(the_split_of_a_network_that_multiplies_is_that_of_its_numbers)
{
  struct Analysis analysis;
  struct Subject subject;
  const struct Relabelled *relabelled = open_multiplying(&runs[_i], &analysis, &subject);
  const struct Dataset *of_numbers = &analysis.trajectory.dataset;
  const struct Dataset *dataset = &relabelled->analysis.trajectory.dataset;
  size_t n_train = 0;
  for (int i = 0; i < NUMBERS; i++)
    for (int j = 0; j < NUMBERS; j++) {
      int a = powers_of_2[i], b = powers_of_2[j], pair = i * NUMBERS + j;
      int answer = powers_of_2[dataset->answer[pair]];
      ck_assert_int_eq(answer, of_numbers->answer[a * of_numbers->p + b]);
      ck_assert_int_eq(dataset->train[pair], of_numbers->train[a * of_numbers->p + b]);
      n_train += dataset->train[pair];
    }
  ck_assert(n_train > 0 && n_train == dataset->n_train);
  subject_release(&subject);
  analysis_close(&analysis);
}
END_TEST

/* ---- networks without an answer, and what is said about them ---- */

/* The error of log p where all logits are 0: one exp and the sum of p - 1 ones. */
static const double exact = 4 * FLOAT_ROUNDING;

START_TEST(a_network_of_zeros_has_no_keys_and_guesses)
{
  enum { P = 7 };
  const struct Handmade sizes = {.p = P, .sign = DIRECTION_SUM};
  const bool none[P / 2 + 1] = {0};
  struct Analysis analysis;
  struct ProgressWorker worker;
  struct ProgressMeasures measures;
  struct FrequencyMeasures by_frequency[P / 2 + 1];
  struct Error error;
  write_run(&sizes, fill_zero, NULL);
  open_analysis(&analysis, NULL, 0);
  ck_assert(analysis_fit_final(&analysis, &error));
  ck_assert_int_eq(analysis.n_keys, 0);
  ck_assert_mem_eq(analysis.keys, none, sizeof none);
  ck_assert(progress_measures_init(&worker, &analysis.trajectory, &analysis.basis, analysis.keys, 0,
                                   SNAPSHOT_BLOCK_BYTES, &error));
  ck_assert(progress_measures_take(&worker, 1, &measures, by_frequency, &error));
  assert_relative(measures.losses.all.loss, log(P), exact);
  assert_relative(measures.excluded.loss, log(P), exact);
  assert_relative(measures.excluded_any_loss, log(P), exact);
  assert_relative(measures.restricted.test.loss, log(P), exact);
  ck_assert_double_eq(measures.losses.all.accuracy, 1.0 / P);
  ck_assert(measures.gini_W_E == 0 && measures.gini_W_L == 0 && measures.squared_weights == 0);
  progress_measures_release(&worker);

  char *keys = analysis_describe_keys(&analysis, &error);
  ck_assert_str_eq(keys, " none");
  free(keys);
  analysis_close(&analysis);
}
END_TEST

START_TEST(task_and_keys_are_described)
{
  struct Analysis analysis;
  struct Error error;
  open_run(&analysis, &runs[0]);
  char *task = analysis_describe_task(&analysis, &error);
  char *keys = analysis_describe_keys(&analysis, &error);
  ck_assert_str_eq(task, "trained on (a + b) mod 13");
  ck_assert_str_eq(keys, " 1 5");
  free(task);
  free(keys);
  analysis_close(&analysis);
  char *override[] = {"data.operation=subtract"};
  open_analysis(&analysis, override, 1);
  task = analysis_describe_task(&analysis, &error);
  ck_assert_str_eq(task, "trained on (a - b) mod 13");
  free(task);
  analysis_close(&analysis);
}
END_TEST

START_TEST(an_answer_without_directions_is_refused)
{
  struct Analysis analysis;
  struct ProgressWorker worker;
  struct Error error;
  char *override[] = {"data.operation=quadratic"};
  write_run(&runs[0].snapshots[0], fill_handmade, &runs[0]);
  open_analysis(&analysis, override, 1);
  ck_assert(analysis_fit_final(&analysis, &error)); /* neurons have frequencies all the same */
  ck_assert(!progress_measures_init(&worker, &analysis.trajectory, &analysis.basis, analysis.keys,
                                    0, SNAPSHOT_BLOCK_BYTES, &error));
  ck_assert_ptr_nonnull(strstr(error.message, "data.operation is quadratic"));
  analysis_close(&analysis);
}
END_TEST

START_TEST(what_cannot_be_opened_leaves_nothing)
{
  struct Analysis analysis;
  struct Error error;
  char *override[] = {"data.modulus=11"};
  ck_assert(!analysis_open(&analysis, path, NULL, 0, -1, &error)); /* not written yet */
  ck_assert_ptr_nonnull(strstr(error.message, "No such file or directory"));
  write_run(&runs[0].snapshots[0], fill_handmade, &runs[0]);
  ck_assert(!analysis_open(&analysis, path, override, 1, -1, &error));
  ck_assert_ptr_nonnull(strstr(error.message, "data.modulus=11 contradicts"));
  ck_assert(!analysis.final_fits && !analysis.keys && !analysis.trajectory.epochs);
}
END_TEST

/* Finite weights: with the first a neuron is too large for float32, 3e38 (cos + cos); with the
   others a logit alone is, 1e20 neurons times 1e20 weights. */
static void fill_too_large(const void *context, size_t index, const struct Parameters *parameters)
{
  const struct Handmade *network = &runs[0].snapshots[index];
  handmade_fill(network, parameters);
  if (index != 1) return;
  if (*(const int *)context == 0) {
    parameters_at(parameters, W_IN)[0] = 3e38f;
    return;
  }
  size_t neuron = (size_t)handmade_other(network, CONSTANT);
  size_t d_model = (size_t)parameters->shape.d_model;
  parameters_at(parameters, B_IN)[neuron] *= 1e20f;
  for (size_t i = 0; i < d_model; i++)
    parameters_at(parameters, W_OUT)[neuron * d_model + i] *= 1e20f;
}

START_TEST(activations_that_overflow_are_an_error_with_the_epoch)
{
  struct Analysis analysis;
  struct Error error;
  write_run(&runs[0].snapshots[0], fill_too_large, &_i);
  open_analysis(&analysis, NULL, 0);
  for (int in_blocks = 0; in_blocks < 2; in_blocks++) {
    if (in_blocks) analysis_in_blocks(&analysis, 1);
    ck_assert(analysis_fit_final(&analysis, &error));
    ck_assert(!analysis_load(&analysis, 1, &error));
    ck_assert_ptr_nonnull(
        strstr(error.message, "epoch 100: the weights are so large that activations overflow"));
    ck_assert(analysis_load(&analysis, 0, &error));
  }
  analysis_close(&analysis);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("analysis");
  TCase *measures = tcase_create("measures");
  tcase_set_timeout(measures, 120);
  tcase_add_checked_fixture(measures, make_directory, remove_directory);
  tcase_add_loop_test(measures, snapshots_are_the_networks_in_the_file, 0, LENGTH(runs));
  tcase_add_loop_test(measures, the_last_snapshot_fixes_the_key_frequencies, 0, LENGTH(runs));
  tcase_add_loop_test(measures, every_measure_is_that_of_the_formulas, 0, LENGTH(runs));
  tcase_add_loop_test(measures, memory_changes_no_bit, 0, LENGTH(runs));
  tcase_add_loop_test(measures, spectra_are_those_of_the_formulas, 0, LENGTH(runs));
  tcase_add_loop_test(measures, tokens_of_a_network_made_by_hand_lie_on_the_circle, 0,
                      LENGTH(runs));
  tcase_add_test(measures, tokens_are_fitted_by_least_squares);
  tcase_add_loop_test(measures, pairs_are_where_the_neurons_put_them, 0, LENGTH(runs));
  tcase_add_loop_test(measures, over_logarithms_a_network_that_multiplies_is_one_that_adds,
                      FIRST_OF_12, END_OF_12);
  tcase_add_loop_test(measures, the_split_of_a_network_that_multiplies_is_that_of_its_numbers,
                      FIRST_OF_12, END_OF_12);
  suite_add_tcase(suite, measures);
  TCase *rest = tcase_create("rest");
  tcase_add_checked_fixture(rest, make_directory, remove_directory);
  tcase_add_test(rest, a_network_of_zeros_has_no_keys_and_guesses);
  tcase_add_test(rest, task_and_keys_are_described);
  tcase_add_test(rest, an_answer_without_directions_is_refused);
  tcase_add_test(rest, what_cannot_be_opened_leaves_nothing);
  tcase_add_loop_test(rest, activations_that_overflow_are_an_error_with_the_epoch, 0, 2);
  suite_add_tcase(suite, rest);

  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
