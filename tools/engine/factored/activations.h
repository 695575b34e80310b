/*
 * The network on the whole grid of pairs, for analysis. Uses the same code as training
 * (engine/factored/factors.h, engine/factored/tile.h), so a loss measured here is exactly the loss
 * that was trained.
 */
#ifndef ENGINE_FACTORED_ACTIVATIONS_H
#define ENGINE_FACTORED_ACTIVATIONS_H

#include "engine/factored/factors.h"
#include "engine/factored/pairs.h"
#include "engine/factored/tile.h"

/* What the network computes for all n = p^2 pairs; pair (a, b) is row p a + b. Reusable for any
   number of parameter sets of one shape, by one thread at a time. */
struct Activations {
  size_t n;
  float *attention; /* [n][H][3]: weights from "=" to the positions of a, b and "="; may be NULL */
  float *hidden;    /* [n][d_mlp]: post-activations; may be NULL */
  float *logits;    /* [n][V]: including the "=" logit if the network has one */
  struct Pairs pairs; /* the rest is scratch */
  struct Factors factors;
  struct TileScratch scratch;
};

bool activations_init(struct Activations *activations, const struct Parameters *parameters,
                      struct Error *error);

/* The same without attention and hidden, which are NULL: saves a third at the paper's sizes. */
bool activations_init_logits(struct Activations *activations, const struct Parameters *parameters,
                             struct Error *error);
void activations_release(struct Activations *activations);

/* Forward pass over all pairs, on the calling thread. `config` gives activation and attention.
   Error: a modulus other than that of the activations. */
bool activations_forward(const struct Parameters *parameters, const struct ModelConfig *config,
                         struct Activations *activations, struct Error *error);

/* The neuron-logit map W_L = W_U W_out for the p number tokens: out[c * d_mlp + i], [p][d_mlp]. */
void activations_neuron_logit_map(const struct Parameters *parameters, float *out);

#endif
