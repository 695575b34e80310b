/*
 * A network of the paper's kind on the whole grid of pairs, by the code that trains it
 * (engine/factored/factors.h, engine/factored/tile.h).
 */
#ifndef ENGINE_FACTORED_ON_PAIRS_H
#define ENGINE_FACTORED_ON_PAIRS_H

#include "engine/activations.h"

struct FactoredOnPairs;

struct FactoredOnPairs *factored_on_pairs_new(const struct Shape *shape,
                                              const struct ModelConfig *config,
                                              struct Error *error);
void factored_on_pairs_free(struct FactoredOnPairs *on_pairs); /* NULL is allowed */

/* The bytes that it takes for each pair, most of it at a large modulus. */
size_t factored_on_pairs_size(const struct Shape *shape);

/* Parameters for the runs that follow. */
void factored_on_pairs_set(struct FactoredOnPairs *on_pairs, const struct Parameters *parameters);

/* Fills the arrays of the activations that are not NULL, for their rows. */
void factored_on_pairs_run(struct FactoredOnPairs *on_pairs, struct Activations *activations);

/* Activations.scores of the last parameters. */
const float *factored_on_pairs_scores(const struct FactoredOnPairs *on_pairs);

#endif
