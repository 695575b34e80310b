#include "measures/snapshot.h"

#include <math.h>

bool snapshot_init(struct Snapshot *snapshot, const struct Trajectory *trajectory, int layer,
                   struct Error *error)
{
  *snapshot = (struct Snapshot){0};
  if (!parameters_init(&snapshot->parameters, &trajectory->config, error)) return false;
  if (activations_init(&snapshot->activations, &snapshot->parameters.shape,
                       &trajectory->config.model, layer, error))
    return true;
  parameters_release(&snapshot->parameters);
  return false;
}

bool snapshot_init_logits(struct Snapshot *snapshot, const struct Trajectory *trajectory,
                          struct Error *error)
{
  *snapshot = (struct Snapshot){0};
  if (!parameters_init(&snapshot->parameters, &trajectory->config, error)) return false;
  if (activations_init_logits(&snapshot->activations, &snapshot->parameters.shape,
                              &trajectory->config.model, error))
    return true;
  parameters_release(&snapshot->parameters);
  return false;
}

void snapshot_release(struct Snapshot *snapshot)
{
  activations_release(&snapshot->activations);
  parameters_release(&snapshot->parameters);
}

static bool all_finite(const float *values, size_t n)
{
  int strays = 0;
  for (size_t i = 0; i < n; i++)
    strays |= !isfinite(values[i]);
  return !strays;
}

bool snapshot_load(struct Snapshot *snapshot, const struct Trajectory *trajectory, size_t index,
                   struct Error *error)
{
  const struct Shape *shape = &snapshot->parameters.shape;
  const struct Activations *activations = &snapshot->activations;
  if (!trajectory_read(trajectory, index, &snapshot->parameters, error)) return false;
  activations_forward(&snapshot->activations, &snapshot->parameters);
  /* Finite weights may still overflow in the activations. A non-finite neuron leaves no logit
     finite, so that checking the logits is enough. */
  if (all_finite(activations->logits, activations->n * (size_t)shape->V)) return true;
  char epoch[EPOCH_TEXT_SIZE];
  trajectory_format_epoch(trajectory, index, epoch);
  return error_set(error, "%s: %s: the weights are so large that activations overflow",
                   trajectory->file.path, epoch);
}
