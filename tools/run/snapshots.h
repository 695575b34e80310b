/*
 * Reads back snapshots of a run's own unfinished trajectory: only those known to be there, whatever
 * follows them in the file. (run/trajectory.h reads finished trajectories of any origin.)
 */
#ifndef RUN_SNAPSHOTS_H
#define RUN_SNAPSHOTS_H

#include "base/digest.h"
#include "network/parameters.h"
#include "tensor/safetensors.h"

struct Snapshots {
  struct Safetensors file;
  const struct Parameters *list;    /* borrowed */
  const struct Tensor **parameters; /* [list->n] */
  const struct Tensor *epochs;
};

/* The type of the parameters of a training in that precision. */
enum DType snapshots_dtype(enum Precision precision);

/* Opens a file with room for at least n snapshots of the parameters of a list, which must outlive
   this, in that precision. Error: it is not such a file; there is nothing to close then. */
bool snapshots_open(struct Snapshots *snapshots, const char *path, size_t n,
                    const struct Parameters *list, enum Precision precision, struct Error *error);
void snapshots_close(struct Snapshots *snapshots);

/* Reads snapshot number i, [total] floats or doubles in the order of the list, and its epoch. */
bool snapshots_read(const struct Snapshots *snapshots, size_t i, void *values, int64_t *epoch,
                    struct Error *error);

/* Identifies a snapshot, whose values have that many bytes. */
struct Digest snapshot_digest(const void *values, size_t size, int64_t epoch);

/* Identifies a trajectory: the training pairs, train[n_pairs], of which there may be none, and the
   digests of its snapshots. */
struct Digest trajectory_digest(const uint8_t *train, size_t n_pairs,
                                const struct Digest *snapshots, size_t n_snapshots);

#endif
