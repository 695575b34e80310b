/*
 * A network on the whole grid of pairs, for analysis: its logits, and the attention and the neurons
 * of one layer. Networks that the factored engine can train are run by its code
 * (engine/factored/on_pairs.h), so a loss measured here is exactly the loss that was trained; all
 * others are run by the textbook network (engine/textbook/on_pairs.h).
 */
#ifndef ENGINE_ACTIVATIONS_H
#define ENGINE_ACTIVATIONS_H

#include "network/parameters.h"

/* What the network computes at the position that is read, "=" or else b, for n pairs: all p^2, or
   those of some rows a = first_row .. of the grid; pair (a, b) is row p (a - first_row) + b.
   Reusable for any number of parameter sets of one shape, by one thread at a time. */
struct Activations {
  size_t n;
  int p, first_row;
  int N;            /* positions of the input: 3, or 2 without "=" */
  int layer;        /* that attention and neurons are of */
  float *attention; /* [n][H][N]: weights to the positions of a, b and "="; may be NULL */
  float *hidden;    /* [n][n_neurons]: post-activations; may be NULL */
  size_t first_neuron, n_neurons; /* all d_mlp, or some */
  float *logits;       /* [n][V]: including the "=" logit if the network has one; may be NULL */
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

/* The same with room for the logits of `rows` rows of the grid only. */
bool activations_init_rows(struct Activations *activations, const struct Shape *shape,
                           const struct ModelConfig *config, int rows, struct Error *error);

/* Only neurons first .. first + n - 1 of a layer, of all pairs. */
bool activations_init_neurons(struct Activations *activations, const struct Shape *shape,
                              const struct ModelConfig *config, int layer, size_t first, size_t n,
                              struct Error *error);
void activations_release(struct Activations *activations);

/* Forward pass over all pairs, on the calling thread, of parameters of that shape. */
void activations_forward(struct Activations *activations, const struct Parameters *parameters);

/* The same in two steps: first the parameters, which must not change until the last use of the
   other, then rows first .. end - 1, as many as there is room for. The bits are the same. */
void activations_set(struct Activations *activations, const struct Parameters *parameters);
void activations_run_rows(struct Activations *activations, int first, int end);

/* About how many bytes activations_init_rows takes. */
size_t activations_size(const struct Shape *shape, const struct ModelConfig *config, int rows);

/* The neuron-logit map W_L = W_U W_out of a layer for the p number tokens: out[c * d_mlp + i],
   [p][d_mlp]. */
void activations_neuron_logit_map(const struct Parameters *parameters, int layer, float *out);

#endif
