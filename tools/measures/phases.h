/*
 * The phases of training (section 5.2). The paper set their borders by eye; here a rule sets them:
 *
 *   memorisation ends at the snapshot where the test loss is largest (the first such);
 *   circuit formation ends at the first later one with a test accuracy of at least one half;
 *   cleanup ends at the first later one from which on the sum of squared weights stays within 5 %
 *   of its final value.
 *
 * The snapshot at which a phase ends is still in it. A run that does not get to the end of a phase
 * stays in it.
 */
#ifndef MEASURES_PHASES_H
#define MEASURES_PHASES_H

#include <stddef.h>

extern const double phase_formation_accuracy; /* one half */
extern const double phase_tolerance;          /* 5 %, as a share */

enum Phase { PHASE_MEMORISATION, PHASE_CIRCUIT_FORMATION, PHASE_CLEANUP, PHASE_AFTERWARDS };

/* What the rule looks at, for one snapshot. */
struct PhaseEvidence {
  double test_loss, test_accuracy, squared_weights;
};

/* phases[i] of n snapshots in the order of their epochs. */
void phases_assign(const struct PhaseEvidence *evidence, size_t n, enum Phase *phases);

/* The snapshot at which a phase ends: the last one in it. n where none comes after that, for a
   phase that lasts to the end of the run, or that the run does not get to, has no end. */
size_t phase_end(const enum Phase *phases, size_t n, enum Phase phase);

#endif
