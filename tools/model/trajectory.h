/*
 * Trajectories: the snapshots of a run in one safetensors file, with what is needed to interpret
 * them. Each parameter (model/parameters.h) has a leading snapshot axis; beside them stand
 *
 *   epoch       I64  [S]     optimizer steps taken before the snapshot, rising
 *   train_mask  BOOL [p, p]  the pairs (a, b) that trained
 *
 * and __metadata__ holds every setting of the run as text under its dotted name. A file whose
 * parameters have no snapshot axis is a trajectory of one snapshot: a checkpoint saved by PyTorch
 * under these names. What such a file does not say, overrides complete; sizes are read off its
 * shapes. In detail:
 *
 *   - What stands before all names up to a dot ("model.", "_orig_mod.") is taken off them; `epoch`
 *     and `train_mask` need not have it.
 *   - A training makes room for all snapshots at once. In a file that it has not finished, `epoch`
 *     is TRAJECTORY_NO_SNAPSHOT for those still to come: the trajectory is of those before them.
 *   - `epoch` may be missing where there is one snapshot. When it was taken is unknown then, and it
 *     is looked up as epoch 0.
 *   - b_in and b_out may both be missing: model.biases is false. Where they are there and not zero,
 *     it is true; where they are zero, it is what the metadata or an override says.
 *   - W_U may have p or p + 1 columns: model.output_equals.
 *   - Without train_mask the split is CPython's, and data.seed and data.train_fraction must be
 *     given; with it they need not be, and do not count (but the seed does for random answers).
 *   - Metadata under names that are in none of our sections is not ours and is passed over. So are
 *     tensors of other names, except those of parts that the network does not have.
 */
#ifndef MODEL_TRAJECTORY_H
#define MODEL_TRAJECTORY_H

#include "config/config.h"
#include "model/dataset.h"
#include "model/parameters.h"
#include "table/provenance.h"
#include "tensor/safetensors.h"

enum { TRAJECTORY_NO_SNAPSHOT = -1 };

struct Trajectory {
  struct Safetensors file;
  struct Config config;   /* metadata, then shapes, then overrides; what none of them says is at its
                             default, and config_given tells */
  struct Dataset dataset; /* the train_mask of the file where it has one, else CPython's split */
  size_t n_snapshots;
  size_t n_planned; /* more than n_snapshots if the training has not finished */
  int64_t *epochs;  /* [n_snapshots] */
  bool dated;       /* the file says the epochs */
  char *unsaid;     /* the settings that measurements depend on and the file does not say, as text:
                       "data.operation=add (assumed), data.seed=1 data.train_fraction=0.3 (given)";
                       NULL where there are none */
};

/* Opens a file and makes sense of it. `overrides` are n texts "section.key=value". Errors: the
   file's own (tensor/safetensors.h), or what it is instead (model/foreign.h); a parameter missing,
   or of a shape that contradicts another one's, the metadata or an override; a part that the
   network does not have (LayerNorm, a second layer, biases of attention or logits other than zero);
   a split that is not known. There is nothing to close then. */
bool trajectory_open(struct Trajectory *trajectory, const char *path, char *const *overrides, int n,
                     struct Error *error);
void trajectory_close(struct Trajectory *trajectory);

/* "epoch 100", or "an unknown epoch". */
enum { EPOCH_TEXT_SIZE = 32 };
void trajectory_format_epoch(const struct Trajectory *trajectory, size_t snapshot,
                             char text[EPOCH_TEXT_SIZE]);

/* Copies snapshot number `snapshot` into parameters that parameters_init made for
   trajectory->config. Error: a value that is not finite, with the tensor's name. */
bool trajectory_read(const struct Trajectory *trajectory, size_t snapshot,
                     struct Parameters *parameters, struct Error *error);

/* The digests of the configuration and of all snapshots, which are read for it. The configuration
   is unknown where neither the file nor an override says every setting. Error: the file cannot be
   read. */
bool trajectory_provenance(const struct Trajectory *trajectory, struct Provenance *provenance,
                           struct Error *error);

/* The number of the snapshot taken at that epoch; an epoch of -1 is the last one. False with an
   error that names the nearest epochs there are. */
bool trajectory_find(const struct Trajectory *trajectory, int64_t epoch, size_t *snapshot,
                     struct Error *error);

#endif
