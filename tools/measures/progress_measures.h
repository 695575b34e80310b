/*
 * The progress measures of every snapshot of a trajectory (section 5). progress-measures.tsv.
 *
 * Snapshots are measured side by side, one per thread. The logits of all pairs, p^2 V of them, are
 * 6 MB at p = 113 and 4 GB at p = 1021. A thread holds those of as many rows of pairs as take up to
 * SNAPSHOT_BLOCK_BYTES; for a modulus where that is not all of them (from p = 407 on), it runs the
 * network twice, once for the projections and once for what is measured with them. What else it
 * needs grows with p^2 or with p (m + V): some 110 MB at p = 1021 and the paper's widths.
 */
#ifndef MEASURES_PROGRESS_MEASURES_H
#define MEASURES_PROGRESS_MEASURES_H

#include "measures/directed_logits.h"
#include "measures/phases.h"
#include "measures/subject.h"
#include "measures/without_each.h"

struct ProgressMeasures {
  struct Losses losses;         /* of the unmodified logits */
  struct MeanLoss excluded;     /* train pairs, all key frequencies removed (section 5.1) */
  struct MeanLoss excluded_3d;  /* the same, as logit_fit_excluded removes them */
  double excluded_any_loss;     /* the largest excluded loss of one frequency, whichever it is */
  struct Losses restricted;     /* only key frequencies and the mean logits kept (section 5.1) */
  double gini_W_E, gini_W_L;    /* of the norms of all p Fourier components, including the constant;
                                   NaN without W_L (PART_MAP) */
  double squared[N_PARAMETERS]; /* sum of squared weights by parameter, over all layers */
  double squared_weights;       /* of all parameters */
};

/* What there is for each frequency k of a snapshot. */
struct FrequencyMeasures {
  double coefficient;          /* of cos(w_k(a + b - c)) in the logits (logit_fit_coefficient) */
  struct MeanLoss excluded;    /* train pairs, k alone removed */
  struct MeanLoss excluded_3d; /* the same, as logit_fit_excluded removes it */
};

/* ---- one snapshot ---- */

/* One thread's state for measuring snapshots. */
struct ProgressWorker {
  const struct Trajectory *trajectory; /* borrowed */
  const struct FourierBasis *basis;    /* borrowed */
  const bool *keys;                    /* borrowed, [n_frequencies + 1] */
  int layer;                           /* of W_L */
  struct Snapshot snapshot;
  struct DirectedLogits directed;
  struct WithoutEach without;
};

/* `keys` are the key frequencies of the last snapshot, of that layer. The logits take at most
   `bytes`, or those of one row of pairs: if all take more, the network is run twice. Error: an
   operation without directions. */
bool progress_measures_init(struct ProgressWorker *worker, const struct Trajectory *trajectory,
                            const struct FourierBasis *basis, const bool *keys, int layer,
                            size_t bytes, struct Error *error);
void progress_measures_release(struct ProgressWorker *worker);

/* Loads and measures snapshot number `index`. by_frequency is [n_frequencies + 1]; its index 0, the
   constant, is left alone. */
bool progress_measures_take(struct ProgressWorker *worker, size_t index,
                            struct ProgressMeasures *measures,
                            struct FrequencyMeasures *by_frequency, struct Error *error);

/* ---- all snapshots ---- */

/* The measurements, by snapshot. */
struct MeasuredRun {
  const struct Analysis *analysis;        /* borrowed */
  struct ProgressMeasures *measures;      /* [n_snapshots] */
  struct PhaseBorders phases;             /* of the snapshots' numbers, if they are not dated */
  size_t n_frequencies;                   /* including the constant, whose entries are unused */
  struct FrequencyMeasures *by_frequency; /* [n_snapshots][n_frequencies] */
};

/* Measures the snapshots of the analysis at the key frequencies that it has found, on several
   threads, and shows how far it is. */
bool progress_measures_run(struct MeasuredRun *run, const struct Analysis *analysis,
                           struct Error *error);
void progress_measures_release_run(struct MeasuredRun *run);

/* The epoch of a snapshot, as tables have it. */
struct MaybeInteger progress_measures_epoch(const struct MeasuredRun *run, size_t snapshot);

/* ---- tables about all snapshots ---- */

/* The fourth column of tables.def for progress-measures, which opens its tables before it measures
   anything. */
struct RunTable {
  const char *title, *rest; /* "TITLE of a network trained on ..., REST." */
  const struct Column *columns;
  size_t n_columns;
  void (*put)(struct TableWriter *table, const struct MeasuredRun *run); /* all rows */
};

/* Opens it as a file of that path. */
bool progress_measures_create_table(struct TableWriter *table, const struct RunTable *of,
                                    const struct Subject *subject, const char *path,
                                    struct Error *error);

extern const struct RunTable progress_measures_table; /* progress-measures.tsv */

#endif
