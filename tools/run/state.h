/*
 * The state of a training run, RUN_DIR/resume.safetensors: everything needed to resume as if the
 * run had never been interrupted. It is saved before the measurements of its epoch, which are
 * repeated on resuming. The snapshot and row of a finished run's last epoch, which may be off the
 * grid of snapshots and rows, are therefore not part of it, so that a longer run can continue from
 * it.
 *
 *   embed.W_E ...  F32            the parameters, without snapshot axis: the file is a checkpoint
 *   epoch          I64 []         optimizer steps taken
 *   adamw.m        F32 [total]    the moments, in the order of the parameters (of SGD: sgd.m alone)
 *   adamw.v        F32 [total]
 *   history        F64 [rows, 4]  train_loss, train_accuracy, test_loss, test_accuracy; further
 *                                 columns train_loss_0, test_loss_0, ... if there are any
 *   snapshots      I64 [n, 2]     the digest of each snapshot taken (run/snapshots.h)
 *
 * With train.precision = float64, F32 stands for F64.
 *
 * The metadata contains those of a run (run/metadata.h), resume.program, the program that computed
 * the state (run/identity.h), and resume.digest, the digest of everything.
 *
 * The file is replaced atomically, and used only if all of this is correct. Its settings may differ
 * from those of the resuming run only in train.epochs (where the learning rate does not depend on
 * it) and train.stop_test_loss, and only if that run would have reached the same state.
 */
#ifndef RUN_STATE_H
#define RUN_STATE_H

#include "base/digest.h"
#include "engine/training_state.h"
#include "run/recorder.h"

/* ---- saving ---- */

/* Saves the state of the recorder's run after training.step steps, without the recorder's row and
   snapshot of that epoch itself. Syncs the recorder's snapshots first. On failure the file is
   unchanged. */
bool state_save(const char *path, const struct TrainingState *training, struct Recorder *recorder,
                struct Error *error);

/* When to save: every `interval` seconds, so that at most that much work is lost. Slow saves are
   spaced further apart, to take at most half a percent of the time, unless the interval was set by
   the user (`exact`). */
struct SaveClock {
  double interval;
  bool exact;
  double started, next; /* monotonic clock, seconds */
};

void save_clock_init(struct SaveClock *clock); /* interval and exact must be set */
bool save_clock_due(const struct SaveClock *clock);
void save_clock_start(struct SaveClock *clock);
void save_clock_stop(struct SaveClock *clock);

/* ---- resuming ---- */

/* The contents of a file. */
struct State {
  struct TrainingState training;
  size_t n_rows, n_snapshots;
  struct HistoryRow *rows; /* [n_rows] */
  struct Digest *digests;  /* [n_snapshots] */
};

enum StateFound {
  STATE_USABLE,
  STATE_NONE,   /* there is no file */
  STATE_OTHERS, /* other settings, build or engine, or an epoch that this run does not reach */
  STATE_BAD     /* damaged or unreadable */
};

/* Reads the state from which a run of this configuration, with parameters of these shapes, can
   resume. If it is not usable there is nothing to release, and `reason` says why (empty if there is
   no file). A reason with a code is a system error: the file itself may be good. */
enum StateFound state_read(struct State *state, const char *path, const struct Config *config,
                           const char *engine, const struct Parameters *shapes,
                           struct Error *reason);
void state_release(struct State *state);

#endif
