#include "measures/progress.h"

#include "base/memory.h"
#include "fourier/transform.h"
#include "measures/logit_fit.h"
#include "measures/spectrum.h"

#include <stdlib.h>

bool progress_worker_init(struct ProgressWorker *worker, const struct Trajectory *trajectory,
                          const struct FourierBasis *basis, const bool *keys, struct Error *error)
{
  *worker = (struct ProgressWorker){.trajectory = trajectory, .basis = basis, .keys = keys};
  enum DirectionSign sign;
  if (!directions_of_operation(trajectory->config.data.operation, &sign, error) ||
      !snapshot_init_logits(&worker->snapshot, trajectory, error))
    return false;
  if (directed_logits_init(&worker->directed, basis, &trajectory->dataset, sign, error))
    return true;
  snapshot_release(&worker->snapshot);
  return false;
}

size_t progress_worker_size(const struct Trajectory *trajectory)
{
  size_t p = (size_t)trajectory->config.data.modulus;
  size_t V = (size_t)config_logits(&trajectory->config);
  return p * p *
         (V * sizeof(float) + 3 * sizeof(double)); /* logits; two directions, a projection */
}

void progress_worker_release(struct ProgressWorker *worker)
{
  directed_logits_release(&worker->directed);
  snapshot_release(&worker->snapshot);
}

static bool measure_losses(struct ProgressWorker *worker, struct ProgressMeasures *measures,
                           struct Error *error)
{
  const float *logits = worker->snapshot.activations.logits;
  int V = worker->snapshot.parameters.shape.V;
  losses_of_logits(&worker->trajectory->dataset, logits, V, &measures->losses);
  directed_logits_set(&worker->directed, logits, V);
  return excluded_loss(&worker->directed, worker->keys, &measures->excluded_loss, error) &&
         restricted_losses(&worker->directed, worker->keys, &measures->restricted, error);
}

static bool measure_sparsity(const struct FourierBasis *basis, const struct Parameters *parameters,
                             struct ProgressMeasures *measures, struct Error *error)
{
  size_t p = (size_t)basis->p, m = (size_t)parameters->shape.d_mlp;
  double *norms = memory_new(p, sizeof *norms, "norms of components", error);
  double *components = norms ? memory_new(p * m, sizeof *components, "W_L", error) : NULL;
  bool done = components && spectrum_of_embedding(basis, parameters, norms, error);
  if (done) measures->gini_W_E = gini_coefficient(norms, p);
  done = done && spectrum_of_neuron_logit_map(basis, parameters, components, error);
  if (done) {
    fourier_norms(components, p, m, norms);
    measures->gini_W_L = gini_coefficient(norms, p);
  }
  free(components);
  free(norms);
  return done;
}

bool progress_measure(struct ProgressWorker *worker, size_t index,
                      struct ProgressMeasures *measures, struct Error *error)
{
  const struct Parameters *parameters = &worker->snapshot.parameters;
  *measures = (struct ProgressMeasures){0};
  if (!snapshot_load(&worker->snapshot, worker->trajectory, index, error)) return false;
  for (int which = 0; which < N_PARAMETERS; which++) {
    measures->squared[which] = squared_weights(parameters, (enum Parameter)which);
    measures->squared_weights += measures->squared[which];
  }
  return measure_losses(worker, measures, error) &&
         measure_sparsity(worker->basis, parameters, measures, error);
}

bool progress_measure_frequencies(struct ProgressWorker *worker, double *coefficients,
                                  double *excluded_losses, struct Error *error)
{
  int n = worker->basis->n_frequencies;
  bool *chosen = memory_new((size_t)n + 1, sizeof *chosen, "chosen frequencies", error);
  bool done = chosen;
  for (int k = 1; done && k <= n; k++) {
    chosen[k] = true;
    coefficients[k] = cosine_coefficient(&worker->directed, k);
    done = excluded_loss(&worker->directed, chosen, &excluded_losses[k], error);
    chosen[k] = false;
  }
  free(chosen);
  return done;
}
