/*
 * Cross-entropy of one pair and its gradient:
 *
 *   loss = log(1 + S),  S = sum over j != y of exp(l_j - l_y),
 *   dl_j = exp(l_j - l_y) / (1 + S),  dl_y = -S / (1 + S).
 *
 * 1 - p_y is never computed by subtraction, so a loss of 1e-12 keeps its digits in float32. If l_y
 * is not the largest logit, terms are scaled by the largest one to avoid overflow. Logits of
 * -infinity contribute nothing. Terms below exp(-80) are 0, and gradients are flushed
 * (network/flush.h).
 */
#ifndef ENGINE_FACTORED_LOSS_H
#define ENGINE_FACTORED_LOSS_H

#include <stdbool.h>
#include <stddef.h>

/* The logits of a batch of pairs. */
struct Logits {
  size_t pairs;
  const float *at; /* [pairs][n], leading dimension `row` */
  size_t row;
  int n;
  const int *answers; /* [pairs] */
  float *gradients;   /* of the logits, in the same layout; may alias `at`; NULL: not wanted */
  float scale;        /* of the gradients; in training GRADIENT_SCALE / number of pairs */
};

/* Adds the losses in nats to *loss, pair by pair, and to *correct the number of pairs whose
   argmax (the first, if tied) is the answer. */
void loss_add(const struct Logits *logits, double *loss, size_t *correct);

/* The loss in nats of one pair's logits [n]; *correct: whether argmax is the answer. */
double loss_of_pair(const float *logits, int n, int answer, bool *correct);

#endif
