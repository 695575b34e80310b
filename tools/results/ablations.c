#include "results/ablations.h"

#include "base/memory.h"
#include "measures/spectrum.h"

#include <stdlib.h>

static bool remove_one(const struct DirectedLogits *directed, int k, struct Losses *losses,
                       struct Error *error)
{
  size_t n = (size_t)directed->basis->n_frequencies + 1;
  bool *chosen = memory_new(n, sizeof *chosen, "chosen frequencies", error);
  if (!chosen) return false;
  chosen[k] = true;
  bool done = ablated_losses(directed, chosen, losses, error);
  free(chosen);
  return done;
}

static bool remove_each(const struct DirectedLogits *directed, struct Losses *without,
                        struct Error *error)
{
  bool failed = false;
#pragma omp parallel for schedule(dynamic)
  for (int k = 1; k <= directed->basis->n_frequencies; k++) {
    struct Error one_error;
    if (remove_one(directed, k, &without[k], &one_error)) continue;
#pragma omp critical(remove_each_error)
    {
      *error = one_error;
      failed = true;
    }
  }
  return !failed;
}

static bool replace_each(const struct Subject *subject, const struct DirectedLogits *directed,
                         struct Losses *replaced, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  size_t p = (size_t)analysis->basis.p, m = analysis_d_mlp(analysis);
  double *components = memory_new(p * m, sizeof *components, "the neuron-logit map", error);
  float *logits = components ? memory_new(p * p, p * sizeof *logits, "logits", error) : NULL;
  bool done = logits && spectrum_of_neuron_logit_map(
                            &analysis->basis, &analysis->snapshot.parameters, components, error);
  struct NeuronLogitMap map = {&analysis->basis, m, components};
  struct ReplacementSubject network = {.config = &analysis->trajectory.config,
                                       .basis = &analysis->basis,
                                       .directed = directed,
                                       .map = &map,
                                       .snapshot = &analysis->snapshot,
                                       .fits = subject->fits,
                                       .keys = analysis->keys};
  for (int i = 0; done && i < N_REPLACEMENTS; i++) {
    done = replacement_logits(&network, (enum Replacement)i, logits, error);
    if (done) losses_of_logits(&analysis->trajectory.dataset, logits, (int)p, &replaced[i]);
  }
  free(logits);
  free(components);
  return done;
}

static bool compute_from(const struct Subject *subject, const struct DirectedLogits *directed,
                         struct Ablations *ablations, struct Error *error)
{
  const bool *keys = subject->analysis->keys;
  for (int k = 1; k <= directed->basis->n_frequencies; k++)
    ablations->coefficients[k] = cosine_coefficient(directed, k);
  losses_of_logits(directed->dataset, directed->logits, directed->V, &ablations->unablated);
  return restricted_losses(directed, keys, &ablations->restricted, error) &&
         excluded_loss(directed, keys, &ablations->excluded_loss, error) &&
         remove_each(directed, ablations->without, error) &&
         logit_fit(directed, keys, &ablations->fit, error) &&
         replace_each(subject, directed, ablations->replaced, error);
}

static bool compute(const struct Subject *subject, enum DirectionSign sign,
                    struct Ablations *ablations, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  struct DirectedLogits directed;
  if (!directed_logits_init(&directed, &analysis->basis, &analysis->trajectory.dataset, sign,
                            error))
    return false;
  directed_logits_set(&directed, analysis->snapshot.activations.logits,
                      analysis->snapshot.parameters.shape.V);
  bool done = compute_from(subject, &directed, ablations, error);
  directed_logits_release(&directed);
  return done;
}

bool ablations_init(struct Ablations *ablations, const struct Subject *subject,
                    enum DirectionSign sign, struct Error *error)
{
  size_t n = (size_t)subject->analysis->basis.n_frequencies + 1;
  *ablations = (struct Ablations){0};
  ablations->without = memory_new(n, sizeof *ablations->without, "losses by frequency", error);
  if (ablations->without)
    ablations->coefficients = memory_new(n, sizeof(double), "coefficients by frequency", error);
  if (ablations->coefficients && compute(subject, sign, ablations, error)) return true;
  ablations_release(ablations);
  return false;
}

void ablations_release(struct Ablations *ablations)
{
  free(ablations->coefficients);
  free(ablations->without);
  *ablations = (struct Ablations){0};
}
