/*
 * Snapshots read back from a trajectory that training has not finished: only those that are known
 * to be there, whatever the file holds behind them. (Finished trajectories of any origin are read
 * by model/trajectory.h.)
 */
#ifndef MODEL_SNAPSHOTS_H
#define MODEL_SNAPSHOTS_H

#include "base/digest.h"
#include "model/parameters.h"
#include "tensor/safetensors.h"

struct Snapshots {
  struct Safetensors file;
  const struct Tensor *parameters[N_PARAMETERS];
  const struct Tensor *epochs;
};

/* Opens a file that has room for n snapshots of parameters of that shape, or more. Errors: it is no
   such file; there is nothing to close then. */
bool snapshots_open(struct Snapshots *snapshots, const char *path, size_t n,
                    const struct Parameters *parameters, struct Error *error);
void snapshots_close(struct Snapshots *snapshots);

/* Reads snapshot number i, and when it was taken. */
bool snapshots_read(const struct Snapshots *snapshots, size_t i, struct Parameters *parameters,
                    int64_t *epoch, struct Error *error);

/* What tells a snapshot from any other. */
struct Digest snapshot_digest(const struct Parameters *parameters, int64_t epoch);

/* What tells a trajectory from any other: which pairs train, train[n_pairs], and the digests of its
   snapshots. */
struct Digest trajectory_digest(const uint8_t *train, size_t n_pairs,
                                const struct Digest *snapshots, size_t n_snapshots);

#endif
