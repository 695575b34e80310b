/*
 * A network on the whole grid of pairs, for analysis: its logits, and the attention and the neurons
 * of one layer. Networks that the factored engine can train are run by its code
 * (engine/factored/on_pairs.h), so a loss measured here is exactly the loss that was trained; all
 * others are run by the textbook network (engine/textbook/on_pairs.h).
 */
#ifndef ENGINE_ACTIVATIONS_H
#define ENGINE_ACTIVATIONS_H

#include "network/parameters.h"

/* What the network computes for all n = p^2 pairs at the position that is read, "=" or else b; pair
   (a, b) is row p a + b. Reusable for any number of parameter sets of one shape, by one thread at a
   time. */
struct Activations {
  size_t n;
  int N;               /* positions of the input: 3, or 2 without "=" */
  int layer;           /* that attention and neurons are of */
  float *attention;    /* [n][H][N]: weights to the positions of a, b and "="; may be NULL */
  float *hidden;       /* [n][d_mlp]: post-activations; may be NULL */
  float *logits;       /* [n][V]: including the "=" logit if the network has one */
  const float *scores; /* [p][H]: x_=^T W_Q^T W_K W_E[x] / sqrt(d_head), what a number adds to a
                          score; NULL for layers above the first, whose stream is no sum over
                          tokens, for a normalised stream, and without "=" */
  struct FactoredOnPairs *factored; /* one of these two; the other is NULL */
  struct TextbookOnPairs *textbook;
};

/* Allocates for the attention and the neurons of a layer. `config` gives activation, attention and
   its rate. Errors: no memory; OpenBLAS multiplies wrongly (engine/textbook/products.h). There is
   nothing to release then. */
bool activations_init(struct Activations *activations, const struct Shape *shape,
                      const struct ModelConfig *config, int layer, struct Error *error);

/* The same without attention and hidden, which are NULL: saves a third at the paper's sizes. */
bool activations_init_logits(struct Activations *activations, const struct Shape *shape,
                             const struct ModelConfig *config, struct Error *error);
void activations_release(struct Activations *activations);

/* About how many bytes the latter takes. */
size_t activations_size(const struct Shape *shape, const struct ModelConfig *config);

/* Forward pass over all pairs, on the calling thread, of parameters of that shape. */
void activations_forward(struct Activations *activations, const struct Parameters *parameters);

/* The neuron-logit map W_L = W_U W_out of a layer for the p number tokens: out[c * d_mlp + i],
   [p][d_mlp]. */
void activations_neuron_logit_map(const struct Parameters *parameters, int layer, float *out);

#endif
