#include "measures/phases.h"

#include <math.h>

const double phases_formation_accuracy = 0.5, phases_tolerance = 0.05;

static size_t largest_test_loss(const struct PhaseEvidence *evidence, size_t n)
{
  size_t largest = 0;
  for (size_t i = 1; i < n; i++)
    if (evidence[i].test_loss > evidence[largest].test_loss) largest = i;
  return largest;
}

/* The first snapshot from `start` on with half of the test pairs correct; n if there is none. */
static size_t half_right(const struct PhaseEvidence *evidence, size_t start, size_t n)
{
  while (start < n && !(evidence[start].test_accuracy >= phases_formation_accuracy))
    start++;
  return start;
}

/* The first snapshot from `start` on from which all are within tolerance: one past the last that
   is not. */
static size_t weights_settled(const struct PhaseEvidence *evidence, size_t start, size_t n)
{
  double final = evidence[n - 1].squared_weights;
  double most = phases_tolerance * final;
  size_t settled = n;
  while (settled > start && fabs(evidence[settled - 1].squared_weights - final) <= most)
    settled--;
  return settled;
}

void phases_assign(const struct PhaseEvidence *evidence, size_t n, enum Phase *phases)
{
  if (n == 0) return;
  /* ends are at most n, for a phase that does not end */
  size_t memorised = largest_test_loss(evidence, n);
  size_t formed = half_right(evidence, memorised + 1, n);
  size_t cleaned = formed + 1 < n ? weights_settled(evidence, formed + 1, n) : n;
  for (size_t i = 0; i < n; i++)
    phases[i] = i <= memorised ? PHASE_MEMORISATION
                : i <= formed  ? PHASE_CIRCUIT_FORMATION
                : i <= cleaned ? PHASE_CLEANUP
                               : PHASE_AFTERWARDS;
}

size_t phases_end(const enum Phase *phases, size_t n, enum Phase phase)
{
  for (size_t i = 1; i < n; i++)
    if (phases[i - 1] == phase && phases[i] != phase) return i - 1;
  return n;
}
