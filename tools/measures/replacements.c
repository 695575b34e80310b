#include "measures/replacements.h"

#include "base/memory.h"
#include "engine/factored/matrix.h"
#include "measures/columns.h"
#include "measures/logit_fit.h"
#include "measures/replaced_neurons.h"

#include <stdlib.h>
#include <string.h>

/* ---- the logits themselves ---- */

static bool keep_all(const struct ReplacementSubject *subject, float *logits, struct Error *error)
{
  (void)error;
  size_t p = (size_t)subject->basis->p, V = (size_t)subject->snapshot->parameters.shape.V;
  for (size_t pair = 0; pair < p * p; pair++)
    memcpy(logits + pair * p, subject->snapshot->activations.logits + pair * V, p * sizeof *logits);
  return true;
}

struct LogitColumns {
  const struct ReplacementSubject *subject;
  const bool *frequencies;
  float *logits;
};

static bool replace_logit(const void *context, size_t column, struct Error *error)
{
  const struct LogitColumns *work = context;
  const struct Snapshot *snapshot = work->subject->snapshot;
  return columns_project(work->subject->basis, work->frequencies,
                         snapshot->activations.logits + column,
                         (size_t)snapshot->parameters.shape.V, work->logits + column,
                         (size_t)work->subject->basis->p, error);
}

static bool replace_logits(const struct ReplacementSubject *subject, float *logits,
                           struct Error *error)
{
  size_t n = (size_t)subject->basis->n_frequencies + 1;
  bool *chosen = memory_new(n, sizeof *chosen, "chosen frequencies", error);
  if (!chosen) return false;
  memcpy(chosen, subject->keys, n * sizeof *chosen);
  chosen[0] = true; /* the mean */
  struct LogitColumns work = {subject, chosen, logits};
  bool done = columns_each((size_t)subject->basis->p, replace_logit, &work, error);
  free(chosen);
  return done;
}

static bool replace_logits_by_cosines(const struct ReplacementSubject *subject, float *logits,
                                      struct Error *error)
{
  int p = subject->basis->p;
  double *by_difference = memory_new((size_t)p, sizeof *by_difference, "fitted logits", error);
  if (!by_difference) return false;
  cosine_logits(subject->directed, subject->keys, by_difference);
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      int s = direction_residue(p, subject->directed->sign, a, b);
      float *row = logits + (size_t)(a * p + b) * (size_t)p;
      for (int c = 0; c < p; c++)
        row[c] = (float)by_difference[(s - c + p) % p];
    }
  free(by_difference);
  return true;
}

/* ---- the neurons projected on W_L ---- */

static bool project_on_map(const struct ReplacementSubject *subject, float *logits,
                           struct Error *error)
{
  return project_neurons(subject, false, logits, error);
}

static bool project_off_map(const struct ReplacementSubject *subject, float *logits,
                            struct Error *error)
{
  return project_neurons(subject, true, logits, error);
}

/* ---- the skip connection ---- */

/* logits = W_L hidden */
static bool logits_of_neurons(const struct ReplacementSubject *subject, float *logits,
                              struct Error *error)
{
  size_t p = (size_t)subject->basis->p, m = subject->map->d_mlp;
  float *map = memory_new(p * m, sizeof *map, "the neuron-logit map", error);
  if (!map) return false;
  network_neuron_logit_map(&subject->snapshot->parameters, map);
  matrix_multiply_shared(p * p, p, m, matrix_plain(subject->snapshot->activations.hidden, m),
                         matrix_transposed(map, m), MATRIX_REPLACE, logits, p);
  free(map);
  return true;
}

/* (W_U b_out)_c */
static double logit_of_bias(const struct Parameters *parameters, size_t c)
{
  const float *bias = parameters_at(parameters, B_OUT), *W_U_c = parameters_at(parameters, W_U) + c;
  double sum = 0;
  for (size_t i = 0; i < (size_t)parameters->shape.d_model; i++)
    sum += (double)bias[i] * (double)W_U_c[i * (size_t)parameters->shape.V];
  return sum;
}

/* The mean over all pairs of output c's logit without W_L hidden. */
static double mean_beside_neurons(const struct ReplacementSubject *subject, const float *of_neurons,
                                  size_t c)
{
  size_t p = (size_t)subject->basis->p, V = (size_t)subject->snapshot->parameters.shape.V;
  const float *logits = subject->snapshot->activations.logits;
  double sum = 0;
  for (size_t pair = 0; pair < p * p; pair++)
    sum += (double)logits[pair * V + c] - (double)of_neurons[pair * p + c];
  return sum / (double)(p * p);
}

