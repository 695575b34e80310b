/*
 * Any network on the whole grid of pairs, by the textbook network in float32, batch by batch.
 */
#ifndef ENGINE_TEXTBOOK_ON_PAIRS_H
#define ENGINE_TEXTBOOK_ON_PAIRS_H

#include "engine/activations.h"

struct TextbookOnPairs;

/* From then on OpenBLAS uses one thread. Errors: no memory, a wrong product
   (engine/textbook/products.h). */
struct TextbookOnPairs *textbook_on_pairs_new(const struct Shape *shape,
                                              const struct ModelConfig *config,
                                              struct Error *error);
void textbook_on_pairs_free(struct TextbookOnPairs *on_pairs); /* NULL is allowed */

/* The bytes that it takes. */
size_t textbook_on_pairs_size(const struct Shape *shape, const struct ModelConfig *config);

/* Parameters for the runs that follow; borrowed. */
void textbook_on_pairs_set(struct TextbookOnPairs *on_pairs, const struct Parameters *parameters);

/* Fills the arrays of the activations that are not NULL, for their rows. */
void textbook_on_pairs_run(struct TextbookOnPairs *on_pairs, struct Activations *activations);

/* Activations.scores of the last parameters, for the first layer. */
const float *textbook_on_pairs_scores(const struct TextbookOnPairs *on_pairs);

#endif
