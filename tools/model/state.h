/*
 * The state of a training run, RUN_DIR/resume.safetensors: all that is needed to go on as if the
 * run had never been interrupted. It is saved before the measurement of an epoch, which is made
 * again when the run goes on; what a finished run holds of its last epoch, which may lie off the
 * grid of snapshots and rows, is therefore no part of it, so that a longer run can go on from it.
 *
 *   embed.W_E ...  F32            the parameters, without a snapshot axis: the file is a checkpoint
 *   epoch          I64 []         optimizer steps taken
 *   adamw.m        F32 [total]    the moments, in the order of the parameters
 *   adamw.v        F32 [total]
 *   history        F64 [rows, 4]  train_loss, train_accuracy, test_loss, test_accuracy
 *   snapshots      I64 [n, 2]     the digest of each snapshot taken (model/snapshots.h)
 *
 * The metadata holds the settings, resume.program, which is who computed this (model/identity.h),
 * and resume.digest, the digest of all of it.
 *
 * A file is replaced whole or not at all, and it is believed only when all of this is right. It may
 * differ from the run that wants to go on in train.epochs and train.stop_test_loss alone, and in
 * these only so far as that run would have come to the same state.
 */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include "base/digest.h"
#include "model/adamw.h"
#include "model/recorder.h"

/* ---- saving ---- */

/* Saves the state after `epoch` steps; what the recorder holds of that epoch itself is left out.
   The recorder's snapshots are made to last first. On failure the file is as it was. */
bool state_save(const char *path, const struct Config *config, int64_t epoch,
                const struct Parameters *parameters, const struct AdamW *adamw,
                struct Recorder *recorder, struct Error *error);

/* When to save: every `interval` seconds, so that no more work than that is lost. Where a save
   takes long, the next one comes later, so that they take half a percent of the time at most; but
   where the interval was asked for (`exact`), it is as asked. */
struct SaveClock {
  double interval;
  bool exact;
  double started, next; /* seconds of the monotonic clock */
};

void save_clock_init(struct SaveClock *clock); /* interval and exact are set already */
bool save_clock_due(const struct SaveClock *clock);
void save_clock_start(struct SaveClock *clock);
void save_clock_stop(struct SaveClock *clock);

/* ---- going on ---- */

/* What a file holds. */
struct State {
  int64_t epoch;
  size_t total, n_rows, n_snapshots;
  float *parameters, *m, *v; /* [total] each */
  struct HistoryRow *rows;   /* [n_rows] */
  struct Digest *digests;    /* [n_snapshots] */
};

enum StateFound {
  STATE_USABLE,
  STATE_NONE,   /* there is no file */
  STATE_OTHERS, /* of other settings or another build, or of an epoch that this run does not reach
                 */
  STATE_BAD     /* damaged, or it cannot be read */
};

/* Reads the file, from which the run of this configuration, with parameters of this description,
   goes on where it is usable. Otherwise there is nothing to release, and the reason says why; it is
   empty where there is no file. A reason with a code is the system's: the file may be a good one.
 */
enum StateFound state_read(struct State *state, const char *path, const struct Config *config,
                           const struct Parameters *shapes, struct Error *reason);
void state_release(struct State *state);

/* Puts the parameters and the optimizer where they were. */
void state_restore(const struct State *state, struct Parameters *parameters, struct AdamW *adamw);

#endif
