/*
 * Which snapshots a table of several is about: those of a list of epochs, thinned where there are
 * too many to be looked at one by one, as in a film.
 */
#ifndef MEASURES_EPOCHS_H
#define MEASURES_EPOCHS_H

#include "run/trajectory.h"

#include <stddef.h>

/* What the command line asks for. */
struct EpochsWanted {
  const char *list;    /* epochs separated by commas, or "all" */
  const char *at_most; /* a number of at least 2; NULL: no limit */
  const char *history; /* a run's history.tsv; NULL: none */
};

/* The values' form, before a trajectory is opened. */
bool epochs_check(const struct EpochsWanted *wanted, struct Error *error);

/*
 * The numbers of the snapshots wanted, rising; the caller frees them. NULL with an error: the file
 * does not say when its snapshots were taken; there is none of an epoch; the history cannot be
 * read.
 *
 * Of more than `at_most` snapshots the first, the last and others are kept: the next one whose
 * distance from the last kept is at least d, for the least d that leaves no more than `at_most`.
 * Distance is the share of the time between first and last; with a history it is half of that, and
 * half the share of the sum of |change of ln train_loss| + |change of ln test_loss| from row to
 * row. So half of the frames are spaced evenly, and the others are where the losses move.
 */
size_t *epochs_choose(const struct EpochsWanted *wanted, const struct Trajectory *trajectory,
                      size_t *n, struct Error *error);

#endif
