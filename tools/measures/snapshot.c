#include "measures/snapshot.h"

#include "base/finite.h"

bool snapshot_init(struct Snapshot *snapshot, const struct Trajectory *trajectory, int layer,
                   struct Error *error)
{
  if (!snapshot_init_parameters(snapshot, trajectory, error)) return false;
  snapshot->rows = trajectory->config.data.modulus;
  if (activations_init(&snapshot->activations, &snapshot->parameters.shape,
                       &trajectory->config.model, layer, error))
    return true;
  parameters_release(&snapshot->parameters);
  return false;
}

bool snapshot_init_rows(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                        size_t bytes, struct Error *error)
{
  if (!snapshot_init_parameters(snapshot, trajectory, error)) return false;
  const struct Shape *shape = &snapshot->parameters.shape;
  snapshot->rows = snapshot_block_rows(shape, bytes);
  if (activations_init_rows(&snapshot->activations, shape, &trajectory->config.model,
                            snapshot->rows, error))
    return true;
  parameters_release(&snapshot->parameters);
  return false;
}

int snapshot_block_rows(const struct Shape *shape, size_t bytes)
{
  size_t rows = bytes / ((size_t)shape->p * (size_t)shape->V * sizeof(float));
  if (rows == 0) return 1;
  return rows < (size_t)shape->p ? (int)rows : shape->p;
}

bool snapshot_init_parameters(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                              struct Error *error)
{
  *snapshot = (struct Snapshot){0};
  return parameters_init(&snapshot->parameters, &trajectory->config, error);
}

void snapshot_release(struct Snapshot *snapshot)
{
  activations_release(&snapshot->activations);
  parameters_release(&snapshot->parameters);
}

bool snapshot_fail_overflow(const struct Trajectory *trajectory, size_t index, struct Error *error)
{
  char epoch[EPOCH_TEXT_SIZE];
  trajectory_format_epoch(trajectory, index, epoch);
  return error_set(error, "%s: %s: the weights are so large that activations overflow",
                   trajectory->file.path, epoch);
}

bool snapshot_read(struct Snapshot *snapshot, const struct Trajectory *trajectory, size_t index,
                   struct Error *error)
{
  snapshot->run = false;
  snapshot->index = index;
  if (!trajectory_read(trajectory, index, &snapshot->parameters, error)) return false;
  if (snapshot->activations.logits) activations_set(&snapshot->activations, &snapshot->parameters);
  return true;
}

bool snapshot_run_rows(struct Snapshot *snapshot, const struct Trajectory *trajectory, int first,
                       int end, struct Error *error)
{
  struct Activations *activations = &snapshot->activations;
  size_t V = (size_t)snapshot->parameters.shape.V;
  size_t n = (size_t)(end - first) * (size_t)activations->p;
  if (snapshot->run && activations->first_row == first && activations->n == n) return true;
  activations_run_rows(activations, first, end);
  snapshot->run = true;
  /* Finite weights may still overflow in the activations. A non-finite neuron leaves no logit
     finite, so that checking the logits is enough. */
  if (all_finite(activations->logits, n * V)) return true;
  return snapshot_fail_overflow(trajectory, snapshot->index, error);
}

bool snapshot_load(struct Snapshot *snapshot, const struct Trajectory *trajectory, size_t index,
                   struct Error *error)
{
  return snapshot_read(snapshot, trajectory, index, error) &&
         snapshot_run_rows(snapshot, trajectory, 0, trajectory->config.data.modulus, error);
}

bool snapshot_each_rows(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                        LogitRowsWork *work, void *context, struct Error *error)
{
  const struct Shape *shape = &snapshot->parameters.shape;
  int p = shape->p, step = snapshot->rows;
  for (int first = 0, end; first < p; first = end) {
    end = p - first < step ? p : first + step;
    if (!snapshot_run_rows(snapshot, trajectory, first, end, error)) return false;
    const struct LogitRows rows = {snapshot->activations.logits, (size_t)shape->V, first, end};
    if (!work(context, &rows, error)) return false;
  }
  return true;
}
