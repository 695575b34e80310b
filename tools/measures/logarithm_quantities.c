#include "measures/logarithm_quantities.h"

#include "measures/logit_fit.h"
#include "measures/neurons.h"
#include "measures/quantities.h"
#include "measures/relabelled.h"
#include "measures/spectrum.h"

struct LogarithmQuantities {
  double epoch;
  int modulus, root;
  struct ClusterSummary clusters, plain_clusters;
  struct Contrast W_E, W_L;
  double gini_W_E, gini_W_L, plain_gini_W_E, plain_gini_W_L, gini_W_E_gain, gini_W_L_gain;
  struct LogitFit fit;
  struct Losses losses, restricted;
  struct MeanLoss excluded;
};

#define LOSS(name, member, meaning)                                                                \
  COLUMN_AS(name, struct LogarithmQuantities, member, "nats", meaning)
#define NUMBER(name, member, meaning)                                                              \
  COLUMN_AS(name, struct LogarithmQuantities, member, "1", meaning)

static const struct Column quantities[] = {
    COLUMN(struct LogarithmQuantities, epoch, "epochs", "when the snapshot was taken"),
    NUMBER("log_modulus", modulus, "p - 1, modulo which logarithms add up"),
    NUMBER("log_root", root, "g, the least primitive root modulo p, the base of the logarithms"),
    NUMBER("log_key_frequencies", clusters.key_frequencies,
           "frequencies over logarithms that explain more than 0.85 of the variance of at least 1 "
           "neuron in the last snapshot, over the pairs without a 0"),
    NUMBER("log_clustered_share", clusters.clustered_share,
           "share of the neurons whose frequency over logarithms explains more than 0.85 of their "
           "variance"),
    NUMBER("log_neuron_fve_mean", clusters.neuron_fve_mean,
           "mean over all neurons of the variance that their frequency explains"),
    NUMBER("log_W_E_key_share", W_E.share,
           "share of W_E's squared norm over logarithms, without the constant, at the key "
           "frequencies"),
    NUMBER("log_W_L_key_share", W_L.share, "the same of W_L"),
    NUMBER("log_gini_W_E", gini_W_E,
           "Gini coefficient of the norms of W_E's p - 1 components over logarithms"),
    NUMBER("log_gini_W_L", gini_W_L, "the same of W_L"),
    NUMBER("log_logit_fit_fve", fit.fve,
           "share of the variance of the logits of numbers but 0, over the pairs without a 0, that "
           "alpha_k cos(w_k(i + j - m)) of the key frequencies explains (i - j - m for divide); i, "
           "j, m are the logarithms of a, b and the output"),
    LOSS("log_logit_fit_loss", fit.loss, "loss of that sum alone"),
    LOSS("log_loss", losses.all.loss,
         "mean cross-entropy over the pairs without a 0, the logits of numbers but 0"),
    LOSS("log_train_loss", losses.train.loss, "over those that trained"),
    LOSS("log_test_loss", losses.test.loss, "over the others"),
    LOSS("log_excluded_loss", excluded.loss,
         "over those that trained, without cos and sin of w_k(i + j) (i - j for divide) of the key "
         "frequencies in the logits"),
    LOSS("log_restricted_loss", restricted.all.loss,
         "over all of them, only these and the mean logits kept"),
    NUMBER("plain_key_frequencies", plain_clusters.key_frequencies,
           "for contrast, over the numbers themselves: the key frequencies"),
    NUMBER("plain_clustered_share", plain_clusters.clustered_share,
           "for contrast, over the numbers themselves: the share of the clustered neurons"),
    NUMBER("plain_gini_W_E", plain_gini_W_E,
           "for contrast, over the numbers themselves: the Gini coefficient of the norms of W_E's "
           "p components"),
    NUMBER("plain_gini_W_L", plain_gini_W_L, "the same of W_L"),
    NUMBER("log_gini_W_E_gain", gini_W_E_gain, "log_gini_W_E - plain_gini_W_E"),
    NUMBER("log_gini_W_L_gain", gini_W_L_gain, "log_gini_W_L - plain_gini_W_L")};

static bool find_ginis(struct Subject *subject, double *of_W_E, double *of_W_L, struct Error *error)
{
  const struct Spectrum *spectrum = spectrum_of(subject, error);
  size_t n = (size_t)subject->analysis->basis.p;
  return spectrum && spectrum_gini_of(spectrum->W_E, n, of_W_E, error) &&
         spectrum_gini_of(spectrum->W_L, n, of_W_L, error);
}

static bool find_spectra(struct Subject *plain, struct Subject *subject,
                         struct LogarithmQuantities *numbers, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  if (!find_ginis(plain, &numbers->plain_gini_W_E, &numbers->plain_gini_W_L, error) ||
      !find_ginis(subject, &numbers->gini_W_E, &numbers->gini_W_L, error))
    return false;
  const struct Spectrum *spectrum = spectrum_of(subject, error);
  numbers->W_E = spectrum_contrast(&analysis->basis, spectrum->W_E, analysis->keys);
  numbers->W_L = spectrum_contrast(&analysis->basis, spectrum->W_L, analysis->keys);
  numbers->gini_W_E_gain = numbers->gini_W_E - numbers->plain_gini_W_E;
  numbers->gini_W_L_gain = numbers->gini_W_L - numbers->plain_gini_W_L;
  return true;
}

static bool find_losses(struct Subject *subject, struct LogarithmQuantities *numbers,
                        struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct DirectedLogits *directed = directed_logits_of(subject, error);
  if (!directed) return false;
  losses_of_logits(&analysis->trajectory.dataset, directed->logits, directed->V, &numbers->losses);
  return logit_fit_compute(directed, analysis->keys, &numbers->fit, error) &&
         directed_logits_excluded(directed, analysis->keys, &numbers->excluded, error) &&
         directed_logits_restricted(directed, analysis->keys, &numbers->restricted, error);
}

bool logarithm_quantities_write(struct Subject *subject, const char *file, struct Error *error)
{
  struct Relabelled *relabelled = relabelled_of(subject, error);
  if (!relabelled) return false;
  struct LogarithmQuantities numbers = {.epoch = subject->epoch,
                                        .modulus = relabelled->analysis.basis.p,
                                        .root = relabelled->logarithms.root,
                                        .clusters = neurons_summarise(&relabelled->subject),
                                        .plain_clusters = neurons_summarise(subject)};
  struct TableWriter table;
  if (!find_spectra(subject, &relabelled->subject, &numbers, error) ||
      !find_losses(&relabelled->subject, &numbers, error) ||
      !subject_create_table(&table, &relabelled->subject, file, "What they amount to", "",
                            quantities_columns, N_QUANTITY_COLUMNS, error))
    return false;
  quantities_put_members(&table, quantities, N_COLUMNS(quantities), &numbers);
  return table_commit(&table, error);
}
