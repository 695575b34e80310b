/*
 * What a training run writes: trajectory.safetensors (model/trajectory.h) and history.tsv, in the
 * run's directory, under these names only when the run has ended:
 *
 *   trajectory.safetensors.partial   the trajectory while the run goes on, each snapshot in place
 *   trajectory.safetensors.new       a copy in the making, for a run that goes on to more epochs
 *                                    than it was made for, or that ended early
 *   history.tsv.partial              the history while the run goes on, each row as it is measured
 *
 * Both partial files can be read at any time: the history's rows are whole lines, and snapshots
 * that have yet to come are marked in the trajectory (model/trajectory.h). What a killed program
 * has recorded behind the state that it saved last is cut off, or written again, when the run goes
 * on.
 *
 * Rows and snapshots come at fixed epochs (recorder_wants_*), and after the last one: which they
 * are follows from how many they are. So the recorder of a run that was interrupted is its rows,
 * the digests of its snapshots, and a file that holds snapshots with these digests.
 *
 * One program at a time may have a recorder in a directory.
 */
#ifndef MODEL_RECORDER_H
#define MODEL_RECORDER_H

#include "base/digest.h"
#include "model/dataset.h"
#include "model/history.h"
#include "model/parameters.h"
#include "tensor/safetensors.h"

struct Recorder {
  const struct Config *config;
  const struct Dataset *dataset;
  const struct Parameters *shapes; /* their description; the values are not looked at */
  struct SafetensorsWriter writer; /* of the partial trajectory */
  struct TableWriter table;        /* of the partial history */
  char *trajectory, *partial, *copy, *history, *partial_history; /* paths */
  struct HistoryRow *rows;
  size_t n_rows, rows_room;
  struct Digest *digests; /* of the snapshots */
  size_t n_snapshots, digests_room;
  bool synced; /* all that was written to the partial trajectory lasts */
  bool keep;   /* something counts on the partial trajectory: both partial files stay when the run
                  fails */
};

/* Snapshots are taken before the first step, every snapshot_every epochs, and after the last; rows
   likewise every evaluate_every. Here for a run that goes on behind `epoch`. */
bool recorder_wants_snapshot(const struct TrainConfig *config, int64_t epoch);
bool recorder_wants_row(const struct TrainConfig *config, int64_t epoch);

/* How many of them come before `epoch`. */
size_t recorder_snapshots_before(const struct TrainConfig *config, int64_t epoch);
size_t recorder_rows_before(const struct TrainConfig *config, int64_t epoch);

/* A recorder for a directory that exists, where it clears away what a killed program may have left
   beside the files above. The other arguments must outlive it. */
bool recorder_init(struct Recorder *recorder, const char *directory, const struct Config *config,
                   const struct Dataset *dataset, const struct Parameters *shapes,
                   struct Error *error);

/* Is a finished trajectory there, whose place this run would take? If so, `finding` says what the
   run behind it is: the first setting by which it differs from this one, or that none does. */
bool recorder_has_finished(const struct Recorder *recorder, struct Error *finding);

/* Starts a run from nothing. */
bool recorder_start(struct Recorder *recorder, struct Error *error);

/* Takes the rows and digests of an interrupted or finished run as its own. */
bool recorder_recall(struct Recorder *recorder, const struct HistoryRow *rows, size_t n_rows,
                     const struct Digest *digests, size_t n_snapshots, struct Error *error);

/* The file that holds the snapshots with the recorder's digests: the partial trajectory or the
   finished one. NULL with an error when neither does, or when one cannot be read: the error
   then has the system's code. */
const char *recorder_find_snapshots(const struct Recorder *recorder, struct Error *error);

/* Goes on with the snapshots of that file, and with the recorder's rows. */
bool recorder_continue(struct Recorder *recorder, const char *path, struct Error *error);

/* The next snapshot: parameters after `epoch` steps. */
bool recorder_snapshot(struct Recorder *recorder, int64_t epoch,
                       const struct Parameters *parameters, struct Error *error);

/* The next row of the history, likewise. */
bool recorder_row(struct Recorder *recorder, int64_t epoch, struct Performance train,
                  struct Performance test, struct Error *error);

/* Makes the snapshots last, so that something can count on them. */
bool recorder_sync(struct Recorder *recorder, struct Error *error);

/* The run has ended after `last` steps: both files get their names. */
bool recorder_commit(struct Recorder *recorder, int64_t last, struct Error *error);

/* Without a commit the partial files go, but where something counts on them. */
void recorder_release(struct Recorder *recorder);

#endif
