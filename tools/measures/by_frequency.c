#include "measures/by_frequency.h"

#include "measures/logit_fit.h"

struct FrequencyRow {
  struct MaybeInteger epoch;
  int frequency;
  bool key;
  struct FrequencyMeasures measures;
  double normalised_coefficient;
};

#define MEASURE(name, member, unit, meaning)                                                       \
  COLUMN_AS(name, struct FrequencyRow, measures.member, unit, meaning)

static const struct Column of_coefficients[] = {
    COLUMN(struct FrequencyRow, epoch, "epochs", "optimizer steps taken before the snapshot"),
    COLUMN(struct FrequencyRow, frequency, "1", "k"),
    COLUMN(struct FrequencyRow, key, "0 or 1", "1 for the key frequencies"),
    MEASURE("coefficient", coefficient, "1",
            "of cos(w_k(a + b - c)) in the logits (a - b - c for subtract), by least squares over "
            "all pairs and outputs c"),
    COLUMN(struct FrequencyRow, normalised_coefficient, "1",
           "the same of this wave divided by its norm over all pairs and outputs, p sqrt(p/2), or "
           "p sqrt(p) for k = p/2 (figure 14, as the authors plot it)")};

static const struct Column of_excluded_losses[] = {
    COLUMN(struct FrequencyRow, epoch, "epochs", "optimizer steps taken before the snapshot"),
    COLUMN(struct FrequencyRow, frequency, "1",
           "k: its projections on cos and sin of w_k(a + b) (a - b for subtract) are removed from "
           "the logits"),
    COLUMN(struct FrequencyRow, key, "0 or 1", "1 for the key frequencies"),
    MEASURE("excluded_loss", excluded.loss, "nats",
            "mean cross-entropy over the training pairs without frequency k (section 5.1, figure "
            "15)"),
    MEASURE("excluded_accuracy", excluded.accuracy, "1",
            "share of training pairs whose answer has the largest logit without frequency k "
            "(figure 15)"),
    MEASURE("excluded_3d_loss", excluded_3d.loss, "nats",
            "as excluded_loss, with only the projection of the logits, as functions of a, b and c, "
            "on cos of w_k(a + b - c) (a - b - c for subtract) removed (the authors' excluded loss "
            "in 3D)"),
    MEASURE("excluded_3d_accuracy", excluded_3d.accuracy, "1",
            "as excluded_accuracy, of the logits of excluded_3d_loss")};

/* The rows of both tables, each of which writes its own columns of them. */
static void put_rows(struct TableWriter *table, const struct MeasuredRun *run)
{
  const struct Analysis *analysis = run->analysis;
  int p = analysis->basis.p;
  for (size_t i = 0; i < analysis->trajectory.n_snapshots; i++)
    for (int k = 1; k <= analysis->basis.n_frequencies; k++) {
      const struct FrequencyMeasures *measures =
          &run->by_frequency[i * run->n_frequencies + (size_t)k];
      table_put_row(table, &(struct FrequencyRow){.epoch = progress_measures_epoch(run, i),
                                                  .frequency = k,
                                                  .key = analysis->keys[k],
                                                  .measures = *measures,
                                                  .normalised_coefficient = measures->coefficient *
                                                                            logit_fit_norm(p, k)});
    }
}

const struct RunTable by_frequency_coefficients = {
    "Cosines in the logits", "one row per snapshot and frequency", of_coefficients,
    N_COLUMNS(of_coefficients), put_rows};

const struct RunTable by_frequency_excluded_losses = {
    "Excluded loss by frequency", "one row per snapshot and frequency", of_excluded_losses,
    N_COLUMNS(of_excluded_losses), put_rows};
