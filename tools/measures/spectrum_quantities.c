#include "measures/spectrum_quantities.h"

#include "base/memory.h"
#include "base/number.h"
#include "measures/attention.h"
#include "measures/logit_spectrum.h"
#include "measures/neuron_logit.h"
#include "measures/neurons.h"
#include "measures/ov_circuit.h"
#include "measures/quantities.h"
#include "measures/spectrum.h"
#include "measures/spread.h"
#include "measures/weights.h"

#include <math.h>
#include <stdlib.h>

struct SpectrumQuantities {
  double epoch, squared_weights, cluster_threshold;
  struct ClusterSummary clusters;
  struct WaveSummary waves;
  struct Contrast W_E, W_L;
  double logit_key_share, W_L_residual_norm, W_L_residual_squared, cluster_W_L_share_least;
  double gini_W_E, gini_W_L;
  struct AttentionSummary attention;
  double W_E_frequencies, ov_threshold;
  struct LogitBlocks blocks;
  struct OvSummary ov;
};

#define NUMBER(name, member, meaning)                                                              \
  COLUMN_AS(name, struct SpectrumQuantities, member, "1", meaning)

/* Before the settings. */
static const struct Column first[] = {
    COLUMN(struct SpectrumQuantities, epoch, "epochs", "when the snapshot was taken"),
    NUMBER("squared_weights", squared_weights,
           "sum of the squares of all parameters (section 5.1)")};

/* After them. */
static const struct Column rest[] = {
    NUMBER("key_frequencies", clusters.key_frequencies,
           "frequencies that explain more than 0.85 of the variance of at least 1 neuron in the "
           "last snapshot (section 4.3)"),
    NUMBER("cluster_threshold", cluster_threshold,
           "share of a neuron's variance above which it belongs to a cluster (section 4.3)"),
    NUMBER("clustered_neurons", clusters.clustered_neurons,
           "neurons whose frequency explains more than 0.85 of their variance (section 4.3)"),
    NUMBER("clustered_share", clusters.clustered_share, "clustered_neurons / all neurons"),
    NUMBER("cluster_size_least", clusters.cluster_size_least,
           "neurons in the smallest cluster of a key frequency"),
    NUMBER("cluster_size_most", clusters.cluster_size_most, "neurons in the largest"),
    NUMBER("neuron_fve_mean", clusters.neuron_fve_mean,
           "mean over all neurons of the variance that their frequency explains"),
    NUMBER("clustered_fve_mean", clusters.clustered_fve_mean,
           "the same over the clustered neurons"),
    NUMBER("clustered_fve_least", clusters.clustered_fve_least,
           "the least of the clustered neurons"),
    NUMBER("neuron_logit_fve_least", waves.fve_least,
           "least share of the variance of u_k^T MLP or v_k^T MLP that cos or sin(w_k(a + b)) "
           "explains (a - b for subtract), over the key frequencies (section 4.2)"),
    NUMBER("neuron_logit_fve_mean", waves.fve_mean, "the mean of these shares"),
    NUMBER("W_E_key_share", W_E.share,
           "share of its squared norm, without the constant, at the key frequencies (figure 3)"),
    NUMBER("W_E_key_ratio", W_E.ratio,
           "its mean norm at a key frequency over that at another frequency"),
    NUMBER("W_E_key_separation", W_E.separation,
           "its least norm at a key frequency over the largest at another frequency"),
    NUMBER("W_L_key_share", W_L.share,
           "share of its squared norm, without the constant, at the key frequencies (figure 3)"),
    NUMBER("W_L_key_ratio", W_L.ratio,
           "its mean norm at a key frequency over that at another frequency"),
    NUMBER("W_L_key_separation", W_L.separation,
           "its least norm at a key frequency over the largest at another frequency"),
    NUMBER("logit_key_share", logit_key_share,
           "share of the logits' squared norm, without the constant, in products of cosines and "
           "sines of one key frequency (figure 4)"),
    NUMBER("W_L_residual_norm", W_L_residual_norm,
           "Frobenius norm of W_L outside cos and sin(w_k c) of the key frequencies, over that of "
           "W_L (section 4.2)"),
    NUMBER("W_L_residual_squared", W_L_residual_squared, "the same, both norms squared"),
    NUMBER("cluster_W_L_share_least", cluster_W_L_share_least,
           "least share, over the key frequencies, of the squared norm of W_L's columns of a "
           "cluster's neurons that is at its own cos and sin (section 4.3)"),
    NUMBER("gini_W_E", gini_W_E,
           "Gini coefficient of the norms of its p Fourier components (section 5.1)"),
    NUMBER("gini_W_L", gini_W_L,
           "Gini coefficient of the norms of its p Fourier components (section 5.1)"),
    NUMBER("attention_fve_least", attention.fve_least,
           "least share of the variance of a head's attention that its fit explains "
           "(attention-fits.tsv)"),
    NUMBER("attention_fve_mean", attention.fve_mean, "the mean over the heads"),
    NUMBER("attention_heads_at_keys", attention.heads_at_keys,
           "heads whose fit is at a key frequency")};

