#include "measures/ablation.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "measures/directed_logits.h"
#include "measures/grid.h"
#include "measures/replaced_neurons.h"
#include "measures/spread.h"
#include "measures/without_each.h"

#include <math.h>
#include <stdlib.h>

struct Removing {
  const struct DirectedLogits *directed;
  struct Losses *without; /* [n_frequencies + 1] */
};

/* Block `index` of the frequencies. */
static bool remove_block(const void *context, size_t index, struct Error *error)
{
  const struct Removing *removing = context;
  const struct DirectedLogits *directed = removing->directed;
  const struct LogitRows rows = directed_logits_rows(directed);
  int first = 1 + (int)index * REMOVAL_LANES, p = directed->basis->p;
  const struct WithoutLanes lanes = {
      .half = {{.first = first}, {.first = first + REMOVAL_LANES / 2}}};
  struct LaneSums sums = {0};
  struct WithoutEach each;
  if (!without_each_init(&each, p, error)) return false;
  without_each_add(&each, directed, &rows, &lanes, &sums);
  without_each_release(&each);
  for (int k = first; k <= directed->basis->n_frequencies && k < first + REMOVAL_LANES; k++) {
    size_t lane = (size_t)(k - first);
    removing->without[k] = (struct Losses){.all = without_each_mean(&sums.all, lane),
                                           .train = without_each_mean(&sums.train, lane),
                                           .test = without_each_mean(&sums.test, lane)};
  }
  return true;
}

static bool remove_each(const struct DirectedLogits *directed, struct Losses *without,
                        struct Error *error)
{
  struct Removing removing = {directed, without};
  size_t n = (size_t)directed->basis->n_frequencies;
  return parallel_each((n + REMOVAL_LANES - 1) / REMOVAL_LANES, remove_block, &removing, error);
}

/* ---- at the neurons ---- */

struct RemovingAtNeurons {
  const struct FourierBasis *basis;
  const bool *frequencies; /* [n_frequencies + 1] */
  const float *of_neurons; /* [p^2][p]: W_L hidden */
  const float *logits;     /* [p^2][V] */
  size_t V;
  float *changed; /* [p^2][p] */
};

/* As W_L is linear, the neurons' parts at a frequency add to logit c the part of (W_L hidden)_c. */
static bool remove_from_logit(const void *context, size_t c, struct Error *error)
{
  const struct RemovingAtNeurons *removing = context;
  size_t p = (size_t)removing->basis->p;
  if (!grid_project(removing->basis, removing->frequencies, removing->of_neurons + c, p,
                    removing->changed + c, p, error))
    return false;
  for (size_t pair = 0; pair < p * p; pair++)
    removing->changed[pair * p + c] =
        removing->logits[pair * removing->V + c] - removing->changed[pair * p + c];
  return true;
}

/* Key by key. `of_neurons` and `changed` are scratch, [p^2][p]; `chosen` is [n_frequencies + 1],
   all false. */
static bool remove_keys(const struct Analysis *analysis, const struct Ablation *ablation,
                        float *of_neurons, float *changed, bool *chosen, struct Error *error)
{
  const struct FourierBasis *basis = &analysis->basis;
  const struct Snapshot *snapshot = &analysis->snapshot;
  size_t p = (size_t)basis->p;
  struct RemovingAtNeurons removing = {basis,
                                       chosen,
                                       of_neurons,
                                       snapshot->activations.logits,
                                       (size_t)snapshot->parameters.shape.V,
                                       changed};
  bool done = replaced_neurons_logits(snapshot, of_neurons, error);
  for (int k = 1; done && k <= basis->n_frequencies; k++) {
    struct Losses losses;
    if (!analysis->keys[k]) continue;
    chosen[k] = true;
    done = parallel_each(p, remove_from_logit, &removing, error);
    chosen[k] = false;
    if (!done) continue;
    losses_of_logits(&analysis->trajectory.dataset, changed, basis->p, &losses);
    ablation->without_at_neurons[k] = losses.all.loss;
  }
  return done;
}

static bool compute_at_neurons(const struct Analysis *analysis, const struct Ablation *ablation,
                               struct Error *error)
{
  size_t p = (size_t)analysis->basis.p, n = (size_t)analysis->basis.n_frequencies + 1;
  for (size_t k = 0; k < n; k++)
    ablation->without_at_neurons[k] = NAN;
  if (analysis->n_keys == 0 || analysis_missing(analysis, PART_LOGIT_SUM)) return true;
  float *logits = memory_new(2 * p * p, p * sizeof *logits, "logits", error);
  bool *chosen = logits ? memory_new(n, sizeof *chosen, "chosen frequencies", error) : NULL;
  bool done = chosen && remove_keys(analysis, ablation, logits, logits + p * p * p, chosen, error);
  free(chosen);
  free(logits);
  return done;
}

/* ---- of a subject ---- */

