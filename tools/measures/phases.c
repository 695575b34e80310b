#include "measures/phases.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

const double phases_formation_accuracy = 0.5, phases_window = 1.05, phases_tolerance = 0.05;

/* ---- the rate of fall ---- */

/* The sums, each replaced by the lowest one since their largest. */
static void take_lowest(const struct PhaseEvidence *evidence, size_t n, double *lowest)
{
  size_t largest = 0;
  for (size_t i = 0; i < n; i++) {
    lowest[i] = evidence[i].squared_weights;
    if (lowest[i] > lowest[largest]) largest = i;
  }
  for (size_t i = largest + 1; i < n; i++)
    lowest[i] = fmin(lowest[i], lowest[i - 1]);
}

/* The value at an epoch of the run, linear between snapshots; `near` is where the search begins. */
static double value_at(const struct PhaseEvidence *evidence, size_t n, const double *values,
                       size_t near, double epoch)
{
  size_t i = near;
  while (i > 0 && evidence[i].epoch > epoch)
    i--;
  while (i + 1 < n && evidence[i + 1].epoch <= epoch)
    i++;
  if (i + 1 == n) return values[i];
  double share = (epoch - evidence[i].epoch) / (evidence[i + 1].epoch - evidence[i].epoch);
  return values[i] + share * (values[i + 1] - values[i]);
}

/* F(t) of the snapshot. */
static double fall_at(const struct PhaseEvidence *evidence, size_t n, const double *lowest,
                      size_t snapshot)
{
  double epoch = evidence[snapshot].epoch;
  double from = fmax(epoch / phases_window, evidence[0].epoch);
  double to = fmin(epoch * phases_window, evidence[n - 1].epoch);
  if (!(to > from)) return 0;
  return (value_at(evidence, n, lowest, snapshot, from) -
          value_at(evidence, n, lowest, snapshot, to)) /
         (to - from);
}

/* F of every snapshot; all arrays are [n]. */
static void find_falls(const struct PhaseEvidence *evidence, size_t n, double *lowest,
                       double *falls)
{
  take_lowest(evidence, n, lowest);
  for (size_t i = 0; i < n; i++)
    falls[i] = fall_at(evidence, n, lowest, i);
}

/* ---- the borders ---- */

/* The largest of values[first..last], of equal ones the first. */
static size_t largest(const double *values, size_t first, size_t last)
{
  size_t found = first;
  for (size_t i = first + 1; i <= last; i++)
    if (values[i] > values[found]) found = i;
  return found;
}

/* The bottom of the deepest valley in falls[first..last]; `first` if there is none. `behind` has
   for each snapshot the largest from there to the end of the run. */
static size_t deepest_valley(const double *falls, const double *behind, size_t first, size_t last)
{
  size_t found = first;
  double before = falls[first], deepest = 0;
  for (size_t i = first; i <= last; i++) {
    before = fmax(before, falls[i]);
    double depth = fmin(before, behind[i]) - falls[i];
    if (depth > deepest) {
      deepest = depth;
      found = i;
    }
  }
  return found;
}

/* The first snapshot with half of the test pairs right; n if there is none. */
static size_t half_right(const struct PhaseEvidence *evidence, size_t n)
{
  size_t i = 0;
  while (i < n && !(evidence[i].test_accuracy >= phases_formation_accuracy))
    i++;
  return i;
}

/* Of the snapshots up to `last`. */
static size_t largest_test_loss(const struct PhaseEvidence *evidence, size_t last)
{
  size_t found = 0;
  for (size_t i = 1; i <= last; i++)
    if (evidence[i].test_loss > evidence[found].test_loss) found = i;
  return found;
}

static void find_inflections(const struct PhaseEvidence *evidence, const double *falls,
                             double *behind, size_t n, struct PhaseBorders *borders)
{
  size_t right = half_right(evidence, n), last = right < n ? right : n - 1;
  size_t peak = largest_test_loss(evidence, last);
  for (size_t i = n; i-- > 0;)
    behind[i] = i + 1 < n ? fmax(falls[i], behind[i + 1]) : falls[i];
  borders->slowest = deepest_valley(falls, behind, peak, last);
  borders->steepest = largest(falls, borders->slowest, n - 1);
  borders->steepest_fall = falls[borders->steepest];
  size_t memorised = largest(falls, peak, borders->slowest);
  if (memorised + 1 < n) borders->end[PHASE_MEMORISATION] = memorised;
}

static void find_ends(const struct PhaseEvidence *evidence, const double *falls, size_t n,
                      struct PhaseBorders *borders)
{
  size_t formed = borders->slowest, steepest = borders->steepest, cleaned = n;
  double half_way = (falls[formed] + falls[steepest]) / 2;
  double level = phases_tolerance * falls[steepest];
  if (half_right(evidence, n) == n || !(falls[steepest] > 0) || steepest + 1 == n) return;
  while (falls[formed] < half_way)
    formed++;
  while (falls[cleaned - 1] <= level)
    cleaned--;
  borders->end[PHASE_CIRCUIT_FORMATION] = formed;
  if (cleaned + 1 < n) borders->end[PHASE_CLEANUP] = cleaned;
}

bool phases_find(const struct PhaseEvidence *evidence, size_t n, struct PhaseBorders *borders,
                 struct Error *error)
{
  *borders = (struct PhaseBorders){{n, n, n}, n, n, NAN};
  if (n == 0) return true;
  double *falls = memory_new(2 * n, sizeof *falls, "falls of the squared weights", error);
  if (!falls) return false;
  double *work = falls + n;
  find_falls(evidence, n, work, falls);
  find_inflections(evidence, falls, work, n, borders);
  find_ends(evidence, falls, n, borders);
  free(falls);
  return true;
}

enum Phase phases_of(const struct PhaseBorders *borders, size_t snapshot)
{
  int phase = PHASE_MEMORISATION;
  while (phase < PHASE_AFTERWARDS && snapshot > borders->end[phase])
    phase++;
  return (enum Phase)phase;
}
