#include "measures/replacement.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "measures/grid.h"
#include "measures/logit_fit.h"
#include "measures/replaced_attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the logits themselves ---- */

struct LogitColumns {
  const struct ReplacedNetwork *network;
  const bool *frequencies;
  float *logits;
};

static bool replace_logit(const void *context, size_t column, struct Error *error)
{
  const struct LogitColumns *work = context;
  const struct Snapshot *snapshot = work->network->snapshot;
  return grid_project(work->network->basis, work->frequencies,
                      snapshot->activations.logits + column, (size_t)snapshot->parameters.shape.V,
                      work->logits + column, (size_t)work->network->basis->p, error);
}

static bool replace_logits(const struct ReplacedNetwork *network, float *logits,
                           struct Error *error)
{
  size_t n = (size_t)network->basis->n_frequencies + 1;
  bool *chosen = memory_new(n, sizeof *chosen, "chosen frequencies", error);
  if (!chosen) return false;
  memcpy(chosen, network->keys, n * sizeof *chosen);
  chosen[0] = true; /* the mean */
  struct LogitColumns work = {network, chosen, logits};
  bool done = parallel_each((size_t)network->basis->p, replace_logit, &work, error);
  free(chosen);
  return done;
}

static bool replace_logits_by_cosines(const struct ReplacedNetwork *network, float *logits,
                                      struct Error *error)
{
  int p = network->basis->p;
  double *by_difference = memory_new((size_t)p, sizeof *by_difference, "fitted logits", error);
  if (!by_difference) return false;
  logit_fit_cosines(network->directed, network->keys, by_difference);
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      int s = direction_residue(p, network->directed->sign, a, b);
      float *row = logits + (size_t)(a * p + b) * (size_t)p;
      for (int c = 0; c < p; c++)
        row[c] = (float)by_difference[(s - c + p) % p];
    }
  free(by_difference);
  return true;
}

/* ---- the skip connection ---- */

/* (W_U b_out)_c */
static double logit_of_bias(const struct Snapshot *snapshot, size_t c)
{
  const struct Parameters *parameters = &snapshot->parameters;
  const float *bias = parameters_of_layer(parameters, snapshot->activations.layer, B_OUT);
  size_t d = (size_t)parameters->shape.d_model, V = (size_t)parameters->shape.V;
  bool tied = parameters->shape.tied;
  const float *W_U_c =
      tied ? parameters_at(parameters, W_E) + c * d : parameters_at(parameters, W_U) + c;
  double sum = 0;
  for (size_t i = 0; i < d; i++)
    sum += (double)bias[i] * (double)W_U_c[tied ? i : i * V];
  return sum;
}

/* The mean over all pairs of output c's logit without W_L hidden. */
static double mean_beside_neurons(const struct ReplacedNetwork *network, const float *of_neurons,
                                  size_t c)
{
  size_t p = (size_t)network->basis->p, V = (size_t)network->snapshot->parameters.shape.V;
  const float *logits = network->snapshot->activations.logits;
  double sum = 0;
  for (size_t pair = 0; pair < p * p; pair++)
    sum += (double)logits[pair * V + c] - (double)of_neurons[pair * p + c];
  return sum / (double)(p * p);
}

static bool replace_skip(const struct ReplacedNetwork *network, bool by_mean, float *logits,
                         struct Error *error)
{
  size_t p = (size_t)network->basis->p;
  if (!replaced_neurons_logits(network->snapshot, logits, error)) return false;
#pragma omp parallel for
  for (size_t c = 0; c < p; c++) {
    double rest =
        by_mean ? mean_beside_neurons(network, logits, c) : logit_of_bias(network->snapshot, c);
    for (size_t pair = 0; pair < p * p; pair++)
      logits[pair * p + c] = (float)((double)logits[pair * p + c] + rest);
  }
  return true;
}

static bool zero_skip(const struct ReplacedNetwork *network, float *logits, struct Error *error)
{
  return replace_skip(network, false, logits, error);
}

static bool mean_skip(const struct ReplacedNetwork *network, float *logits, struct Error *error)
{
  return replace_skip(network, true, logits, error);
}

/* ---- the heads ---- */

