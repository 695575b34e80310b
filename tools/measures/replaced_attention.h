/*
 * The network with other attention weights, or without the stream that skips the heads (appendices
 * A.1 and C.1.3). With A[h] the attention of head h from "=" to the positions of a, b and "=",
 *
 *   resid_mid = x_= + sum over h of A[h]_0 r_h(x_a) + A[h]_1 r_h(x_b) + A[h]_2 r_h(x_=),
 *   r_h(x) = x W_V[h] W_O[h],
 *
 * x_a = W_E[a] + W_pos[0] being the stream at the position of a, and so on. What follows resid_mid
 * is unchanged. Needs PART_HEAD_SUM.
 */
#ifndef MEASURES_REPLACED_ATTENTION_H
#define MEASURES_REPLACED_ATTENTION_H

#include "measures/replaced_neurons.h"

/* All logits [p^2][p] with these weights, [p^2][H][3]; with_skip: with x_= in the sum.
   Multi-threaded; the result does not depend on the number of threads. */
bool replaced_attention_logits(const struct ReplacedNetwork *network, const float *weights,
                               bool with_skip, float *logits, struct Error *error);

/* Each of these writes the logits of the changed network, [p^2][p]. */

/* Replaces the attention of every head by its fit to a, 1 minus the fit to b, and 0 to "=". */
bool replaced_attention_by_fits(const struct ReplacedNetwork *network, float *logits,
                                struct Error *error);

/* Replaces the attention to "=" by 0. That to a and b stays as it is and does not take its share:
   what is removed is what "=" adds to the stream, nothing else. */
bool replaced_attention_off_equals(const struct ReplacedNetwork *network, float *logits,
                                   struct Error *error);

/* Leaves x_=, the skip connection past the heads, out of resid_mid, and so out of what the neurons
   and the MLP's skip connection get. Attention, which is computed from x_=, stays as it is. */
bool replaced_attention_skip(const struct ReplacedNetwork *network, float *logits,
                             struct Error *error);

#endif