static bool replace_skip(const struct ReplacementSubject *subject, bool by_mean, float *logits,
                         struct Error *error)
{
  size_t p = (size_t)subject->basis->p;
  if (!logits_of_neurons(subject, logits, error)) return false;
#pragma omp parallel for
  for (size_t c = 0; c < p; c++) {
    double rest = by_mean ? mean_beside_neurons(subject, logits, c)
                          : logit_of_bias(&subject->snapshot->parameters, c);
    for (size_t pair = 0; pair < p * p; pair++)
      logits[pair * p + c] = (float)((double)logits[pair * p + c] + rest);
  }
  return true;
}

static bool zero_skip(const struct ReplacementSubject *subject, float *logits, struct Error *error)
{
  return replace_skip(subject, false, logits, error);
}

static bool mean_skip(const struct ReplacementSubject *subject, float *logits, struct Error *error)
{
  return replace_skip(subject, true, logits, error);
}

/* ---- the heads ---- */

/* The network itself, run with W_O = 0. */
static bool run_without_heads(const struct ReplacementSubject *subject,
                              struct Parameters *parameters, float *logits, struct Error *error)
{
  struct Activations activations;
  memcpy(parameters->values, subject->snapshot->parameters.values,
         parameters->total * sizeof *parameters->values);
  memset(parameters_at(parameters, W_O), 0, parameters->info[W_O].count * sizeof(float));
  if (!activations_init(&activations, parameters, error)) return false;
  bool done = network_forward(parameters, &subject->config->model, &activations, error);
  size_t p = (size_t)subject->basis->p, V = (size_t)parameters->shape.V;
  for (size_t pair = 0; done && pair < p * p; pair++)
    memcpy(logits + pair * p, activations.logits + pair * V, p * sizeof *logits);
  activations_release(&activations);
  return done;
}

static bool zero_heads(const struct ReplacementSubject *subject, float *logits, struct Error *error)
{
  struct Parameters parameters;
  if (!parameters_init(&parameters, subject->config, error)) return false;
  bool done = run_without_heads(subject, &parameters, logits, error);
  parameters_release(&parameters);
  return done;
}

/* ---- all of them ---- */

static const struct {
  const char *name, *meaning;
  bool (*logits)(const struct ReplacementSubject *subject, float *logits, struct Error *error);
} replacements[N_REPLACEMENTS] = {
    [REPLACE_NOTHING] = {"model", "the network as it is", keep_all},
    [REPLACE_CLUSTERED_NEURONS] =
        {"neurons_polynomial",
         "neurons of a cluster are the degree-2 polynomial of their frequency, the others as they "
         "are",
         replace_clustered_neurons},
    [REPLACE_NEURONS] =
        {"neurons_directions",
         "all neurons are their parts in cos and sin of w_k(a + b) of the key frequencies, and "
         "their mean",
         replace_neurons},
    [REPLACE_LOGITS] =
        {"logits_polynomial",
         "logits are their degree-2 polynomials of the key frequencies: 8 products each, and their "
         "mean",
         replace_logits},
    [REPLACE_LOGITS_BY_COSINES] =
        {"logits_cosines",
         "logits are the fitted sum of alpha_k cos(w_k(a + b - c)) over the key frequencies",
         replace_logits_by_cosines},
    [PROJECT_NEURONS_ON_MAP] =
        {"mlp_on_W_L",
         "neurons are projected on the key directions u_k, v_k of W_L; the skip connection stays",
         project_on_map},
    [PROJECT_NEURONS_OFF_MAP] =
        {"mlp_off_W_L",
         "neurons lose that projection: what is left is in the null space of the keys' part of "
         "W_L; the skip connection stays",
         project_off_map},
    [ZERO_SKIP] = {"skip_zero", "the stream does not reach W_U past the MLP", zero_skip},
    [MEAN_SKIP] = {"skip_mean", "past the MLP only the stream's mean over all pairs reaches W_U",
                   mean_skip},
    [ZERO_HEADS] = {"heads_zero", "no head adds to the stream, so that the MLP sees \"=\" alone",
                    zero_heads},
};

const char *replacement_name(enum Replacement replacement)
{
  return replacements[replacement].name;
}

const char *replacement_meaning(enum Replacement replacement)
{
  return replacements[replacement].meaning;
}

bool replacement_logits(const struct ReplacementSubject *subject, enum Replacement replacement,
                        float *logits, struct Error *error)
{
  return replacements[replacement].logits(subject, logits, error);
}
