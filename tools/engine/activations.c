#include "engine/activations.h"

#include "base/memory.h"
#include "engine/factored/matrix.h"
#include "engine/factored/on_pairs.h"
#include "engine/textbook/on_pairs.h"

#include <stdlib.h>

/* Is it of the paper's kind, whatever its sizes? */
static bool is_factored(const struct Shape *shape)
{
  return shape->n_layers == 1 && shape->layer_norm == LAYER_NORM_NONE &&
         shape->positions == POSITIONS_LEARNED && !shape->tied && shape->H > 0 && shape->d_mlp > 0;
}

static const char all_pairs[] = "the activations of all pairs";

/* Without arrays; those of the layers are of one. */
static bool init(struct Activations *activations, const struct Shape *shape,
                 const struct ModelConfig *config, int layer, struct Error *error)
{
  size_t n = (size_t)shape->p * (size_t)shape->p;
  *activations = (struct Activations){.n = n,
                                      .p = shape->p,
                                      .N = shape->n_positions,
                                      .layer = layer,
                                      .n_neurons = (size_t)shape->d_mlp};
  if (is_factored(shape)) {
    activations->factored = factored_on_pairs_new(shape, config, error);
    if (activations->factored)
      activations->scores = factored_on_pairs_scores(activations->factored);
    return activations->factored;
  }
  activations->textbook = textbook_on_pairs_new(shape, config, error);
  if (!activations->textbook) return false;
  if (layer == 0) activations->scores = textbook_on_pairs_scores(activations->textbook);
  return true;
}

static bool add_logits(struct Activations *activations, const struct Shape *shape, int rows,
                       struct Error *error)
{
  size_t pairs = (size_t)rows * (size_t)shape->p;
  activations->logits =
      memory_new(pairs, (size_t)shape->V * sizeof *activations->logits, all_pairs, error);
  return activations->logits;
}

static bool add_attention(struct Activations *activations, const struct Shape *shape,
                          struct Error *error)
{
  activations->attention =
      memory_new(activations->n, (size_t)shape->H * (size_t)shape->n_positions * sizeof(float),
                 all_pairs, error);
  return activations->attention;
}

static bool add_hidden(struct Activations *activations, struct Error *error)
{
  if (activations->n_neurons == 0) return true;
  activations->hidden =
      memory_new(activations->n, activations->n_neurons * sizeof(float), all_pairs, error);
  return activations->hidden;
}

bool activations_init_rows(struct Activations *activations, const struct Shape *shape,
                           const struct ModelConfig *config, int rows, struct Error *error)
{
  bool ready =
      init(activations, shape, config, 0, error) && add_logits(activations, shape, rows, error);
  if (!ready) activations_release(activations);
  return ready;
}

bool activations_init_logits(struct Activations *activations, const struct Shape *shape,
                             const struct ModelConfig *config, struct Error *error)
{
  return activations_init_rows(activations, shape, config, shape->p, error);
}

bool activations_init(struct Activations *activations, const struct Shape *shape,
                      const struct ModelConfig *config, int layer, struct Error *error)
{
  bool ready = init(activations, shape, config, layer, error) &&
               add_logits(activations, shape, shape->p, error) &&
               add_attention(activations, shape, error) && add_hidden(activations, error);
  if (!ready) activations_release(activations);
  return ready;
}

bool activations_init_neurons(struct Activations *activations, const struct Shape *shape,
                              const struct ModelConfig *config, int layer, size_t first, size_t n,
                              struct Error *error)
{
  bool ready = init(activations, shape, config, layer, error);
  activations->first_neuron = first;
  activations->n_neurons = n;
  ready = ready && add_hidden(activations, error);
  if (!ready) activations_release(activations);
  return ready;
}

void activations_release(struct Activations *activations)
{
  free(activations->attention);
  free(activations->hidden);
  free(activations->logits);
  factored_on_pairs_free(activations->factored);
  textbook_on_pairs_free(activations->textbook);
  *activations = (struct Activations){0};
}

size_t activations_size(const struct Shape *shape, const struct ModelConfig *config, int rows)
{
  size_t logits = (size_t)rows * (size_t)shape->p * (size_t)shape->V * sizeof(float);
  return logits + (is_factored(shape) ? factored_on_pairs_size(shape)
                                      : textbook_on_pairs_size(shape, config));
}

void activations_set(struct Activations *activations, const struct Parameters *parameters)
{
  if (activations->factored)
    factored_on_pairs_set(activations->factored, parameters);
  else
    textbook_on_pairs_set(activations->textbook, parameters);
}

void activations_run_rows(struct Activations *activations, int first, int end)
{
  activations->first_row = first;
  activations->n = (size_t)(end - first) * (size_t)activations->p;
  if (activations->factored)
    factored_on_pairs_run(activations->factored, activations);
  else
    textbook_on_pairs_run(activations->textbook, activations);
}

void activations_forward(struct Activations *activations, const struct Parameters *parameters)
{
  activations_set(activations, parameters);
  activations_run_rows(activations, 0, activations->p);
}

void activations_neuron_logit_map(const struct Parameters *parameters, int layer, float *out)
{
  const struct Shape *shape = &parameters->shape;
  const size_t d = (size_t)shape->d_model, m = (size_t)shape->d_mlp;
  struct Matrix unembedding = /* [p][d] */
      shape->tied ? matrix_plain(parameters_at(parameters, W_E), d)
                  : matrix_transposed(parameters_at(parameters, W_U), (size_t)shape->V);
  matrix_multiply((size_t)shape->p, m, d, unembedding,
                  matrix_transposed(parameters_of_layer(parameters, layer, W_OUT), d),
                  MATRIX_REPLACE, out, m);
}
