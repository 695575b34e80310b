#include "results/spectrum_tables.h"

#include "base/memory.h"
#include "base/number.h"
#include "measures/contrast.h"
#include "measures/neuron_logit.h"
#include "measures/neurons.h"
#include "measures/quantities.h"
#include "measures/range.h"
#include "measures/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_clusters(struct TableWriter *table, const struct Subject *subject)
{
  const struct Analysis *analysis = subject->analysis;
  struct Range sizes = range_empty(), clustered = range_empty(), all = range_empty();
  size_t m = analysis_d_mlp(analysis);
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    if (analysis->keys[k]) range_add(&sizes, (double)subject_count_neurons(subject, k, true));
  for (size_t i = 0; i < m; i++) {
    range_add(&all, subject->fits[i].fve);
    if (neuron_in_cluster(&subject->fits[i])) range_add(&clustered, subject->fits[i].fve);
  }
  quantity_put(
      table, "key_frequencies", analysis->n_keys, "1",
      "frequencies that explain more than 0.85 of the variance of at least 1 neuron in the last "
      "snapshot (section 4.3)");
  quantity_put(table, "cluster_threshold", cluster_threshold, "1",
               "share of a neuron's variance above which it belongs to a cluster (section 4.3)");
  quantity_put(table, "clustered_neurons", (double)clustered.n, "1",
               "neurons whose frequency explains more than 0.85 of their variance (section 4.3)");
  quantity_put(table, "clustered_share", (double)clustered.n / (double)m, "1",
               "clustered_neurons / all neurons");
  quantity_put(table, "cluster_size_least", sizes.least, "1",
               "neurons in the smallest cluster of a key frequency");
  quantity_put(table, "cluster_size_most", sizes.most, "1", "neurons in the largest");
  quantity_put(table, "neuron_fve_mean", range_mean(&all), "1",
               "mean over all neurons of the variance that their frequency explains");
  quantity_put(table, "clustered_fve_mean", range_mean(&clustered), "1",
               "the same over the clustered neurons");
  quantity_put(table, "clustered_fve_least", clustered.least, "1",
               "the least of the clustered neurons");
}

static void put_contrast(struct TableWriter *table, const char *const names[3],
                         const struct Contrast *contrast)
{
  quantity_put(
      table, names[0], contrast->share, "1",
      "share of its squared norm, without the constant, at the key frequencies (figure 3)");
  quantity_put(table, names[1], contrast->ratio, "1",
               "its mean norm at a key frequency over that at another frequency");
  quantity_put(table, names[2], contrast->separation, "1",
               "its least norm at a key frequency over the largest at another frequency");
}

/* gini_coefficient sorts in place, so it gets a copy. */
static bool put_gini(struct TableWriter *table, const char *name, const double *norms, size_t p,
                     struct Error *error)
{
  double *copy = memory_new(p, sizeof *copy, "norms of components", error);
  if (!copy) return false;
  memcpy(copy, norms, p * sizeof *copy);
  quantity_put(table, name, gini_coefficient(copy, p), "1",
               "Gini coefficient of the norms of its p Fourier components (section 5.1)");
  free(copy);
  return true;
}

static bool put_spectra(struct TableWriter *table, const struct Analysis *analysis,
                        const struct Spectra *spectra, struct Error *error)
{
  static const char *const of_W_E[] = {"W_E_key_share", "W_E_key_ratio", "W_E_key_separation"};
  static const char *const of_W_L[] = {"W_L_key_share", "W_L_key_ratio", "W_L_key_separation"};
  const struct FourierBasis *basis = &analysis->basis;
  struct NeuronLogitMap map = {basis, analysis_d_mlp(analysis), spectra->map};
  struct Contrast W_E_contrast = contrast_of_norms(basis, spectra->W_E_norms, analysis->keys);
  struct Contrast W_L_contrast = contrast_of_norms(basis, spectra->W_L_norms, analysis->keys);
  double residual = neuron_logit_residual(&map, analysis->keys);
  put_contrast(table, of_W_E, &W_E_contrast);
  put_contrast(table, of_W_L, &W_L_contrast);
  quantity_put(table, "logit_key_share",
               contrast_of_products(basis, spectra->logit_norms, analysis->keys), "1",
               "share of the logits' squared norm, without the constant, in products of cosines "
               "and sines of one key frequency (figure 4)");
  quantity_put(table, "W_L_residual_norm", sqrt(residual), "1",
               "Frobenius norm of W_L outside cos and sin(w_k c) of the key frequencies, over that "
               "of W_L (section 4.2)");
  quantity_put(table, "W_L_residual_squared", residual, "1", "the same, both norms squared");
  return put_gini(table, "gini_W_E", spectra->W_E_norms, (size_t)basis->p, error) &&
         put_gini(table, "gini_W_L", spectra->W_L_norms, (size_t)basis->p, error);
}

