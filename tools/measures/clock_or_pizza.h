/*
 * Clock or pizza? Which of two algorithms a network adds by, measured as Zhong, Liu, Tegmark and
 * Andreas 2023 do. A clock multiplies the rotations of a and b, so that its correct logits do not
 * depend on how far a and b are apart; a pizza adds the two points and reads off where on its
 * slices their midpoint lies, whose distance from the centre depends on just that.
 *
 *  - Gradient symmetricity (definition 4.1): measures/gradient_symmetry.h.
 *  - Distance irrelevance (definition 4.2): with L_ab the logit of the answer to (a, b),
 *
 *      q = (mean over d of std over a of L_{a, a + d}) / std over a, b of L_ab,
 *
 *    standard deviations of all values, not estimates; 1 where the logits do not depend on the
 *    distance d, 0 where they depend on nothing else. Of a network that subtracts, L_{a, d - a}.
 *  - Circularity (the appendix; their code): of the first four principal components of the number
 *    tokens of W_E, the mean share of the squared norm that the strongest frequency has; 1 for
 *    components that are a wave each.
 *
 * clock-or-pizza.tsv has them for every snapshot, clock-or-pizza-quantities.tsv for one.
 */
#ifndef MEASURES_CLOCK_OR_PIZZA_H
#define MEASURES_CLOCK_OR_PIZZA_H

#include "fourier/directions.h"
#include "measures/logit_rows.h"
#include "measures/principal_components.h"

/* Puts the logits of a + b (a - b) of some rows into correct[p^2], those of all pairs. */
void clock_or_pizza_correct_logits(int p, enum DirectionSign sign, const struct LogitRows *rows,
                                   float *correct);

/* Of the correct logits of all pairs, [p^2]. NaN if all are equal. */
double clock_or_pizza_distance_irrelevance(int p, enum DirectionSign sign, const float *correct);

/* Of fewer components, if there are not four; NaN for none. */
double clock_or_pizza_circularity(const struct FourierBasis *basis,
                                  const struct PrincipalComponents *of_embedding);

SubjectWriter clock_or_pizza_write;            /* clock-or-pizza.tsv */
SubjectWriter clock_or_pizza_write_quantities; /* clock-or-pizza-quantities.tsv */

#endif
