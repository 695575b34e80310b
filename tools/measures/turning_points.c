#include "measures/turning_points.h"

#include "base/elementary.h"
#include "measures/phase_quantities.h"
#include "measures/quantities.h"

#include <math.h>

const double turning_points_accuracy = 0.99;

/* Returns one number of a snapshot; an argument of the searches below. */
typedef double MeasureOf(const struct ProgressMeasures *measures);

static double train_accuracy(const struct ProgressMeasures *m)
{
  return m->losses.train.accuracy;
}
static double test_accuracy(const struct ProgressMeasures *m)
{
  return m->losses.test.accuracy;
}
static double test_loss(const struct ProgressMeasures *m)
{
  return m->losses.test.loss;
}
static double excluded_loss_of(const struct ProgressMeasures *m)
{
  return m->excluded.loss;
}
static double minus_excluded_loss(const struct ProgressMeasures *m)
{
  return -m->excluded.loss;
}
static double minus_test_loss(const struct ProgressMeasures *m)
{
  return -m->losses.test.loss;
}
static double minus_restricted_loss(const struct ProgressMeasures *m)
{
  return -m->restricted.all.loss;
}
static double gini_of_W_E(const struct ProgressMeasures *m)
{
  return m->gini_W_E;
}
static double gini_of_W_L(const struct ProgressMeasures *m)
{
  return m->gini_W_L;
}
static double sum_of_squares(const struct ProgressMeasures *m)
{
  return m->squared_weights;
}

struct Series {
  const struct ProgressMeasures *measures;
  const int64_t *epochs; /* NULL: unknown */
  size_t n;
};

static double epoch_of(const struct Series *series, size_t snapshot)
{
  return series->epochs ? (double)series->epochs[snapshot] : NAN;
}

/* The snapshot with the largest measure, the first one if tied. */
static size_t largest(const struct Series *series, MeasureOf *measure)
{
  size_t found = 0;
  for (size_t i = 1; i < series->n; i++)
    if (measure(&series->measures[i]) > measure(&series->measures[found])) found = i;
  return found;
}

/* The epoch of the first snapshot, from `start` on, with a measure of at least `least`. */
static double first_at_least(const struct Series *series, size_t start, MeasureOf *measure,
                             double least)
{
  for (size_t i = start; i < series->n; i++)
    if (measure(&series->measures[i]) >= least) return epoch_of(series, i);
  return NAN;
}

/* The epoch of the first snapshot at which a growing measure has made that share of its change. */
static double share_of_change(const struct Series *series, MeasureOf *measure, double share)
{
  double first = measure(&series->measures[0]), last = measure(&series->measures[series->n - 1]);
  double wanted = first + share * (last - first);
  return last > first ? first_at_least(series, 0, measure, wanted) : NAN;
}

void turning_points_find(const struct ProgressMeasures *measures, const int64_t *epochs, size_t n,
                         int p, struct TurningPoints *points)
{
  const struct Series series = {measures, epochs, n};
  double half = elementary_log((double)p) / 2;
  size_t peak = largest(&series, test_loss), least = largest(&series, minus_excluded_loss);
  size_t heaviest = largest(&series, sum_of_squares);
  *points = (struct TurningPoints){
      .train_fitted = first_at_least(&series, 0, train_accuracy, 1),
      .test_peak = epoch_of(&series, peak),
      .test_peak_loss = test_loss(&measures[peak]),
      .excluded_least = epoch_of(&series, least),
      .excluded_least_loss = excluded_loss_of(&measures[least]),
      .excluded_risen = first_at_least(&series, least, excluded_loss_of, half),
      .restricted_halved = first_at_least(&series, 0, minus_restricted_loss, -half),
      .test_halved = first_at_least(&series, peak, minus_test_loss, -half),
      .generalised = first_at_least(&series, 0, test_accuracy, turning_points_accuracy),
      .gini_W_E_quarter = share_of_change(&series, gini_of_W_E, 0.25),
      .gini_W_L_quarter = share_of_change(&series, gini_of_W_L, 0.25),
      .gini_W_E_half = share_of_change(&series, gini_of_W_E, 0.5),
      .gini_W_L_half = share_of_change(&series, gini_of_W_L, 0.5),
      .weights_peak = epoch_of(&series, heaviest),
      .weights_peak_sum = sum_of_squares(&measures[heaviest])};
}

