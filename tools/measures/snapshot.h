/*
 * One snapshot of a trajectory with everything the network computes from it on all pairs: where
 * every measure starts.
 */
#ifndef MEASURES_SNAPSHOT_H
#define MEASURES_SNAPSHOT_H

#include "model/network.h"
#include "model/trajectory.h"

struct Snapshot {
  struct Parameters parameters;
  struct Activations activations;
};

/* Allocates for the sizes of a trajectory. */
bool snapshot_init(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                   struct Error *error);

/* The same with logits alone, without attention and neurons. */
bool snapshot_init_logits(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                          struct Error *error);
void snapshot_release(struct Snapshot *snapshot);

/* Reads snapshot number `index` and runs the network. Errors: a weight that is not finite, by its
   tensor's name; activations or logits that are not, by the epoch. Calls with different snapshots
   may run at once. */
bool snapshot_load(struct Snapshot *snapshot, const struct Trajectory *trajectory, size_t index,
                   struct Error *error);

#endif
