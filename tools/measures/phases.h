/*
 * The phases of training (section 5.2). The paper sets their borders by eye, from the inflections
 * of the sum of squared weights W(t); here a rule does, from the rate at which it falls by epoch t,
 *
 *   F(t) = (W(t / q) - W(q t)) / (q t - t / q),  q = 1.05,
 *
 * with W linear between snapshots and both ends of the window within the run. From its largest
 * value on, W stands for the lowest sum so far: a rise that is taken back, as in a slingshot,
 * counts for nothing. W has inflections where F has extremes. A run that groks falls steeply when
 * it has memorised, then slowly, and steeply again:
 *
 *   The test loss is largest at t_1, before the first snapshot t_2 with half of the test pairs
 * right. F is slowest in between, at the bottom of its deepest valley: where the lesser of the
 * largest F before (from t_1 on) and the largest F behind exceeds F by most; at t_1 if there is no
 * valley. F is steepest at any later snapshot.
 *
 *   Memorisation ends where W falls fastest from t_1 to the slowest.
 *   Circuit formation ends half way into the steep fall: at the first snapshot from the slowest on
 *   with F(t) >= (F(slowest) + F(steepest)) / 2.
 *   Cleanup ends where W levels off: at the first snapshot behind the steepest from which on
 *   F(t) <= 5 % of F(steepest).
 *
 * The snapshot at which a phase ends belongs to it. A run stays in a phase whose end it does not
 * reach: in memorisation if its test loss rises to the end; in circuit formation if half of the
 * test pairs are never right, if the weights do not fall, or if they fall fastest at its last
 * snapshot. One that generalises while it memorises has no valley: there memorisation ends at t_1.
 */
#ifndef MEASURES_PHASES_H
#define MEASURES_PHASES_H

#include "base/error.h"

#include <stddef.h>

extern const double phases_formation_accuracy; /* of the test pairs: one half */
extern const double phases_window;             /* q */
extern const double phases_tolerance;          /* 5 %, as a fraction */

enum Phase { PHASE_MEMORISATION, PHASE_CIRCUIT_FORMATION, PHASE_CLEANUP, PHASE_AFTERWARDS };

/* The input to the rule, for one snapshot. */
struct PhaseEvidence {
  double epoch, test_loss, test_accuracy, squared_weights;
};

/* Snapshots of a run of n, which stands for none. */
struct PhaseBorders {
  size_t end[PHASE_AFTERWARDS]; /* by phase: the last snapshot of it; n if the run stays in it, or
                                   does not reach it */
  size_t slowest, steepest;
  double steepest_fall; /* F there, per epoch */
};

/* For n snapshots in the order of their epochs. */
bool phases_find(const struct PhaseEvidence *evidence, size_t n, struct PhaseBorders *borders,
                 struct Error *error);

/* The phase of a snapshot. */
enum Phase phases_of(const struct PhaseBorders *borders, size_t snapshot);

#endif
