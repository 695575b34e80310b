#include "results/ablations.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "measures/quantities.h"
#include "measures/range.h"

#include <math.h>
#include <stdlib.h>

static void write_ablation(struct TableWriter *table, const struct Ablations *ablations, int k,
                           bool key)
{
  const struct Losses *without = &ablations->without[k];
  table_put_integer(table, k);
  table_put_integer(table, key);
  table_put(table, without->all.loss);
  table_put(table, without->train.loss);
  table_put(table, without->test.loss);
  table_put(table, ablations->unablated.all.loss);
  table_put(table, ablations->restricted.all.loss);
  table_put(table, ablations->excluded_loss);
}

static bool write_ablations(const struct Subject *subject, const struct Ablations *ablations,
                            struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1",
       "k: its projections on cos and sin of w_k(a + b) (a - b for subtract) are "
       "removed from the logits (section 4.4, figure 6)"},
      {"key", "0 or 1",
       "1 for the key frequencies: those by which at least 1 neuron has an FVE > 0.85 in the last "
       "snapshot"},
      {"loss", "nats", "mean cross-entropy over all pairs without frequency k"},
      {"train_loss", "nats",
       "the same over the training pairs: the excluded loss of k (section 5.1)"},
      {"test_loss", "nats", "the same over the other pairs"},
      {"unablated_loss", "nats", "mean cross-entropy over all pairs of the logits as they are"},
      {"restricted_loss", "nats",
       "loss over all pairs of the key frequencies and the mean logits alone (section 5.1)"},
      {"excluded_loss", "nats",
       "loss over the training pairs without any key frequency (section 5.1)"},
  };
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "ablations.tsv", "Losses",
                            ", with frequencies removed from its logits", columns,
                            N_COLUMNS(columns), error))
    return false;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++)
    write_ablation(&table, ablations, k, subject->analysis->keys[k]);
  return table_commit(&table, error);
}

/* The loss over all pairs, relative to that of the unmodified network. */
static double loss_ratio(const struct Ablations *ablations, int replacement)
{
  return ablations->replaced[replacement].all.loss / ablations->unablated.all.loss;
}

static bool write_replacements(const struct Subject *subject, const struct Ablations *ablations,
                               struct Error *error)
{
  static const struct Column columns[] = {
      {"name", "name", "what is replaced (section 4.4, appendix A.1)"},
      {"loss", "nats", "mean cross-entropy over all pairs, the p number logits"},
      {"train_loss", "nats", "the same over the training pairs"},
      {"test_loss", "nats", "the same over the other pairs"},
      {"accuracy", "1", "share of all pairs whose answer has the largest logit"},
      {"relative_change", "1", "loss / loss of the model - 1"},
      {"meaning", "text", "what is replaced by what; all else stays (a - b for subtract)"}};
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "replacements.tsv", "Losses",
                            ", with parts of it replaced", columns, N_COLUMNS(columns), error))
    return false;
  for (int i = 0; i < N_REPLACEMENTS; i++) {
    const struct Losses *losses = &ablations->replaced[i];
    table_put_text(&table, replacement_name((enum Replacement)i));
    table_put(&table, losses->all.loss);
    table_put(&table, losses->train.loss);
    table_put(&table, losses->test.loss);
    table_put(&table, losses->all.accuracy);
    table_put(&table, loss_ratio(ablations, i) - 1);
    table_put_text(&table, replacement_meaning((enum Replacement)i));
  }
  return table_commit(&table, error);
}

static bool write_fit(const struct Subject *subject, const struct Ablations *ablations,
                      struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1", "k, a key frequency"},
      {"alpha", "1",
       "coefficient of cos(w_k(a + b - c)) in the logits (a - b - c for subtract), by least "
       "squares over all pairs and outputs c (section 4.2)"}};
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "logit-fit.tsv", "Cosines in the logits", "", columns,
                            N_COLUMNS(columns), error))
    return false;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++)
    if (subject->analysis->keys[k]) {
      table_put_integer(&table, k);
      table_put(&table, ablations->coefficients[k]);
    }
  return table_commit(&table, error);
}

/* ---- quantities ---- */

static void put_losses(struct TableWriter *table, const struct Ablations *ablations, int p)
{
  const struct Losses *losses = &ablations->unablated, *restricted = &ablations->restricted;
  quantity_put(table, "loss", losses->all.loss, "nats",
               "mean cross-entropy over all pairs, the p number logits");
  quantity_put(table, "train_loss", losses->train.loss, "nats", "over the training pairs");
  quantity_put(table, "test_loss", losses->test.loss, "nats", "over the other pairs");
  quantity_put(table, "accuracy", losses->all.accuracy, "1",
               "share of all pairs whose answer has the largest logit");
  quantity_put(table, "train_accuracy", losses->train.accuracy, "1", "over the training pairs");
  quantity_put(table, "test_accuracy", losses->test.accuracy, "1", "over the other pairs");
  quantity_put(table, "uniform_loss", elementary_log(p), "nats",
               "ln p, of a network that cannot tell");
  quantity_put(table, "restricted_loss", restricted->all.loss, "nats",
               "over all pairs, only the key frequencies and the mean logits kept (section 5.1)");
  quantity_put(table, "restricted_train_loss", restricted->train.loss, "nats",
               "over the training pairs");
  quantity_put(table, "restricted_test_loss", restricted->test.loss, "nats",
               "over the other pairs");
  quantity_put(table, "restricted_accuracy", restricted->all.accuracy, "1", "over all pairs");
  quantity_put(table, "restricted_loss_ratio", restricted->all.loss / losses->all.loss, "1",
               "restricted_loss / loss");
  quantity_put(table, "excluded_loss", ablations->excluded_loss, "nats",
               "over the training pairs, without the key frequencies (section 5.1)");
}

