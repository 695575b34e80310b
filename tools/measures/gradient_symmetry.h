/*
 * Gradient symmetricity (Zhong, Liu, Tegmark and Andreas 2023, definition 4.1): does a logit change
 * alike with the embeddings of both numbers? With Q_abc the logit of output c for the pair (a, b)
 * and E_a, E_b the embeddings at the positions of a and b,
 *
 *   s_g = mean over triples (a, b, c) of cos(dQ_abc / dE_a, dQ_abc / dE_b),
 *
 * from -1 to 1. A network that adds the two embeddings and goes on from their sum has 1, whatever
 * it does next: so has the pizza. One that multiplies them, like the clock, has less.
 *
 * The embeddings are those in the stream, so that a = b is no special case and a tied W_U adds
 * nothing. Gradients are those of the textbook network (network/textbook.h) in float64. The triples
 * are the first n of a list that is the same for all networks of a modulus: all three numbers are
 * uniform in 0..p-1, drawn by the counter-based generator (network/random.h).
 */
#ifndef MEASURES_GRADIENT_SYMMETRY_H
#define MEASURES_GRADIENT_SYMMETRY_H

#include "network/parameters.h"

struct Triple {
  int a, b, c;
};

/* Triple number i = 0, 1, ... of the list. */
struct Triple gradient_symmetry_triple(int p, size_t i);

/* The network, for one thread at a time. */
struct GradientSymmetry;

/* Errors: no memory; OpenBLAS multiplies wrongly (engine/textbook/products.h). */
struct GradientSymmetry *gradient_symmetry_new(const struct Shape *shape,
                                               const struct ModelConfig *config,
                                               struct Error *error);
void gradient_symmetry_free(struct GradientSymmetry *symmetry); /* NULL is allowed */

/* The cosines of n triples for parameters of that shape; NaN where a gradient is zero. */
void gradient_symmetry_cosines(struct GradientSymmetry *symmetry,
                               const struct Parameters *parameters, const struct Triple *triples,
                               size_t n, double *cosines);

/* The mean over those of n cosines that are not NaN, and its standard error; NaN for none. */
struct SymmetryMean {
  double mean, error;
};

struct SymmetryMean gradient_symmetry_mean(const double *cosines, size_t n);

#endif
