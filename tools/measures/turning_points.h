/*
 * Turning points of a run: the epochs at which each measure changes. progress-quantities.tsv, with
 * what measures/phase_quantities.h says of the phases. They quantify the paper's statement that the
 * circuit forms before the network generalises (section 5).
 *
 * A loss counts as halved if it is at most (ln p) / 2, half the loss of a uniform guess. All epochs
 * are those of snapshots; NaN means never.
 */
#ifndef MEASURES_TURNING_POINTS_H
#define MEASURES_TURNING_POINTS_H

#include "measures/progress_measures.h"

/* The test accuracy at which a network counts as having generalised. */
extern const double turning_points_accuracy;

struct TurningPoints {
  double train_fitted; /* first epoch with a train accuracy of 1 */
  double test_peak;    /* epoch of the largest test loss, and that loss */
  double test_peak_loss;
  double excluded_least; /* epoch of the least excluded loss, and that loss */
  double excluded_least_loss;
  double excluded_risen; /* first epoch after that at which the excluded loss is above (ln p) / 2 */
  double restricted_halved; /* first epoch at which the restricted loss is halved */
  double test_halved;       /* first epoch after the peak at which the test loss is halved */
  double generalised;       /* first epoch with a test accuracy of turning_points_accuracy */
  double
      gini_W_E_quarter; /* first epoch with at least a quarter of the change from first to last */
  double gini_W_L_quarter;
  double gini_W_E_half; /* the same with half of it */
  double gini_W_L_half;
  double weights_peak; /* epoch of the largest sum of squared weights, and that sum */
  double weights_peak_sum;
};

/* For n >= 1 snapshots in order of their epochs, and modulus p. If the epochs are unknown (NULL),
   all epochs above are NaN. */
void turning_points_find(const struct ProgressMeasures *measures, const int64_t *epochs, size_t n,
                         int p, struct TurningPoints *points);

extern const struct RunTable turning_points_table; /* progress-quantities.tsv */

#endif
