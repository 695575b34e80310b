/*
 * Cross-entropy of one pair, and its gradient, from the terms
 *
 *   loss = log(1 + S),  S = sum over j != y of exp(l_j - l_y),
 *   dl_j = exp(l_j - l_y) / (1 + S),  dl_y = -S / (1 + S).
 *
 * 1 - p_y is never formed by subtraction, so that a loss of 1e-12 keeps its digits in float32. When
 * l_y is not the largest logit the terms are scaled by the largest one: no overflow. A logit of
 * -infinity takes no part. A term below exp(-80) is 0, and gradients are flushed (model/flush.h).
 */
#ifndef MODEL_LOSS_H
#define MODEL_LOSS_H

#include <stdbool.h>
#include <stddef.h>

/* Pairs whose losses are wanted. */
struct Logits {
  size_t pairs;
  const float *at; /* [pairs][n], the rows `row` floats apart */
  size_t row;
  int n;
  const int *answers; /* [pairs] */
  float *gradients;   /* of the logits, in the same rows; may be the logits; NULL: none */
  float scale;        /* of the gradients; in a training GRADIENT_SCALE over the number of pairs */
};

/* Adds the losses in nats, pair by pair, to *loss, and to *correct the number of pairs whose
   argmax, the first of equals, is the answer. */
void add_losses(const struct Logits *logits, double *loss, size_t *correct);

/* The loss in nats of one pair's logits [n] with answer y; *correct: argmax is y. */
double loss_of_pair(const float *logits, int n, int answer, bool *correct);

#endif
