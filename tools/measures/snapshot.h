/*
 * One snapshot of a trajectory with the network's activations on all pairs: the input of every
 * measure.
 */
#ifndef MEASURES_SNAPSHOT_H
#define MEASURES_SNAPSHOT_H

#include "engine/activations.h"
#include "run/trajectory.h"

struct Snapshot {
  struct Parameters parameters;
  struct Activations activations;
};

/* Allocates a snapshot for the sizes of a trajectory; attention and neurons are those of a layer.
 */
bool snapshot_init(struct Snapshot *snapshot, const struct Trajectory *trajectory, int layer,
                   struct Error *error);

/* The same with logits only, without attention and neurons. */
bool snapshot_init_logits(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                          struct Error *error);
void snapshot_release(struct Snapshot *snapshot);

/* Reads snapshot number `index` and runs the network. Errors: a non-finite weight, with its
   tensor's name; non-finite activations or logits, with the epoch. Calls with different snapshots
   may run concurrently. */
bool snapshot_load(struct Snapshot *snapshot, const struct Trajectory *trajectory, size_t index,
                   struct Error *error);

#endif