/* After those of single heads. */
static const struct Column last[] = {
    NUMBER(
        "attention_to_equals_most", attention.to_equals_most,
        "largest of the heads' mean attention over all pairs from \"=\" to itself (appendix A.1)"),
    NUMBER("ov_threshold", ov_threshold,
           "share of the squared norm of an OV circuit, without the constant, above which it lies "
           "at a frequency"),
    NUMBER("ov_heads_at_one_frequency", ov.heads_at_one,
           "heads with more than that share at one frequency (appendix C.1, figure 10)"),
    NUMBER("ov_heads_at_keys", ov.heads_at_keys,
           "other heads with more than that share at the key frequencies together"),
    NUMBER("W_E_frequencies", W_E_frequencies,
           "frequencies whose norm in W_E is above half of the least of a key frequency (section "
           "4.1)"),
    NUMBER(
        "logit_components", blocks.components,
        "products of cos or sin(w_k a) and cos or sin(w_l b) whose norm in the logits is above a "
        "quarter of the largest such (section 4.1)"),
    NUMBER("logit_components_at_keys", blocks.at_keys,
           "those of them with k = l, a key frequency: four in its 2 x 2 block")};

/* NaN without key frequencies. */
static double least_cluster_share(const struct Subject *subject, const struct NeuronLogitMap *map)
{
  struct Spread shares = spread_empty();
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++)
    if (subject->analysis->keys[k])
      spread_add(&shares, neuron_logit_map_cluster_share(map, subject->fits, k));
  return shares.least;
}

/* What W_E, W_L and the logits have at the key frequencies. */
static bool find_spectra(struct Subject *subject, struct SpectrumQuantities *numbers,
                         struct Error *error)
{
  const struct FourierBasis *basis = &subject->analysis->basis;
  const bool *keys = subject->analysis->keys;
  const struct NeuronLogitMap *map = neuron_logit_map_of(subject, error);
  const struct Spectrum *spectrum = map ? spectrum_of(subject, error) : NULL;
  const struct LogitSpectrum *logits = spectrum ? logit_spectrum_of(subject, error) : NULL;
  if (!logits) return false;
  numbers->W_E = spectrum_contrast(basis, spectrum->W_E, keys);
  numbers->W_L = spectrum_contrast(basis, spectrum->W_L, keys);
  numbers->W_E_frequencies = spectrum_count_above(basis, spectrum->W_E, keys);
  numbers->blocks = logit_spectrum_blocks(basis, logits->norms, keys);
  numbers->logit_key_share = logit_spectrum_share(basis, logits->norms, keys);
  numbers->W_L_residual_squared = neuron_logit_map_residual(map, keys);
  numbers->W_L_residual_norm = sqrt(numbers->W_L_residual_squared);
  numbers->cluster_W_L_share_least = least_cluster_share(subject, map);
  return spectrum_gini_of(spectrum->W_E, (size_t)basis->p, &numbers->gini_W_E, error) &&
         spectrum_gini_of(spectrum->W_L, (size_t)basis->p, &numbers->gini_W_L, error);
}