static void put_single_frequencies(struct TableWriter *table, const struct Analysis *analysis,
                                   const struct Ablations *ablations)
{
  struct Range excluded = range_empty(), ratio = range_empty(), excluded_other = range_empty(),
               change_other = range_empty();
  double loss = ablations->unablated.all.loss, train_loss = ablations->unablated.train.loss;
  /* without key frequencies all ranges stay empty and give NaN */
  for (int k = 1; analysis->n_keys > 0 && k <= analysis->basis.n_frequencies; k++) {
    const struct Losses *without = &ablations->without[k];
    range_add(analysis->keys[k] ? &excluded : &excluded_other, without->train.loss);
    if (analysis->keys[k])
      range_add(&ratio, without->all.loss / loss);
    else
      range_add(&change_other, fabs(without->all.loss / loss - 1));
  }
  quantity_put(table, "excluded_key_least", excluded.least, "nats",
               "least excluded loss of a single key frequency (training pairs, figure 6)");
  quantity_put(table, "excluded_key_most", excluded.most, "nats",
               "largest excluded loss of a single key frequency");
  quantity_put(table, "excluded_key_ratio_least", excluded.least / train_loss, "1",
               "excluded_key_least / train_loss");
  quantity_put(table, "excluded_other_most", excluded_other.most, "nats",
               "largest excluded loss of a single frequency that is no key frequency");
  quantity_put(table, "without_key_ratio_least", ratio.least, "1",
               "least loss without one key frequency, over the loss (all pairs)");
  quantity_put(table, "without_other_change_most", change_other.most, "1",
               "largest |loss without one other frequency / loss - 1| (all pairs)");
  quantity_put(table, "key_change_over_other", (ratio.least - 1) / change_other.most, "1",
               "(without_key_ratio_least - 1) / without_other_change_most");
}

static void put_fit(struct TableWriter *table, const struct Analysis *analysis,
                    const struct Ablations *ablations)
{
  struct Range alpha = range_empty();
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    if (analysis->keys[k]) range_add(&alpha, ablations->coefficients[k]);
  quantity_put(table, "logit_fit_fve", ablations->fit.fve, "1",
               "share of the logits' variance over all pairs and outputs explained by "
               "alpha_k cos(w_k(a + b - c)) of the key frequencies (section 4.2)");
  quantity_put(table, "logit_fit_loss", ablations->fit.loss, "nats", "loss of that sum alone");
  quantity_put(table, "logit_fit_alpha_least", alpha.least, "1", "the least alpha_k");
  quantity_put(table, "logit_fit_alpha_most", alpha.most, "1", "the largest alpha_k");
}

static bool put_replacements(struct TableWriter *table, const struct Ablations *ablations,
                             struct Error *error)
{
  for (int i = REPLACE_NOTHING + 1; i < N_REPLACEMENTS; i++) {
    const char *name = replacement_name((enum Replacement)i);
    char *loss = memory_print(error, "%s_loss", name);
    char *ratio = loss ? memory_print(error, "%s_ratio", name) : NULL;
    if (ratio) {
      quantity_put(table, loss, ablations->replaced[i].all.loss, "nats",
                   replacement_meaning((enum Replacement)i));
      quantity_put(table, ratio, loss_ratio(ablations, i), "1", "that loss / loss");
    }
    bool done = ratio;
    free(ratio);
    free(loss);
    if (!done) return false;
  }
  return true;
}

static bool write_quantities(const struct Subject *subject, const struct Ablations *ablations,
                             struct Error *error)
{
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "ablation-quantities.tsv", "Losses",
                            ", as single numbers", quantity_columns, N_QUANTITY_COLUMNS, error))
    return false;
  quantity_put(&table, "epoch", subject->epoch, "epochs", "when the snapshot was taken");
  put_losses(&table, ablations, subject->analysis->basis.p);
  put_single_frequencies(&table, subject->analysis, ablations);
  put_fit(&table, subject->analysis, ablations);
  if (put_replacements(&table, ablations, error)) return table_commit(&table, error);
  table_discard(&table);
  return false;
}

bool write_ablation_tables(const struct Subject *subject, const struct Ablations *ablations,
                           struct Error *error)
{
  return output_make_directory(subject->directory, error) &&
         write_ablations(subject, ablations, error) &&
         write_replacements(subject, ablations, error) && write_fit(subject, ablations, error) &&
         write_quantities(subject, ablations, error);
}