static void put_waves(struct TableWriter *table, const struct Analysis *analysis,
                      const struct Spectra *spectra)
{
  struct Range fve = range_empty();
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    for (int i = 0; analysis->keys[k] && i < 2; i++)
      range_add(&fve, spectra->waves[k][i].fve);
  quantity_put(table, "neuron_logit_fve_least", fve.least, "1",
               "least share of the variance of u_k^T MLP or v_k^T MLP that cos or sin(w_k(a + b)) "
               "explains (a - b for subtract), over the key frequencies (section 4.2)");
  quantity_put(table, "neuron_logit_fve_mean", range_mean(&fve), "1", "the mean of these shares");
}

static bool put_attention(struct TableWriter *table, const struct Analysis *analysis,
                          const struct Spectra *spectra, struct Error *error)
{
  size_t H = (size_t)analysis->snapshot.parameters.shape.H, at_keys = 0;
  struct Range fve = range_empty();
  for (size_t h = 0; h < H; h++) {
    range_add(&fve, spectra->attention_fits[h].fve);
    at_keys += analysis->keys[spectra->attention_fits[h].frequency];
  }
  quantity_put(table, "attention_fve_least", fve.least, "1",
               "least share of the variance of a head's attention that its fit explains "
               "(attention-fits.tsv)");
  quantity_put(table, "attention_fve_mean", range_mean(&fve), "1", "the mean over the heads");
  quantity_put(table, "attention_heads_at_keys", (double)at_keys, "1",
               "heads whose fit is at a key frequency");
  for (size_t h = 0; h < H; h++) {
    char *name = memory_print(error, "attention_frequency_%zu", h);
    if (!name) return false;
    quantity_put(table, name, spectra->attention_fits[h].frequency, "1",
                 "the frequency that fits that head's attention best");
    free(name);
  }
  return true;
}

static double sum_squared_weights(const struct Parameters *parameters)
{
  double sum = 0;
  for (int which = 0; which < N_PARAMETERS; which++)
    sum += squared_weights(parameters, (enum Parameter)which);
  return sum;
}

/* The numeric settings, under their own names; NaN where nothing states them. */
static void put_settings(struct TableWriter *table, const struct Config *config)
{
  for (int i = 0; i < config_n_settings(); i++) {
    char text[CONFIG_VALUE_SIZE];
    double value;
    const char *name = config_setting_name(i);
    config_setting_value(config, i, text);
    if (!number_parse_real(text, &value)) continue;
    if (config_given(config, name))
      quantity_put(table, name, value, "1", "setting of the run");
    else
      quantity_put(table, name, NAN, "1", "setting of the run, which the file does not say");
  }
}

bool write_spectrum_quantities(const struct Subject *subject, const struct Spectra *spectra,
                               struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "spectrum-quantities.tsv",
                            "What the spectra amount to", "", quantity_columns, N_QUANTITY_COLUMNS,
                            error))
    return false;
  quantity_put(&table, "epoch", subject->epoch, "epochs", "when the snapshot was taken");
  quantity_put(&table, "squared_weights", sum_squared_weights(&analysis->snapshot.parameters), "1",
               "sum of the squares of all parameters (section 5.1)");
  put_settings(&table, &analysis->trajectory.config);
  put_clusters(&table, subject);
  put_waves(&table, analysis, spectra);
  if (put_spectra(&table, analysis, spectra, error) &&
      put_attention(&table, analysis, spectra, error))
    return table_commit(&table, error);
  table_discard(&table);
  return false;
}
