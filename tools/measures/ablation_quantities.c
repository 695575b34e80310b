#include "measures/ablation_quantities.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "measures/ablation.h"
#include "measures/logit_fit.h"
#include "measures/quantities.h"
#include "measures/replacement.h"
#include "measures/side_peaks.h"

#include <stdlib.h>

struct AblationQuantities {
  double epoch, uniform_loss, restricted_loss_ratio, excluded_loss;
  struct Losses losses, restricted;
  struct AblationSummary single;
  struct LogitFit fit;
  double alpha_least, alpha_most;
  struct SidePeaks peaks;
};

#define LOSS(name, member, meaning)                                                                \
  COLUMN_AS(name, struct AblationQuantities, member, "nats", meaning)
#define NUMBER(name, member, meaning)                                                              \
  COLUMN_AS(name, struct AblationQuantities, member, "1", meaning)

static const struct Column quantities[] = {
    COLUMN(struct AblationQuantities, epoch, "epochs", "when the snapshot was taken"),
    LOSS("loss", losses.all.loss, "mean cross-entropy over all pairs, the p number logits"),
    LOSS("train_loss", losses.train.loss, "over the training pairs"),
    LOSS("test_loss", losses.test.loss, "over the other pairs"),
    NUMBER("accuracy", losses.all.accuracy,
           "share of all pairs whose answer has the largest logit"),
    NUMBER("train_accuracy", losses.train.accuracy, "over the training pairs"),
    NUMBER("test_accuracy", losses.test.accuracy, "over the other pairs"),
    LOSS("uniform_loss", uniform_loss, "ln p, of a network that cannot tell"),
    LOSS("restricted_loss", restricted.all.loss,
         "over all pairs, only the key frequencies and the mean logits kept (section 5.1)"),
    LOSS("restricted_train_loss", restricted.train.loss, "over the training pairs"),
    LOSS("restricted_test_loss", restricted.test.loss, "over the other pairs"),
    NUMBER("restricted_accuracy", restricted.all.accuracy, "over all pairs"),
    NUMBER("restricted_loss_ratio", restricted_loss_ratio, "restricted_loss / loss"),
    LOSS("excluded_loss", excluded_loss,
         "over the training pairs, without the key frequencies (section 5.1)"),
    LOSS("excluded_key_least", single.excluded_key_least,
         "least excluded loss of a single key frequency (training pairs, figure 6)"),
    LOSS("excluded_key_most", single.excluded_key_most,
         "largest excluded loss of a single key frequency"),
    NUMBER("excluded_key_ratio_least", single.excluded_key_ratio_least,
           "excluded_key_least / train_loss"),
    LOSS("excluded_other_most", single.excluded_other_most,
         "largest excluded loss of a single frequency that is no key frequency"),
    NUMBER("without_key_ratio_least", single.without_key_ratio_least,
           "least loss without one key frequency, over the loss (all pairs)"),
    NUMBER("without_other_change_most", single.without_other_change_most,
           "largest |loss without one other frequency / loss - 1| (all pairs)"),
    NUMBER("key_change_over_other", single.key_change_over_other,
           "(without_key_ratio_least - 1) / without_other_change_most"),
    NUMBER("logit_fit_fve", fit.fve,
           "share of the logits' variance over all pairs and outputs explained by alpha_k "
           "cos(w_k(a + b - c)) of the key frequencies (section 4.2)"),
    LOSS("logit_fit_loss", fit.loss, "loss of that sum alone"),
    NUMBER("logit_fit_alpha_least", alpha_least, "the least alpha_k"),
    NUMBER("logit_fit_alpha_most", alpha_most, "the largest alpha_k")};

/* After those of the replacements. */
static const struct Column last[] = {
    LOSS("neurons_without_key_least", single.neurons_key_least,
         "least loss over all pairs where the neurons lose one key frequency (ablations.tsv)"),
    LOSS("neurons_without_key_most", single.neurons_key_most, "the largest of these losses"),
    NUMBER("neurons_without_key_ratio_least", single.neurons_key_ratio_least,
           "neurons_without_key_least / loss"),
    NUMBER("side_peak", peaks.of_one,
           "largest cos(w_k d) at d = 1 .. p - 1, k being the key frequency with the largest "
           "cluster (appendix B)"),
    NUMBER("side_peak_of_sum", peaks.of_all,
           "the same of the sum of alpha_k cos(w_k d) over the key frequencies, divided by the sum "
           "of alpha_k")};

static bool compute(struct Subject *subject, struct AblationQuantities *values, struct Error *error)
{
  const struct Ablation *ablation = ablation_of(subject, error);
  const struct SubjectLogitFit *logits = ablation ? logit_fit_of(subject, error) : NULL;
  struct SidePeaks peaks;
  if (!logits || !side_peaks_of(subject, &peaks, error)) return false;
  *values = (struct AblationQuantities){.epoch = subject->epoch,
                                        .uniform_loss = elementary_log(subject->analysis->basis.p),
                                        .restricted_loss_ratio = ablation->restricted.all.loss /
                                                                 ablation->unablated.all.loss,
                                        .excluded_loss = ablation->excluded_loss,
                                        .losses = ablation->unablated,
                                        .restricted = ablation->restricted,
                                        .single = ablation_summarise(subject->analysis, ablation),
                                        .fit = logits->fit,
                                        .alpha_least = logits->alpha_least,
                                        .alpha_most = logits->alpha_most,
                                        .peaks = peaks};
  return true;
}

static bool put_replacement(struct TableWriter *table, const struct ReplacementLosses *found,
                            enum Replacement replacement, struct Error *error)
{
  const char *name = replacement_name(replacement);
  char *loss = memory_print(error, "%s_loss", name);
  char *ratio = loss ? memory_print(error, "%s_ratio", name) : NULL;
  if (ratio) {
    quantities_put(table, loss, found->losses[replacement].all.loss, "nats",
                   replacement_meaning(replacement));
    quantities_put(table, ratio, replacement_loss_ratio(found, replacement), "1",
                   "that loss / loss");
  }
  bool done = ratio;
  free(ratio);
  free(loss);
  return done;
}

bool ablation_quantities_write(struct Subject *subject, const char *file, struct Error *error)
{
  struct AblationQuantities values;
  const struct ReplacementLosses *replaced = replacement_losses_of(subject, error);
  struct TableWriter table;
  if (!replaced || !compute(subject, &values, error) ||
      !subject_create_table(&table, subject, file, "Losses", ", as single numbers",
                            quantities_columns, N_QUANTITY_COLUMNS, error))
    return false;
  quantities_put_members(&table, quantities, N_COLUMNS(quantities), &values);
  bool done = true;
  for (int i = REPLACE_NOTHING + 1; done && i < N_REPLACEMENTS; i++)
    done = put_replacement(&table, replaced, (enum Replacement)i, error);
  quantities_put_members(&table, last, N_COLUMNS(last), &values);
  if (done) return table_commit(&table, error);
  table_discard(&table);
  return false;
}
