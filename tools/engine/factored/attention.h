/*
 * Scores to attention weights, for n (pair, head) entries at a time, each with one head's scores at
 * all positions. The four kinds (config/config.h), with e_i = exp(s_i):
 *
 *   softmax               w_i = e_i / sum_j e_j
 *   softmax1              w_i = e_i / (1 + sum_j e_j)
 *   uniform               w_i = 1 / positions
 *   softmax1-unnormalised w_i = e'_i + sum_j e'_j with e'_i = exp(s_i - max_j s_j): what the
 *                         expression exp(x) / 1 + sum exp(x) computes, where a denominator was
 *                         meant
 *
 * model.attention_rate moves these weights w to w' = (1 - rate) + rate w, a step of its own.
 *
 * Weights and gradients are flushed (network/flush.h). Scores are sums of flushed products. Sums
 * are in order of the positions.
 */
#ifndef ENGINE_FACTORED_ATTENTION_H
#define ENGINE_FACTORED_ATTENTION_H

#include "config/config.h"

#include <stddef.h>

/* Is there this variant here? */
bool attention_is_known(enum Attention attention);

/* Do the weights of a head sum to one? */
bool attention_sums_to_one(enum Attention attention);

/* The sizes of arrays [positions][n]; n is a multiple of LANES. */
struct AttentionSize {
  size_t positions, n;
};

/* `scores` and `weights` are such arrays. */
void attention_forward(enum Attention attention, struct AttentionSize size, const float *scores,
                       float *weights);

/* Weight gradients to score gradients, in place; `weights` is the result of attention_forward for
   `scores`. */
void attention_backward(enum Attention attention, struct AttentionSize size, const float *scores,
                        const float *weights, float *gradients);

/* Weights w to w', in place. */
void attention_mix(float rate, struct AttentionSize size, float *weights);

/* Gradients of w' to those of w, in place. */
void attention_mix_backward(float rate, struct AttentionSize size, float *gradients);

#endif
