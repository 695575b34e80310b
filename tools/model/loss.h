/*
 * Cross-entropy of one pair, and its gradient, from the terms
 *
 *   loss = log(1 + S),  S = sum over j != y of exp(l_j - l_y),
 *   dl_j = exp(l_j - l_y) / (1 + S),  dl_y = -S / (1 + S).
 *
 * 1 - p_y is never formed by subtraction, so that a loss of 1e-12 keeps its digits in float32. When
 * l_y is not the largest logit the terms are scaled by the largest one: no overflow. A logit of
 * -infinity takes no part.
 */
#ifndef MODEL_LOSS_H
#define MODEL_LOSS_H

#include <stdbool.h>

/* The loss in nats of logits [n] with answer y. *correct: argmax, the first of equals, is y. */
double loss_of_pair(const float *logits, int n, int answer, bool *correct);

/* The same, and the logits are overwritten by scale times the gradient. */
double loss_gradient_of_pair(float *logits, int n, int answer, float scale, bool *correct);

#endif
