/*
 * Scores to attention weights, for n (pair, head) entries at a time, each with one head's scores at
 * positions a, b and "=". The four kinds (config/config.h), with e_i = exp(s_i):
 *
 *   softmax               w_i = e_i / sum_j e_j
 *   softmax1              w_i = e_i / (1 + sum_j e_j)
 *   uniform               w_i = 1/3
 *   softmax1-unnormalised w_i = e'_i + sum_j e'_j with e'_i = exp(s_i - max_j s_j): what the
 *                         expression exp(x) / 1 + sum exp(x) computes, where a denominator was
 *                         meant
 *
 * Weights and gradients are flushed (network/flush.h). Scores are sums of flushed products.
 */
#ifndef ENGINE_FACTORED_ATTENTION_H
#define ENGINE_FACTORED_ATTENTION_H

#include "config/config.h"

#include <stddef.h>

/* Is there this variant here? */
bool attention_is_known(enum Attention attention);

/* Do the weights of a head sum to one? */
bool attention_sums_to_one(enum Attention attention);

/* scores[i] and weights[i], i = 0, 1, 2, are arrays of n floats, n a multiple of LANES. */
void attention_forward(enum Attention attention, float *const scores[3], size_t n,
                       float *const weights[3]);

/* Weight gradients to score gradients, in place; gradients[i] are arrays of n floats, and
   `weights` is the result of attention_forward for `scores`. */
void attention_backward(enum Attention attention, float *const scores[3], float *const weights[3],
                        size_t n, float *const gradients[3]);

#endif
