/*
 * The phases of training (section 5.2). The paper sets their boundaries by eye; here a rule does:
 *
 *   memorisation ends at the (first) snapshot with the largest test loss;
 *   circuit formation ends at the first later one with a test accuracy of at least one half;
 *   cleanup ends at the first later one from which on the sum of squared weights stays within 5 %
 *   of its final value.
 *
 * The snapshot at which a phase ends belongs to it. A run that does not reach the end of a phase
 * stays in it.
 */
#ifndef MEASURES_PHASES_H
#define MEASURES_PHASES_H

#include <stddef.h>

extern const double phases_formation_accuracy; /* one half */
extern const double phases_tolerance;          /* 5 %, as a fraction */

enum Phase { PHASE_MEMORISATION, PHASE_CIRCUIT_FORMATION, PHASE_CLEANUP, PHASE_AFTERWARDS };

/* The input to the rule, for one snapshot. */
struct PhaseEvidence {
  double test_loss, test_accuracy, squared_weights;
};

/* phases[i] of n snapshots in the order of their epochs. */
void phases_assign(const struct PhaseEvidence *evidence, size_t n, enum Phase *phases);

/* The snapshot at which a phase ends, its last one; n if it lasts to the end of the run or is
   never reached. */
size_t phases_end(const enum Phase *phases, size_t n, enum Phase phase);

#endif
