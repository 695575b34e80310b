#include "engine/engine.h"
#include "run/checkpoint.h"
#include "run/trajectory.h"

#include <math.h>

/* The loss of the last snapshot on the training pairs. */
static bool measure(const struct Trajectory *trajectory, double *loss, struct Error *error)
{
  const struct Config *config = &trajectory->config;
  struct Engine *engine = NULL;
  struct TrainingState state = {0};
  struct Parameters parameters;
  struct Performance measured;
  if (!parameters_init(&parameters, config, error)) return false;
  bool done = engine_open(&engine, "auto", config, &trajectory->dataset, error) &&
              training_state_init(&state, config, parameters.total, error) &&
              trajectory_read(trajectory, trajectory->n_snapshots - 1, &parameters, error);
  if (done) training_state_start(&state, &parameters);
  done = done && engine_load(engine, &state, error) &&
         engine_evaluate(engine, SUBSET_TRAIN, &measured, error);
  if (done) *loss = measured.loss;
  training_state_release(&state);
  engine_close(engine);
  parameters_release(&parameters);
  return done;
}

/* The loss with W_O lying as in these hints, and the loss of guessing. */
static bool try(const char *path, const struct CheckpointHints *hints, double *loss, double *chance,
                struct Error *error)
{
  struct Safetensors file;
  struct CheckpointNotes notes;
  struct Trajectory trajectory;
  if (!checkpoint_open(&file, path, hints, &notes, error)) return false;
  checkpoint_notes_release(&notes);
  if (!trajectory_of_file(&trajectory, &file, hints->overrides, hints->n, error)) return false;
  *chance = log(trajectory.config.data.modulus);
  bool measured = measure(&trajectory, loss, error);
  trajectory_close(&trajectory);
  return measured;
}

bool checkpoint_settle(struct Safetensors *file, const char *path,
                       const struct CheckpointHints *hints, struct CheckpointNotes *notes,
                       struct Error *error)
{
  if (!checkpoint_open(file, path, hints, notes, error)) return false;
  if (!notes->ambiguous) return true;
  safetensors_close(file);
  checkpoint_notes_release(notes);
  struct CheckpointHints settled = *hints;
  double losses[2], chance;
  for (int i = 0; i < 2; i++) {
    settled.W_O = i == 0 ? W_O_ROWS : W_O_COLUMNS;
    if (!try(path, &settled, &losses[i], &chance, error)) return false;
  }
  settled.W_O = losses[0] < losses[1] ? W_O_ROWS : W_O_COLUMNS;
  double less = fmin(losses[0], losses[1]), more = fmax(losses[0], losses[1]);
  if (less < more / 2 && less < chance / 2)
    return checkpoint_open(file, path, &settled, notes, error);
  return error_set(
      error,
      "%s: W_O is a square matrix, and neither names and shapes nor the losses on the "
      "training pairs (%.3g and %.3g) tell whether its rows or its columns are those of "
      "the heads: say so with import-checkpoint --W_O rows or --W_O columns",
      path, losses[0], losses[1]);
}
