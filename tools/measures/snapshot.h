/*
 * One snapshot of a trajectory with the network's activations on all pairs: the input of every
 * measure.
 */
#ifndef MEASURES_SNAPSHOT_H
#define MEASURES_SNAPSHOT_H

#include "engine/activations.h"
#include "measures/logit_rows.h"
#include "run/trajectory.h"

/* Of the arrays that are made for some of the rows or of the neurons, where all would take more. */
enum { SNAPSHOT_BLOCK_BYTES = 256 << 20 };

struct Snapshot {
  struct Parameters parameters;
  struct Activations activations;
  size_t index; /* of what was read last */
  bool run;     /* whether the activations are of it */
  int rows;     /* that there is room for */
};

/* Allocates a snapshot for the sizes of a trajectory; attention and neurons are those of a layer.
 */
bool snapshot_init(struct Snapshot *snapshot, const struct Trajectory *trajectory, int layer,
                   struct Error *error);

/* The same without attention and neurons, and with room for the logits of as many rows of pairs as
   fit into so many bytes, at least one and at most all; and their number. */
bool snapshot_init_rows(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                        size_t bytes, struct Error *error);
int snapshot_block_rows(const struct Shape *shape, size_t bytes);

/* The same without activations. */
bool snapshot_init_parameters(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                              struct Error *error);
void snapshot_release(struct Snapshot *snapshot);

/* Reads snapshot number `index` and runs the network. Errors: a non-finite weight, with its
   tensor's name; non-finite activations or logits, with the epoch. Calls with different snapshots
   may run concurrently. */
bool snapshot_load(struct Snapshot *snapshot, const struct Trajectory *trajectory, size_t index,
                   struct Error *error);

/* The two parts of it: reads the snapshot, for which there need be no activations, and runs the
   network on rows first .. end - 1, at most as many as there is room for. What is there already is
   not computed again. */
bool snapshot_read(struct Snapshot *snapshot, const struct Trajectory *trajectory, size_t index,
                   struct Error *error);
bool snapshot_run_rows(struct Snapshot *snapshot, const struct Trajectory *trajectory, int first,
                       int end, struct Error *error);

/* Runs the network that was read on all rows in order, as many at a time as there is room for, and
   calls work(context, rows) after each time. The errors are those of snapshot_run_rows and `work`.
 */
typedef bool LogitRowsWork(void *context, const struct LogitRows *rows, struct Error *error);
bool snapshot_each_rows(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                        LogitRowsWork *work, void *context, struct Error *error);

/* The error of activations that are not finite. */
bool snapshot_fail_overflow(const struct Trajectory *trajectory, size_t index, struct Error *error);

#endif
