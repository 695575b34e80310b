#include "measures/phase_quantities.h"

#include "measures/quantities.h"

#include <math.h>

typedef double MeasureOf(const struct ProgressMeasures *measures);

static double train_loss(const struct ProgressMeasures *m)
{
  return m->losses.train.loss;
}
static double test_loss(const struct ProgressMeasures *m)
{
  return m->losses.test.loss;
}
static double excluded_loss(const struct ProgressMeasures *m)
{
  return m->excluded.loss;
}
static double restricted_loss(const struct ProgressMeasures *m)
{
  return m->restricted.all.loss;
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

/* ---- from one snapshot to another; NaN if there is no such snapshot ---- */

static size_t n_snapshots(const struct MeasuredRun *run)
{
  return run->analysis->trajectory.n_snapshots;
}

static double at(const struct MeasuredRun *run, size_t snapshot, MeasureOf *measure)
{
  return snapshot < n_snapshots(run) ? measure(&run->measures[snapshot]) : NAN;
}

static double epoch_at(const struct MeasuredRun *run, size_t snapshot)
{
  const struct Trajectory *trajectory = &run->analysis->trajectory;
  return trajectory->dated && snapshot < trajectory->n_snapshots
             ? (double)trajectory->epochs[snapshot]
             : NAN;
}

static double change(const struct MeasuredRun *run, size_t from, size_t to, MeasureOf *measure)
{
  return at(run, to, measure) - at(run, from, measure);
}

static double ratio(const struct MeasuredRun *run, size_t from, size_t to, MeasureOf *measure)
{
  return at(run, to, measure) / at(run, from, measure);
}

/* Of the change from the first snapshot to the last. */
static double share(const struct MeasuredRun *run, size_t from, size_t to, MeasureOf *measure)
{
  return change(run, from, to, measure) / change(run, 0, n_snapshots(run) - 1, measure);
}

/* The same of the squared weights, from their largest sum on. */
static double weights_share(const struct MeasuredRun *run, size_t from, size_t to)
{
  double largest = 0;
  for (size_t i = 0; i < n_snapshots(run); i++)
    largest = fmax(largest, run->measures[i].squared_weights);
  return change(run, from, to, sum_of_squares) /
         (at(run, n_snapshots(run) - 1, sum_of_squares) - largest);
}

/* How far the squared weights rise above the lowest sum so far, over their fall in all. */
static double weights_backslide(const struct MeasuredRun *run, size_t from, size_t to)
{
  double lowest = INFINITY, most = 0;
  for (size_t i = from; i <= to && i < n_snapshots(run); i++) {
    lowest = fmin(lowest, run->measures[i].squared_weights);
    most = fmax(most, run->measures[i].squared_weights - lowest);
  }
  return most / -change(run, from, to, sum_of_squares);
}

/* Their mean fall per epoch. */
static double mean_fall(const struct MeasuredRun *run, size_t from, size_t to)
{
  return change(run, from, to, sum_of_squares) / (epoch_at(run, from) - epoch_at(run, to));
}

/* ---- their rows in progress-quantities.tsv ---- */

struct PhaseQuantities {
  double memorisation_end, formation_accuracy, circuit_formation_end, phase_tolerance, cleanup_end;
  double phase_window, weights_slowest, weights_steepest;
  double memorisation_excluded_loss, formation_excluded_loss, cleanup_excluded_loss;
  double memorisation_train_ratio, memorisation_excluded_ratio;
  double memorisation_gini_W_E_share, memorisation_gini_W_L_share;
  double formation_excluded_rise, formation_train_ratio, formation_test_ratio;
  double formation_weights_share, formation_weights_backslide;
  double cleanup_excluded_share, cleanup_restricted_ratio;
  double cleanup_weights_share, cleanup_steepness;
  double cleanup_gini_W_E_share, cleanup_gini_W_L_share;
};

#define EPOCH(member, meaning)  COLUMN(struct PhaseQuantities, member, "epochs", meaning)
#define LOSS(member, meaning)   COLUMN(struct PhaseQuantities, member, "nats", meaning)
#define NUMBER(member, meaning) COLUMN(struct PhaseQuantities, member, "1", meaning)

static const struct Column quantities[] = {
    EPOCH(memorisation_end,
          "snapshot of the steepest fall of the squared weights from the largest test loss to "
          "weights_slowest: the phase ends there (section 5.2)"),
    NUMBER(formation_accuracy,
           "test accuracy before which the test loss is largest, and weights_slowest is"),
    EPOCH(
        circuit_formation_end,
        "first snapshot from weights_slowest on at which the squared weights fall at least as fast "
        "as the mean of their falls there and at weights_steepest"),
    NUMBER(phase_tolerance,
           "share of their steepest fall at which the squared weights have levelled "
           "off"),
    EPOCH(cleanup_end, "first snapshot behind weights_steepest from which on they fall no faster"),
    NUMBER(phase_window,
           "a fall at epoch t is the mean one from t over this number to t times it, a "
           "sum being the lowest since the largest"),
    EPOCH(weights_slowest, "snapshot at the bottom of the deepest valley of their falls, from the "
                           "largest test loss to "
                           "the first test accuracy of formation_accuracy"),
    EPOCH(weights_steepest, "snapshot of their steepest fall from weights_slowest on"),
    LOSS(memorisation_excluded_loss, "excluded loss at memorisation_end"),
    LOSS(formation_excluded_loss, "excluded loss at circuit_formation_end"),
    LOSS(cleanup_excluded_loss, "excluded loss at cleanup_end"),
    NUMBER(memorisation_train_ratio,
           "train loss at memorisation_end over that of the first snapshot"),
    NUMBER(memorisation_excluded_ratio, "the same of the excluded loss"),
    NUMBER(memorisation_gini_W_E_share,
           "change of gini_W_E to memorisation_end, over that to the last snapshot"),
    NUMBER(memorisation_gini_W_L_share, "the same of gini_W_L"),
    LOSS(formation_excluded_rise, "formation_excluded_loss - memorisation_excluded_loss"),
    NUMBER(formation_train_ratio,
           "train loss at circuit_formation_end over that at memorisation_end"),
    NUMBER(formation_test_ratio, "the same of the test loss"),
    NUMBER(formation_weights_share,
           "fall of the squared weights from memorisation_end to "
           "circuit_formation_end, over that from their largest sum to the last"),
    NUMBER(formation_weights_backslide,
           "their largest rise above the lowest sum so far, over their fall in that time"),
    NUMBER(cleanup_excluded_share, "change of the excluded loss from circuit_formation_end to "
                                   "cleanup_end, over formation_excluded_rise"),
    NUMBER(cleanup_restricted_ratio,
           "restricted loss at cleanup_end over that at circuit_formation_end"),
    NUMBER(cleanup_weights_share, "as formation_weights_share, of cleanup"),
    NUMBER(cleanup_steepness,
           "steepest fall of the squared weights, at weights_steepest, over their "
           "mean fall in circuit formation"),
    NUMBER(cleanup_gini_W_E_share,
           "change of gini_W_E in cleanup over that from the first snapshot to the last"),
    NUMBER(cleanup_gini_W_L_share, "the same of gini_W_L")};

static void find_cleanup(const struct MeasuredRun *run, struct PhaseQuantities *values)
{
  const struct PhaseBorders *phases = &run->phases;
  const size_t memorised = phases->end[PHASE_MEMORISATION];
  const size_t formed = phases->end[PHASE_CIRCUIT_FORMATION], cleaned = phases->end[PHASE_CLEANUP];
  values->cleanup_end = epoch_at(run, cleaned);
  values->cleanup_excluded_loss = at(run, cleaned, excluded_loss);
  values->cleanup_excluded_share =
      change(run, formed, cleaned, excluded_loss) / change(run, memorised, formed, excluded_loss);
  values->cleanup_restricted_ratio = ratio(run, formed, cleaned, restricted_loss);
  values->cleanup_weights_share = weights_share(run, formed, cleaned);
  values->cleanup_steepness = phases->steepest_fall / mean_fall(run, memorised, formed);
  values->cleanup_gini_W_E_share = share(run, formed, cleaned, gini_of_W_E);
  values->cleanup_gini_W_L_share = share(run, formed, cleaned, gini_of_W_L);
}

static void find_formation(const struct MeasuredRun *run, struct PhaseQuantities *values)
{
  const size_t memorised = run->phases.end[PHASE_MEMORISATION];
  const size_t formed = run->phases.end[PHASE_CIRCUIT_FORMATION];
  values->circuit_formation_end = epoch_at(run, formed);
  values->formation_excluded_loss = at(run, formed, excluded_loss);
  values->formation_excluded_rise = change(run, memorised, formed, excluded_loss);
  values->formation_train_ratio = ratio(run, memorised, formed, train_loss);
  values->formation_test_ratio = ratio(run, memorised, formed, test_loss);
  values->formation_weights_share = weights_share(run, memorised, formed);
  values->formation_weights_backslide = weights_backslide(run, memorised, formed);
}

void phase_quantities_put(struct TableWriter *table, const struct MeasuredRun *run)
{
  const size_t memorised = run->phases.end[PHASE_MEMORISATION];
  struct PhaseQuantities values = {
      .memorisation_end = epoch_at(run, memorised),
      .formation_accuracy = phases_formation_accuracy,
      .phase_tolerance = phases_tolerance,
      .phase_window = phases_window,
      .weights_slowest = epoch_at(run, run->phases.slowest),
      .weights_steepest = epoch_at(run, run->phases.steepest),
      .memorisation_excluded_loss = at(run, memorised, excluded_loss),
      .memorisation_train_ratio = ratio(run, 0, memorised, train_loss),
      .memorisation_excluded_ratio = ratio(run, 0, memorised, excluded_loss),
      .memorisation_gini_W_E_share = share(run, 0, memorised, gini_of_W_E),
      .memorisation_gini_W_L_share = share(run, 0, memorised, gini_of_W_L)};
  find_formation(run, &values);
  find_cleanup(run, &values);
  quantities_put_members(table, quantities, N_COLUMNS(quantities), &values);
}
