/*
 * Trajectories: the snapshots of a run in one safetensors file, with the information needed to
 * interpret them. Each parameter (network/parameters.h) has a leading snapshot axis; further
 * tensors are
 *
 *   epoch       I64  [S]     optimizer steps taken before the snapshot, increasing
 *   train_mask  BOOL [p, p]  the training pairs (a, b); not there for tasks without pairs
 *   answers     I64  [p, p]  those of data.operation = table; not there for other operations
 *
 * and __metadata__ contains every setting of the run as text under its dotted name. A file whose
 * parameters have no snapshot axis is a trajectory of one snapshot: a checkpoint saved by PyTorch
 * under these names. Overrides supply what such a file lacks; sizes are read off its shapes. In
 * detail:
 *
 *   - A prefix up to a dot that all names share ("model.", "_orig_mod.") is removed; `epoch`,
 *     `train_mask` and `answers` need not have it.
 *   - Training allocates all snapshots in advance. In an unfinished file `epoch` is
 *     TRAJECTORY_NO_SNAPSHOT for those not taken yet; the trajectory consists of those before them.
 *   - `epoch` may be missing if there is one snapshot. Its epoch is then unknown, and it is found
 * as epoch 0.
 *   - Names tell the layers (blocks.l), the layer normalisation (pre with ln_final, else post with
 *     ln1 or ln2), registers, and, by their absence, tied embeddings (no W_U) and layers without
 *     heads or without neurons. Without W_pos, model.positions must be given.
 *   - W_pos has 2 rows instead of 3 if the input does not end with "=": data.equals. Without W_pos
 *     it is as given by the metadata or an override.
 *   - b_in and b_out may all be missing: model.biases is false. If present and not zero, it is
 *     true; if zero, it is as given by the metadata or an override.
 *   - W_U may have p or p + 1 columns: model.output_equals.
 *   - Without train_mask the split is CPython's, and data.seed and data.train_fraction must be
 *     given; with it they are optional and ignored (except the seed for random answers).
 *   - Metadata outside our sections is ignored, as are tensors with other names, except those of
 *     components that the network does not have.
 */
#ifndef RUN_TRAJECTORY_H
#define RUN_TRAJECTORY_H

#include "config/config.h"
#include "network/dataset.h"
#include "network/parameters.h"
#include "table/provenance.h"
#include "tensor/safetensors.h"

enum { TRAJECTORY_NO_SNAPSHOT = -1 };

struct Trajectory {
  struct Safetensors file;
  struct Config config; /* metadata, then shapes, then overrides; otherwise the default, as told by
                           config_given */
  struct Dataset dataset; /* split by the file's train_mask if there is one, else CPython's split */
  size_t n_snapshots;
  size_t n_planned; /* more than n_snapshots if training has not finished */
  int64_t *epochs;  /* [n_snapshots] */
  bool dated;       /* the file has the epochs */
  int *answers;     /* [p][p] of a table, if the file has them */
  char *imported;   /* how a file of another layout was read, as text; NULL for one of ours */
  char *unsaid;     /* settings that results depend on but the file lacks, as text:
                       "data.operation=add (assumed), data.seed=1 data.train_fraction=0.3 (given)";
                       NULL if none */
};

/* Opens and interprets a file of any layout (run/checkpoint.h) of a network that was trained on
   pairs. `overrides` are n texts "section.key=value". Errors: those of tensor/safetensors.h, or
   another file format (run/foreign.h); a parameter that is missing, or whose shape contradicts
   another parameter, the metadata or an override; a component that the network does not have
   (nonzero biases of attention or logits); an unknown split. There is nothing to close then. */
bool trajectory_open(struct Trajectory *trajectory, const char *path, char *const *overrides, int n,
                     struct Error *error);
void trajectory_close(struct Trajectory *trajectory);

/* The same for a file that is open, which is taken over, also after an error. */
bool trajectory_of_file(struct Trajectory *trajectory, struct Safetensors *file,
                        char *const *overrides, int n, struct Error *error);

/* The same, but for the split, which may be unknown: the data set is empty. */
bool trajectory_without_split(struct Trajectory *trajectory, struct Safetensors *file,
                              char *const *overrides, int n, struct Error *error);

/* "epoch 100", or "an unknown epoch". */
enum { EPOCH_TEXT_SIZE = 32 };
void trajectory_format_epoch(const struct Trajectory *trajectory, size_t snapshot,
                             char text[EPOCH_TEXT_SIZE]);

/* Copies snapshot number `snapshot` into parameters initialised by parameters_init for
   trajectory->config. Error: a non-finite value, with the tensor's name. */
bool trajectory_read(const struct Trajectory *trajectory, size_t snapshot,
                     struct Parameters *parameters, struct Error *error);

/* The digests of the configuration and of all snapshots; reads them all. The configuration is
   unknown unless the file and the overrides give every setting. Error: the file cannot be read. */
bool trajectory_provenance(const struct Trajectory *trajectory, struct Provenance *provenance,
                           struct Error *error);

/* The number of the snapshot taken at that epoch; -1 means the last one. False with an error that
   names the nearest existing epochs. */
bool trajectory_find(const struct Trajectory *trajectory, int64_t epoch, size_t *snapshot,
                     struct Error *error);

#endif
