/*
 * The parameters of the network, in one allocation and described by one list. Names, shapes and
 * orientation follow TransformerLens: activations are row vectors, q = x W_Q[h]. With V_in = p + 1
 * tokens, V = p or p + 1 logits, H heads, d = d_model, m = d_mlp:
 *
 *   W_E   embed.W_E             [V_in, d]        N(0, 1/d)
 *   W_pos pos_embed.W_pos       [3, d]           N(0, 1/d)
 *   W_Q   blocks.0.attn.W_Q     [H, d, d_head]   N(0, 1/d)
 *   W_K   blocks.0.attn.W_K     [H, d, d_head]   N(0, 1/d)
 *   W_V   blocks.0.attn.W_V     [H, d, d_head]   N(0, 1/d)
 *   W_O   blocks.0.attn.W_O     [H, d_head, d]   N(0, 1/d)
 *   W_in  blocks.0.mlp.W_in     [d, m]           N(0, 1/d)
 *   b_in  blocks.0.mlp.b_in     [m]              0
 *   W_out blocks.0.mlp.W_out    [m, d]           N(0, 1/d)
 *   b_out blocks.0.mlp.b_out    [d]              0
 *   W_U   unembed.W_U           [d, V]           N(0, 1/V)
 */
#ifndef NETWORK_PARAMETERS_H
#define NETWORK_PARAMETERS_H

#include "base/error.h"
#include "config/config.h"

#include <stddef.h>

enum Parameter { W_E, W_POS, W_Q, W_K, W_V, W_O, W_IN, B_IN, W_OUT, B_OUT, W_U, N_PARAMETERS };

enum { PARAMETER_MAX_RANK = 3 };

struct ParameterInfo {
  const char *name;       /* in files: "blocks.0.attn.W_Q" */
  const char *short_name; /* in tables and messages: "W_Q" */
  int rank;
  size_t shape[PARAMETER_MAX_RANK];
  size_t offset, count; /* in floats, in the allocation */
  double variance;      /* of its initialisation */
};

/* The sizes of a network, from its configuration. */
struct Shape {
  int p;    /* modulus */
  int V_in; /* tokens: p + 1 */
  int V;    /* logits: p or p + 1 */
  int H, d_model, d_head, d_mlp;
};

struct Parameters {
  struct Shape shape;
  struct ParameterInfo info[N_PARAMETERS];
  size_t total;  /* floats in all */
  float *values; /* [total], 64-byte aligned */
};

/* Fills in shape and list for the configured sizes, without allocating values. Error: sizes that
   cannot be addressed. */
bool parameters_describe(struct Parameters *parameters, const struct Config *config,
                         struct Error *error);

/* Allocates parameters of the configured sizes, all zero. The biases exist, and stay zero, even
   with model.biases = false. Errors: those of parameters_describe, or no memory; then there is
   nothing to release. */
bool parameters_init(struct Parameters *parameters, const struct Config *config,
                     struct Error *error);
void parameters_release(struct Parameters *parameters);

/* The values of one parameter, [info.count]. */
float *parameters_at(const struct Parameters *parameters, enum Parameter which);

/* Draws the initial values: a pure function of the seed, each tensor's name and each index
   (network/random.h), flushed (network/flush.h). */
void parameters_initialise(struct Parameters *parameters, int64_t seed);

#endif