static bool find_all(struct Subject *subject, struct SpectrumQuantities *numbers,
                     struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct KeyWaves *waves = neuron_logit_waves_of(subject, error);
  const struct AttentionFits *attention = waves ? attention_fits_of(subject, error) : NULL;
  const struct OvCircuits *circuits = attention ? ov_circuits_of(subject, error) : NULL;
  if (!circuits) return false;
  *numbers = (struct SpectrumQuantities){.epoch = subject->epoch,
                                         .squared_weights =
                                             weights_squared_sum(&analysis->snapshot.parameters),
                                         .cluster_threshold = neuron_fit_threshold,
                                         .clusters = neurons_summarise(subject),
                                         .waves = neuron_logit_summarise(analysis, waves),
                                         .attention = attention_summarise(analysis, attention),
                                         .ov_threshold = ov_circuit_threshold,
                                         .ov = ov_circuits_summarise(analysis, circuits)};
  return find_spectra(subject, numbers, error);
}

/* The numeric settings, under their own names; NaN where nothing states them. */
static void put_settings(struct TableWriter *table, const struct Config *config)
{
  for (int i = 0; i < config_n_settings(); i++) {
    char text[CONFIG_VALUE_SIZE];
    double value;
    const char *name = config_setting_name(i);
    if (!config_is_canonical(config, i)) continue;
    config_setting_value(config, i, text);
    if (!number_parse_real(text, &value)) continue;
    if (config_given(config, name))
      quantities_put(table, name, value, "1", "setting of the run");
    else
      quantities_put(table, name, NAN, "1", "setting of the run, which the file does not say");
  }
}

/* A quantity NAME_h of a head; `value` is NaN where it has none. */
static bool put_head(struct TableWriter *table, const char *name, size_t h, double value,
                     const char *meaning, struct Error *error)
{
  char *full = memory_print(error, "%s_%zu", name, h);
  if (full) quantities_put(table, full, value, "1", meaning);
  free(full);
  return full;
}

static double frequency_or_nan(int k)
{
  return k > 0 ? (double)k : NAN;
}

static bool put_attention(struct TableWriter *table, struct Subject *subject, struct Error *error)
{
  const struct AttentionFits *fits = attention_fits_of(subject, error);
  bool done = fits;
  for (size_t h = 0; done && h < (size_t)subject->analysis->snapshot.parameters.shape.H; h++)
    done = put_head(table, "attention_frequency", h, frequency_or_nan(fits->heads[h].frequency),
                    "the frequency that fits that head's attention best", error);
  return done;
}

static bool put_circuits(struct TableWriter *table, struct Subject *subject, struct Error *error)
{
  const struct OvCircuits *circuits = ov_circuits_of(subject, error);
  bool done = circuits;
  for (size_t h = 0; done && h < (size_t)subject->analysis->snapshot.parameters.shape.H; h++) {
    const struct OvCircuit *head = &circuits->heads[h];
    done = put_head(table, "ov_frequency", h, frequency_or_nan(head->frequency),
                    "the frequency with the largest share of that head's OV circuit", error) &&
           put_head(table, "ov_share", h, head->share,
                    "that share, of the circuit's squared norm without the constant (figure 10)",
                    error) &&
           put_head(table, "ov_key_share", h, head->key_share,
                    "the share of the key frequencies together", error);
  }
  return done;
}

bool spectrum_quantities_write(struct Subject *subject, const char *file, struct Error *error)
{
  struct SpectrumQuantities numbers;
  struct TableWriter table;
  if (!find_all(subject, &numbers, error) ||
      !subject_create_table(&table, subject, file, "What the spectra amount to", "",
                            quantities_columns, N_QUANTITY_COLUMNS, error))
    return false;
  quantities_put_members(&table, first, N_COLUMNS(first), &numbers);
  put_settings(&table, &subject->analysis->trajectory.config);
  quantities_put_members(&table, rest, N_COLUMNS(rest), &numbers);
  if (put_attention(&table, subject, error) && put_circuits(&table, subject, error)) {
    quantities_put_members(&table, last, N_COLUMNS(last), &numbers);
    return table_commit(&table, error);
  }
  table_discard(&table);
  return false;
}
