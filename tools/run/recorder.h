/*
 * The output of a training run: trajectory.safetensors (run/trajectory.h) and history.tsv in the
 * run's directory. They get these names when the run ends; until then there are
 *
 *   trajectory.safetensors.partial   the trajectory of the running training, each snapshot in place
 *   history.tsv.partial              its history, each row as it is measured
 *   trajectory.safetensors.new       a copy in progress, of a run that was to have another length
 *
 * Both partial files can be read at any time: the history has whole lines only, and snapshots not
 * yet taken are marked in the trajectory (run/trajectory.h). Whatever a killed program recorded
 * after its last saved state is dropped or rewritten on resuming.
 *
 * Rows and snapshots are taken at fixed epochs (recorder_wants_*) and after the last one, so that
 * their number determines their epochs. An interrupted run is therefore restored from its rows, the
 * digests of its snapshots, and a file with snapshots of these digests.
 *
 * Only one program at a time may have a recorder in a directory.
 */
#ifndef RUN_RECORDER_H
#define RUN_RECORDER_H

#include "base/digest.h"
#include "network/dataset.h"
#include "network/parameters.h"
#include "run/history.h"
#include "tensor/safetensors.h"

struct Recorder {
  const struct Config *config;
  const struct Dataset *dataset;
  const struct Parameters *shapes; /* only the description is used, not the values */
  const char *engine;              /* what trains (engine_bits) */
  struct SafetensorsWriter writer; /* of the partial trajectory */
  struct TableWriter table;        /* of the partial history */
  char *trajectory, *partial, *copy, *history, *partial_history; /* paths */
  struct HistoryRow *rows;
  size_t n_rows, rows_room;
  struct Digest *digests; /* of the snapshots */
  size_t n_snapshots, digests_room;
  bool synced; /* everything written to the partial trajectory is on disk */
  bool keep;   /* a saved state needs the partial trajectory: keep both partial files if the run
                  fails */
};

/* Snapshots are taken before the first step, every snapshot_every epochs, after snapshot_until at the
   multiples of snapshot_later, and after the last step; rows likewise every evaluate_every. Here for a
   run that continues after `epoch`. */
bool recorder_wants_snapshot(const struct TrainConfig *config, int64_t epoch);
bool recorder_wants_row(const struct TrainConfig *config, int64_t epoch);

/* How many of them come before `epoch`. */
size_t recorder_snapshots_before(const struct TrainConfig *config, int64_t epoch);
size_t recorder_rows_before(const struct TrainConfig *config, int64_t epoch);

/* A recorder for an existing directory. Removes temporary files of a killed program there. The
   other arguments must outlive it. */
bool recorder_init(struct Recorder *recorder, const char *directory, const struct Config *config,
                   const struct Dataset *dataset, const struct Parameters *shapes,
                   const char *engine, struct Error *error);

/* Is there a finished trajectory that this run would replace? If so, `finding` describes its run:
   the first setting in which it differs from this one, or that none does. */
bool recorder_has_finished(const struct Recorder *recorder, struct Error *finding);

/* Starts a new run. */
bool recorder_start(struct Recorder *recorder, struct Error *error);

/* Takes over the rows and digests of an interrupted or finished run. */
bool recorder_recall(struct Recorder *recorder, const struct HistoryRow *rows, size_t n_rows,
                     const struct Digest *digests, size_t n_snapshots, struct Error *error);

/* The file with the snapshots of the recorder's digests: the partial or the finished trajectory.
   NULL with an error if neither has them, or if one cannot be read (with the system's code). */
const char *recorder_find_snapshots(const struct Recorder *recorder, struct Error *error);

/* Continues with the snapshots of that file and the recorder's rows. */
bool recorder_continue(struct Recorder *recorder, const char *path, struct Error *error);

/* Records the next snapshot: the parameters after `epoch` steps, floats or doubles according to
   train.precision. */
bool recorder_snapshot(struct Recorder *recorder, int64_t epoch, const void *values,
                       struct Error *error);

/* Records the next row of the history, likewise. */
bool recorder_row(struct Recorder *recorder, int64_t epoch, struct Performance train,
                  struct Performance test, struct Error *error);

/* Syncs the snapshots to disk, so that a saved state can refer to them. */
bool recorder_sync(struct Recorder *recorder, struct Error *error);

/* Ends the run after `last` steps: both files get their final names. */
bool recorder_commit(struct Recorder *recorder, int64_t last, struct Error *error);

/* Without a commit the partial files are removed, unless a saved state needs them. */
void recorder_release(struct Recorder *recorder);

#endif
