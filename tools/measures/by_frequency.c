#include "measures/by_frequency.h"

struct FrequencyRow {
  struct MaybeInteger epoch;
  int frequency;
  bool key;
  double coefficient, excluded_loss;
};

static const struct Column of_coefficients[] = {
    COLUMN(struct FrequencyRow, epoch, "epochs", "optimizer steps taken before the snapshot"),
    COLUMN(struct FrequencyRow, frequency, "1", "k"),
    COLUMN(struct FrequencyRow, key, "0 or 1", "1 for the key frequencies"),
    COLUMN(struct FrequencyRow, coefficient, "1",
           "of cos(w_k(a + b - c)) in the logits (a - b - c for subtract), by least squares over "
           "all pairs and outputs c (figure 14, where it is that of the normalised wave: p "
           "sqrt(p/2) times as large)")};

static const struct Column of_excluded_losses[] = {
    COLUMN(struct FrequencyRow, epoch, "epochs", "optimizer steps taken before the snapshot"),
    COLUMN(struct FrequencyRow, frequency, "1",
           "k: its projections on cos and sin of w_k(a + b) (a - b for subtract) are removed from "
           "the logits"),
    COLUMN(struct FrequencyRow, key, "0 or 1", "1 for the key frequencies"),
    COLUMN(struct FrequencyRow, excluded_loss, "nats",
           "mean cross-entropy over the training pairs without frequency k (section 5.1, figure "
           "15)")};

/* The rows of both tables, each of which writes its own columns of them. */
static void put_rows(struct TableWriter *table, const struct MeasuredRun *run)
{
  const struct Analysis *analysis = run->analysis;
  for (size_t i = 0; i < analysis->trajectory.n_snapshots; i++)
    for (int k = 1; k <= analysis->basis.n_frequencies; k++) {
      size_t entry = i * run->n_frequencies + (size_t)k;
      table_put_row(table, &(struct FrequencyRow){.epoch = progress_measures_epoch(run, i),
                                                  .frequency = k,
                                                  .key = analysis->keys[k],
                                                  .coefficient = run->coefficients[entry],
                                                  .excluded_loss = run->excluded_losses[entry]});
    }
}

const struct RunTable by_frequency_coefficients = {
    "Cosines in the logits", "one row per snapshot and frequency", of_coefficients,
    N_COLUMNS(of_coefficients), put_rows};

const struct RunTable by_frequency_excluded_losses = {
    "Excluded loss by frequency", "one row per snapshot and frequency", of_excluded_losses,
    N_COLUMNS(of_excluded_losses), put_rows};
