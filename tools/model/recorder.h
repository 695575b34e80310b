/*
 * What a training run writes: trajectory.safetensors (model/trajectory.h) and history.tsv, both in
 * one directory. While a run goes on they are called *.partial or bear a temporary name; they get
 * their names when it ends.
 */
#ifndef MODEL_RECORDER_H
#define MODEL_RECORDER_H

#include "model/dataset.h"
#include "model/parameters.h"
#include "model/step.h"
#include "table/table.h"
#include "tensor/safetensors.h"

struct Recorder {
  struct SafetensorsWriter writer;
  struct TableWriter history;
  char *path, *partial; /* of the trajectory */
  size_t n_snapshots, next;
};

/* Snapshots are taken before the first step, every snapshot_every epochs, and after the last. */
bool recorder_wants_snapshot(const struct TrainConfig *config, int64_t epoch);

bool recorder_open(struct Recorder *recorder, const char *directory, const struct Config *config,
                   const struct Dataset *dataset, const struct Parameters *parameters,
                   struct Error *error);

/* The next snapshot: parameters after `epoch` steps. */
bool recorder_snapshot(struct Recorder *recorder, int64_t epoch,
                       const struct Parameters *parameters, struct Error *error);

/* The next row of the history. Errors come with the commit. */
void recorder_history(struct Recorder *recorder, int64_t epoch, struct Performance train,
                      struct Performance test);

/* Both files get their names. */
bool recorder_commit(struct Recorder *recorder, struct Error *error);
void recorder_discard(struct Recorder *recorder);

#endif