/* ---- progress-quantities.tsv ---- */

struct ProgressQuantities {
  struct TurningPoints points;
  double generalised_accuracy, generalisation_delay;
  double excluded_onset_lead, excluded_lead, restricted_lead;
  double gini_W_E_quarter_lead, gini_W_L_quarter_lead, gini_W_L_lead;
  double weights_kept;
};

#define EPOCH(member, meaning) COLUMN(struct ProgressQuantities, member, "epochs", meaning)
#define POINT(member, unit, meaning)                                                               \
  COLUMN_AS(#member, struct ProgressQuantities, points.member, unit, meaning)
#define NUMBER(member, meaning) COLUMN(struct ProgressQuantities, member, "1", meaning)

static const struct Column quantities[] = {
    POINT(train_fitted, "epochs", "first snapshot with a train accuracy of 1"),
    POINT(test_peak, "epochs", "snapshot of the largest test loss"),
    POINT(test_peak_loss, "nats", "that loss"),
    POINT(test_halved, "epochs",
          "first snapshot behind the peak whose test loss is at most (ln p) / 2"),
    NUMBER(generalised_accuracy, "test accuracy of a network that has generalised"),
    POINT(generalised, "epochs",
          "first snapshot with a test accuracy of at least generalised_accuracy"),
    EPOCH(generalisation_delay, "generalised - train_fitted"),
    POINT(excluded_least, "epochs", "snapshot of the least excluded loss"),
    POINT(excluded_least_loss, "nats", "that loss"),
    EPOCH(excluded_onset_lead,
          "test_peak - excluded_least: how much earlier the excluded loss turns to rise than the "
          "test loss to fall"),
    POINT(excluded_risen, "epochs",
          "first snapshot after that whose excluded loss is at least (ln p) / 2"),
    POINT(restricted_halved, "epochs",
          "first snapshot whose restricted loss is at most (ln p) / 2"),
    EPOCH(excluded_lead, "test_halved - excluded_risen"),
    EPOCH(restricted_lead, "test_halved - restricted_halved"),
    POINT(gini_W_E_quarter, "epochs",
          "first snapshot at which gini_W_E has made a quarter of its change"),
    POINT(gini_W_L_quarter, "epochs", "the same of gini_W_L"),
    EPOCH(gini_W_E_quarter_lead, "test_halved - gini_W_E_quarter"),
    EPOCH(gini_W_L_quarter_lead, "test_halved - gini_W_L_quarter"),
    POINT(gini_W_E_half, "epochs", "first snapshot at which gini_W_E has made half of its change"),
    POINT(gini_W_L_half, "epochs", "the same of gini_W_L"),
    EPOCH(gini_W_L_lead, "generalised - gini_W_L_half"),
    POINT(weights_peak, "epochs", "snapshot of the largest sum of squared weights"),
    POINT(weights_peak_sum, "1", "that sum"),
    NUMBER(weights_kept, "the last sum over the largest")};

static void put_quantities(struct TableWriter *table, const struct MeasuredRun *run)
{
  const struct Trajectory *trajectory = &run->analysis->trajectory;
  size_t n = trajectory->n_snapshots;
  struct TurningPoints points;
  turning_points_find(run->measures, trajectory->dated ? trajectory->epochs : NULL, n,
                      trajectory->config.data.modulus, &points);
  struct ProgressQuantities values = {
      .points = points,
      .generalised_accuracy = turning_points_accuracy,
      .generalisation_delay = points.generalised - points.train_fitted,
      .excluded_onset_lead = points.test_peak - points.excluded_least,
      .excluded_lead = points.test_halved - points.excluded_risen,
      .restricted_lead = points.test_halved - points.restricted_halved,
      .gini_W_E_quarter_lead = points.test_halved - points.gini_W_E_quarter,
      .gini_W_L_quarter_lead = points.test_halved - points.gini_W_L_quarter,
      .gini_W_L_lead = points.generalised - points.gini_W_L_half,
      .weights_kept = run->measures[n - 1].squared_weights / points.weights_peak_sum};
  quantities_put_members(table, quantities, N_COLUMNS(quantities), &values);
  phase_quantities_put(table, run);
}

const struct RunTable turning_points_table = {
    "Turning points", "as single numbers; nan for what never happens", quantities_columns,
    N_QUANTITY_COLUMNS, put_quantities};