static bool compute(struct Subject *subject, struct Ablation *ablation, struct Error *error)
{
  const bool *keys = subject->analysis->keys;
  const struct DirectedLogits *directed = directed_logits_of(subject, error);
  if (!directed) return false;
  struct MeanLoss excluded;
  losses_of_logits(directed->dataset, directed->logits, directed->V, &ablation->unablated);
  if (!directed_logits_excluded(directed, keys, &excluded, error)) return false;
  ablation->excluded_loss = excluded.loss;
  return directed_logits_restricted(directed, keys, &ablation->restricted, error) &&
         remove_each(directed, ablation->without, error) &&
         compute_at_neurons(subject->analysis, ablation, error);
}

static void release(void *numbers)
{
  struct Ablation *ablation = numbers;
  free(ablation->without_at_neurons);
  free(ablation->without);
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct Ablation *ablation = numbers;
  size_t n = (size_t)subject->analysis->basis.n_frequencies + 1;
  ablation->without = memory_new(n, sizeof *ablation->without, "losses by frequency", error);
  if (!ablation->without) return false;
  ablation->without_at_neurons = memory_new(n, sizeof(double), "losses by frequency", error);
  if (ablation->without_at_neurons && compute(subject, ablation, error)) return true;
  release(ablation);
  return false;
}

const struct Ablation *ablation_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct Ablation), find, release};
  return subject_find(subject, &finding, error);
}

struct AblationSummary ablation_summarise(const struct Analysis *analysis,
                                          const struct Ablation *ablation)
{
  struct Spread excluded = spread_empty(), ratio = spread_empty(), excluded_other = spread_empty(),
                change_other = spread_empty(), neurons = spread_empty();
  double loss = ablation->unablated.all.loss, train_loss = ablation->unablated.train.loss;
  for (int k = 1; analysis->n_keys > 0 && k <= analysis->basis.n_frequencies; k++) {
    const struct Losses *without = &ablation->without[k];
    spread_add(analysis->keys[k] ? &excluded : &excluded_other, without->train.loss);
    spread_add(&neurons, ablation->without_at_neurons[k]);
    if (analysis->keys[k])
      spread_add(&ratio, without->all.loss / loss);
    else
      spread_add(&change_other, fabs(without->all.loss / loss - 1));
  }
  return (struct AblationSummary){.excluded_key_least = excluded.least,
                                  .excluded_key_most = excluded.most,
                                  .excluded_key_ratio_least = excluded.least / train_loss,
                                  .excluded_other_most = excluded_other.most,
                                  .without_key_ratio_least = ratio.least,
                                  .without_other_change_most = change_other.most,
                                  .key_change_over_other = (ratio.least - 1) / change_other.most,
                                  .neurons_key_least = neurons.least,
                                  .neurons_key_most = neurons.most,
                                  .neurons_key_ratio_least = neurons.least / loss};
}

struct AblationRow {
  int frequency;
  bool key;
  struct Losses without;
  double unablated_loss, restricted_loss, excluded_loss, neurons_loss;
};

static const struct Column columns[] = {
    COLUMN(struct AblationRow, frequency, "1",
           "k: its projections on cos and sin of w_k(a + b) (a - b for subtract) are removed from "
           "the logits (section 4.4, figure 6)"),
    COLUMN(struct AblationRow, key, "0 or 1",
           "1 for the key frequencies: those by which at least 1 neuron has an FVE > 0.85 in the "
           "last snapshot"),
    COLUMN_AS("loss", struct AblationRow, without.all.loss, "nats",
              "mean cross-entropy over all pairs without frequency k"),
    COLUMN_AS("train_loss", struct AblationRow, without.train.loss, "nats",
              "the same over the training pairs: the excluded loss of k (section 5.1)"),
    COLUMN_AS("test_loss", struct AblationRow, without.test.loss, "nats",
              "the same over the other pairs"),
    COLUMN(struct AblationRow, unablated_loss, "nats",
           "mean cross-entropy over all pairs of the logits as they are"),
    COLUMN(struct AblationRow, restricted_loss, "nats",
           "loss over all pairs of the key frequencies and the mean logits alone (section 5.1)"),
    COLUMN(struct AblationRow, excluded_loss, "nats",
           "loss over the training pairs without any key frequency (section 5.1)"),
    COLUMN(struct AblationRow, neurons_loss, "nats",
           "mean cross-entropy over all pairs if instead the neurons lose their 8 products of cos "
           "and sin of w_k a and w_k b, and the skip connection stays; nan for a frequency that is "
           "no key frequency")};

bool ablation_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct Ablation *ablation = ablation_of(subject, error);
  struct TableWriter table;
  if (!ablation || !subject_create_table(&table, subject, file, "Losses",
                                         ", with frequencies removed from its logits", columns,
                                         N_COLUMNS(columns), error))
    return false;
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    table_put_row(&table, &(struct AblationRow){.frequency = k,
                                                .key = analysis->keys[k],
                                                .without = ablation->without[k],
                                                .unablated_loss = ablation->unablated.all.loss,
                                                .restricted_loss = ablation->restricted.all.loss,
                                                .excluded_loss = ablation->excluded_loss,
                                                .neurons_loss = ablation->without_at_neurons[k]});
  return table_commit(&table, error);
}
