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
  const struct Tensor **parameters; /* in the order of the list of parameters */
  const struct Tensor *epochs;
};

/* Opens a file with room for at least n snapshots of parameters of that shape. Error: it is not
   such a file; there is nothing to close then. */
bool snapshots_open(struct Snapshots *snapshots, const char *path, size_t n,
                    const struct Parameters *parameters, struct Error *error);
void snapshots_close(struct Snapshots *snapshots);

/* Reads snapshot number i and its epoch. */
bool snapshots_read(const struct Snapshots *snapshots, size_t i, struct Parameters *parameters,
                    int64_t *epoch, struct Error *error);

/* Identifies a snapshot. */
struct Digest snapshot_digest(const struct Parameters *parameters, int64_t epoch);

/* Identifies a trajectory: the training pairs, train[n_pairs], of which there may be none, and the
   digests of its snapshots. */
struct Digest trajectory_digest(const uint8_t *train, size_t n_pairs,
                                const struct Digest *snapshots, size_t n_snapshots);

#endif