/* The network itself, run with W_O = 0 in every layer. */
static bool run_without_heads(const struct ReplacedNetwork *network, struct Parameters *parameters,
                              float *logits, struct Error *error)
{
  struct Activations activations;
  memcpy(parameters->values, network->snapshot->parameters.values,
         parameters->total * sizeof *parameters->values);
  for (int i = 0; i < parameters->n; i++)
    if (parameters->info[i].kind == W_O)
      memset(parameters->values + parameters->info[i].offset, 0,
             parameters->info[i].count * sizeof(float));
  if (!activations_init_logits(&activations, &parameters->shape, &network->config->model, error))
    return false;
  activations_forward(&activations, parameters);
  size_t p = (size_t)network->basis->p, V = (size_t)parameters->shape.V;
  for (size_t pair = 0; pair < p * p; pair++)
    memcpy(logits + pair * p, activations.logits + pair * V, p * sizeof *logits);
  activations_release(&activations);
  return true;
}

static bool zero_heads(const struct ReplacedNetwork *network, float *logits, struct Error *error)
{
  struct Parameters parameters;
  if (!parameters_init(&parameters, network->config, error)) return false;
  bool done = run_without_heads(network, &parameters, logits, error);
  parameters_release(&parameters);
  return done;
}

/* ---- all of them ---- */

static const struct {
  const char *name, *meaning;
  enum Part part; /* that it needs; N_PARTS: none */
  bool (*logits)(const struct ReplacedNetwork *network, float *logits, struct Error *error);
} replacements[N_REPLACEMENTS] = {
    [REPLACE_NOTHING] = {"model", "the network as it is", N_PARTS, replaced_neurons_none},
    [REPLACE_CLUSTERED_NEURONS] =
        {"neurons_polynomial",
         "neurons of a cluster are the degree-2 polynomial of their frequency, the others as they "
         "are",
         PART_LOGIT_SUM, replaced_neurons_by_polynomials},
    [REPLACE_NEURONS] =
        {"neurons_directions",
         "all neurons are their parts in cos and sin of w_k(a + b) of the key frequencies, and "
         "their mean",
         PART_LOGIT_SUM, replaced_neurons_by_directions},
    [REPLACE_LOGITS] =
        {"logits_polynomial",
         "logits are their degree-2 polynomials of the key frequencies: 8 products each, and their "
         "mean",
         N_PARTS, replace_logits},
    [REPLACE_LOGITS_BY_COSINES] =
        {"logits_cosines",
         "logits are the fitted sum of alpha_k cos(w_k(a + b - c)) over the key frequencies",
         N_PARTS, replace_logits_by_cosines},
    [PROJECT_NEURONS_ON_MAP] =
        {"mlp_on_W_L",
         "neurons are projected on the key directions u_k, v_k of W_L; the skip connection stays",
         PART_LOGIT_SUM, replaced_neurons_on_map},
    [PROJECT_NEURONS_OFF_MAP] =
        {"mlp_off_W_L",
         "neurons lose that projection: what is left is in the null space of the keys' part of "
         "W_L; the skip connection stays",
         PART_LOGIT_SUM, replaced_neurons_off_map},
    [ZERO_SKIP] = {"skip_zero", "the stream does not reach W_U past the MLP", PART_LOGIT_SUM,
                   zero_skip},
    [MEAN_SKIP] = {"skip_mean", "past the MLP only the stream's mean over all pairs reaches W_U",
                   PART_LOGIT_SUM, mean_skip},
    [ZERO_HEADS] = {"heads_zero", "no head adds to the stream, so that the MLP sees \"=\" alone",
                    N_PARTS, zero_heads},
    [LINEAR_ATTENTION] =
        {"attention_linear",
         "attention to a is its fit by one frequency (attention-fits.tsv), to b 1 minus that, to "
         "\"=\" 0",
         PART_HEAD_SUM, replaced_attention_by_fits},
    [ZERO_EQUALS] = {"attention_no_equals",
                     "attention to \"=\" is 0; that to a and b stays and is not renormalised",
                     PART_HEAD_SUM, replaced_attention_off_equals},
    [ZERO_ATTENTION_SKIP] =
        {"attention_skip_zero",
         "the stream before the MLP is what the heads add to it, without \"=\"; "
         "attention stays as it is",
         PART_HEAD_SUM, replaced_attention_skip},
};

