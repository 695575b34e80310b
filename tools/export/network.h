/*
 * A network as a page can run it: the smallest parts from which its logits, attention and neurons
 * follow. It is what engine/factored/factors.h derives, but before the products over heads:
 *
 *   w_h = the attention weights of the scores s_h(a) + s_h(position 0), s_h(b) + s_h(position 1)
 *         and s_h(=), the last with its position
 *   z_h = w_h^0 (v_h(a) + v_h(position 0)) + w_h^1 (v_h(b) + v_h(position 1)) + w_h^2 v_h(=)
 *   hidden = ReLU(neurons z + neuron_base)
 *   logits = skip z + hidden W_L + logit_base
 *
 * with x W_K[h] . x_= W_Q[h] / sqrt(d_head) as s_h(x), x W_V[h] as v_h(x), W_O W_in as neurons, W_O
 * W_U as skip, z all heads' z_h in a row. "Sources" x are the p numbers, "=" with its position, and
 * positions 0 and 1.
 */
#ifndef EXPORT_NETWORK_H
#define EXPORT_NETWORK_H

#include "base/error.h"
#include "network/parameters.h"

#include <jansson.h>

/* Why a page cannot run such a network; NULL if it can: one layer, learned positions, "=", ReLU,
   and none of layer normalisation, registers and tied embeddings. */
const char *network_unfit(const struct Config *config);

/* How many sources there are: p + 3. */
size_t network_sources(const struct Shape *shape);

/* scores[H][sources]: s_h(x). */
bool network_scores(const struct Parameters *parameters, float *scores, struct Error *error);

/* The other parts as blobs (export/blob.h): values (rows, [sources][H d_head]), neurons (rows,
   [m][H d_head]), neuron_base (floats, [m]), skip (rows, [p][H d_head]), logit_base (floats, [p]),
   W_L (rows, [m][p]). NULL with an error: no memory. */
json_t *network_parts(const struct Parameters *parameters, struct Error *error);

#endif
