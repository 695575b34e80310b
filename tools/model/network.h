/*
 * The network on the whole grid of pairs: what analysis needs of it. The same code that training
 * runs (model/tables.h, model/tile.h), so that a loss measured here is the loss trained there.
 */
#ifndef MODEL_NETWORK_H
#define MODEL_NETWORK_H

#include "model/pairs.h"
#include "model/tables.h"
#include "model/tile.h"

/* What the network computes for all n = p^2 pairs; pair (a, b) is row p a + b. Made once, used for
   any number of parameter sets of one shape, by one thread at a time. */
struct Activations {
  size_t n;
  float *attention; /* [n][H][3]: weights from "=" to the positions of a, b and "="; may be NULL */
  float *hidden;    /* [n][d_mlp]: neurons after the activation function; may be NULL */
  float *logits;    /* [n][V]: the "=" logit included where the network has it */
  struct Pairs pairs; /* the rest is scratch */
  struct Tables tables;
  struct Scratch scratch;
};

bool activations_init(struct Activations *activations, const struct Parameters *parameters,
                      struct Error *error);

/* The same without attention and hidden, which then are NULL: a third less at the paper's sizes. */
bool activations_init_logits(struct Activations *activations, const struct Parameters *parameters,
                             struct Error *error);
void activations_release(struct Activations *activations);

/* Forward over all pairs, on the calling thread. `config` says activation and attention. */
bool network_forward(const struct Parameters *parameters, const struct ModelConfig *config,
                     struct Activations *activations, struct Error *error);

/* The neuron-logit map W_L = W_U W_out of the p number tokens: out[c * d_mlp + i], [p][d_mlp]. */
void network_neuron_logit_map(const struct Parameters *parameters, float *out);

#endif