const char *replacement_name(enum Replacement replacement)
{
  return replacements[replacement].name;
}

const char *replacement_meaning(enum Replacement replacement)
{
  return replacements[replacement].meaning;
}

bool replacement_logits(const struct ReplacedNetwork *network, enum Replacement replacement,
                        float *logits, struct Error *error)
{
  return replacements[replacement].logits(network, logits, error);
}

/* ---- of a subject ---- */

static struct Losses no_losses(void)
{
  static const struct MeanLoss none = {NAN, NAN};
  return (struct Losses){none, none, none};
}

static bool compute(const struct ReplacedNetwork *network, const struct Dataset *dataset,
                    struct ReplacementLosses *found, struct Error *error)
{
  size_t p = (size_t)network->basis->p;
  const struct Shape *shape = &network->snapshot->parameters.shape;
  int layer = network->snapshot->activations.layer;
  float *logits = memory_new(p * p, p * sizeof *logits, "logits", error);
  bool done = logits;
  for (int i = 0; done && i < N_REPLACEMENTS; i++) {
    found->losses[i] = no_losses();
    if (part_missing(shape, layer, replacements[i].part)) continue;
    done = replacement_logits(network, (enum Replacement)i, logits, error);
    if (done) losses_of_logits(dataset, logits, (int)p, &found->losses[i]);
  }
  free(logits);
  return done;
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct NeuronLogitMap *map = neuron_logit_map_of(subject, error);
  const struct DirectedLogits *directed = map ? directed_logits_of(subject, error) : NULL;
  const struct AttentionFits *attention = directed ? attention_fits_of(subject, error) : NULL;
  if (!attention) return false;
  struct ReplacedNetwork network = {.config = &analysis->trajectory.config,
                                    .basis = &analysis->basis,
                                    .directed = directed,
                                    .map = map,
                                    .snapshot = &analysis->snapshot,
                                    .fits = subject->fits,
                                    .keys = analysis->keys,
                                    .attention_fits = attention->heads};
  return compute(&network, &analysis->trajectory.dataset, numbers, error);
}

const struct ReplacementLosses *replacement_losses_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct ReplacementLosses), find, NULL};
  return subject_find(subject, &finding, error);
}

double replacement_loss_ratio(const struct ReplacementLosses *found, enum Replacement replacement)
{
  return found->losses[replacement].all.loss / found->losses[REPLACE_NOTHING].all.loss;
}

struct ReplacementRow {
  const char *name, *meaning;
  struct Losses losses;
  double relative_change;
};

static const struct Column columns[] = {
    COLUMN(struct ReplacementRow, name, "name", "what is replaced (section 4.4, appendix A.1)"),
    COLUMN_AS("loss", struct ReplacementRow, losses.all.loss, "nats",
              "mean cross-entropy over all pairs, the p number logits"),
    COLUMN_AS("train_loss", struct ReplacementRow, losses.train.loss, "nats",
              "the same over the training pairs"),
    COLUMN_AS("test_loss", struct ReplacementRow, losses.test.loss, "nats",
              "the same over the other pairs"),
    COLUMN_AS("accuracy", struct ReplacementRow, losses.all.accuracy, "1",
              "share of all pairs whose answer has the largest logit"),
    COLUMN(struct ReplacementRow, relative_change, "1", "loss / loss of the model - 1"),
    COLUMN(struct ReplacementRow, meaning, "text",
           "what is replaced by what; all else stays (a - b for subtract)")};

bool replacement_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct ReplacementLosses *found = replacement_losses_of(subject, error);
  struct TableWriter table;
  if (!found ||
      !subject_create_table(&table, subject, file, "Losses", ", with parts of it replaced", columns,
                            N_COLUMNS(columns), error))
    return false;
  for (int i = 0; i < N_REPLACEMENTS; i++)
    table_put_row(&table,
                  &(struct ReplacementRow){
                      .name = replacements[i].name,
                      .meaning = replacements[i].meaning,
                      .losses = found->losses[i],
                      .relative_change = replacement_loss_ratio(found, (enum Replacement)i) - 1});
  return table_commit(&table, error);
}
