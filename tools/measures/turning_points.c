#include "measures/turning_points.h"

#include "base/elementary.h"

#include <math.h>

const double generalised_accuracy = 0.99;

/* Returns one number of a snapshot; an argument of the searches below. */
typedef double Reading(const struct ProgressMeasures *measures);

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
  return m->excluded_loss;
}
static double minus_excluded_loss(const struct ProgressMeasures *m)
{
  return -m->excluded_loss;
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

struct Run {
  const struct ProgressMeasures *measures;
  const int64_t *epochs; /* NULL: unknown */
  size_t n;
};

static double epoch_of(const struct Run *run, size_t snapshot)
{
  return run->epochs ? (double)run->epochs[snapshot] : NAN;
}

/* The snapshot with the largest reading, the first one if tied. */
static size_t largest(const struct Run *run, Reading *reading)
{
  size_t found = 0;
  for (size_t i = 1; i < run->n; i++)
    if (reading(&run->measures[i]) > reading(&run->measures[found])) found = i;
  return found;
}

/* The epoch of the first snapshot, from `start` on, with a reading of at least `least`. */
static double first_at_least(const struct Run *run, size_t start, Reading *reading, double least)
{
  for (size_t i = start; i < run->n; i++)
    if (reading(&run->measures[i]) >= least) return epoch_of(run, i);
  return NAN;
}

/* The epoch of the first snapshot at which a growing reading has made that share of its change. */
static double share_of_change(const struct Run *run, Reading *reading, double share)
{
  double first = reading(&run->measures[0]), last = reading(&run->measures[run->n - 1]);
  double wanted = first + share * (last - first);
  return last > first ? first_at_least(run, 0, reading, wanted) : NAN;
}

void turning_points_find(const struct ProgressMeasures *measures, const int64_t *epochs, size_t n,
                         int p, struct TurningPoints *points)
{
  const struct Run run = {measures, epochs, n};
  double half = elementary_log((double)p) / 2;
  size_t peak = largest(&run, test_loss), least = largest(&run, minus_excluded_loss);
  size_t heaviest = largest(&run, sum_of_squares);
  *points = (struct TurningPoints){
      .train_fitted = first_at_least(&run, 0, train_accuracy, 1),
      .test_peak = epoch_of(&run, peak),
      .test_peak_loss = test_loss(&measures[peak]),
      .excluded_least = epoch_of(&run, least),
      .excluded_least_loss = excluded_loss_of(&measures[least]),
      .excluded_risen = first_at_least(&run, least, excluded_loss_of, half),
      .restricted_halved = first_at_least(&run, 0, minus_restricted_loss, -half),
      .test_halved = first_at_least(&run, peak, minus_test_loss, -half),
      .generalised = first_at_least(&run, 0, test_accuracy, generalised_accuracy),
      .gini_W_E_quarter = share_of_change(&run, gini_of_W_E, 0.25),
      .gini_W_L_quarter = share_of_change(&run, gini_of_W_L, 0.25),
      .gini_W_E_half = share_of_change(&run, gini_of_W_E, 0.5),
      .gini_W_L_half = share_of_change(&run, gini_of_W_L, 0.5),
      .weights_peak = epoch_of(&run, heaviest),
      .weights_peak_sum = sum_of_squares(&measures[heaviest])};
}
