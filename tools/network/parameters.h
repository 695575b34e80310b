/*
 * The parameters of a network, in one allocation and described by one list. Names, shapes and
 * orientation follow TransformerLens: activations are row vectors, q = x W_Q[h]. With V_in = p + 1
 * tokens, V = p or p + 1 logits, N positions, H heads, d = d_model, m = d_mlp, and one set of the
 * blocks' parameters for each layer l = 0 .. n_layers - 1:
 *
 *   W_E   embed.W_E             [V_in, d]        N(0, 1/d)
 *   W_pos pos_embed.W_pos       [N, d]           N(0, 1/d)
 *   W_Q   blocks.l.attn.W_Q     [H, d, d_head]   N(0, 1/d)
 *   W_K   blocks.l.attn.W_K     [H, d, d_head]   N(0, 1/d)
 *   W_V   blocks.l.attn.W_V     [H, d, d_head]   N(0, 1/d)
 *   W_O   blocks.l.attn.W_O     [H, d_head, d]   N(0, 1/d)
 *   W_in  blocks.l.mlp.W_in     [d, m]           N(0, 1/d)
 *   b_in  blocks.l.mlp.b_in     [m]              0
 *   W_out blocks.l.mlp.W_out    [m, d]           N(0, 1/d)
 *   b_out blocks.l.mlp.b_out    [d]              0
 *   W_U   unembed.W_U           [d, V]           N(0, 1/V)
 *
 * and, where the configuration asks for them:
 *
 *   registers.W                              [registers, d]  N(0, 1/d)
 *   blocks.l.ln1.w, .b  blocks.l.ln2.w, .b   [d]             1, 0
 *   ln_final.w, .b                           [d]             1, 0
 *
 * Without heads there are no W_Q to W_O (nor ln1), without neurons no W_in to b_out (nor ln2);
 * W_pos is there if positions are learned, W_U if embeddings are not tied.
 */
#ifndef NETWORK_PARAMETERS_H
#define NETWORK_PARAMETERS_H

#include "base/error.h"
#include "config/config.h"

#include <stddef.h>

/* The kinds of parameters. Those of the paper's network come first: there the kind is also the
   parameter's place in the list. */
enum Parameter {
  W_E,
  W_POS,
  W_Q,
  W_K,
  W_V,
  W_O,
  W_IN,
  B_IN,
  W_OUT,
  B_OUT,
  W_U,
  N_PARAMETERS, /* of the paper's network */
  REGISTERS = N_PARAMETERS,
  LN1_W,
  LN1_B,
  LN2_W,
  LN2_B,
  LN_FINAL_W,
  LN_FINAL_B,
  N_PARAMETER_KINDS
};

enum { PARAMETER_MAX_RANK = 3, PARAMETER_NAME_SIZE = 32 };

struct ParameterInfo {
  enum Parameter kind;
  int layer;                      /* 0 where a parameter belongs to no layer */
  char name[PARAMETER_NAME_SIZE]; /* in files: "blocks.0.attn.W_Q" */
  const char *short_name;         /* in tables and messages: "W_Q" */
  int rank;
  size_t shape[PARAMETER_MAX_RANK];
  size_t offset, count;  /* in numbers, in the allocation */
  double mean, variance; /* of its initialisation */
};

/* The sizes of a network. */
struct Shape {
  int p;           /* modulus; of tasks without one 0 */
  int V_in;        /* tokens: p + 1 */
  int V;           /* logits: p or p + 1 */
  int n_positions; /* N, of the input: 3 for "a", "b" and "=" */
  int n_read;      /* the last positions, whose logits are read: 1 for "=" */
  int n_layers, H, d_model, d_head, d_mlp;
  int n_registers;
  enum LayerNorm layer_norm;
  enum Positions positions;
  bool tied; /* W_U = W_E^T */
};

/* The sizes of the configured network. */
struct Shape shape_of_config(const struct Config *config);

struct Parameters {
  struct Shape shape;
  int n;                      /* parameters in the list */
  struct ParameterInfo *info; /* [n] */
  size_t total;               /* floats in all */
  float *values;              /* [total], 64-byte aligned */
};

/* Fills in shape and list for the configured sizes, without allocating values. Errors: sizes that
   cannot be addressed, or no memory; then there is nothing to release. */
bool parameters_describe(struct Parameters *parameters, const struct Config *config,
                         struct Error *error);

/* The same for sizes of any depth. */
bool parameters_describe_shape(struct Parameters *parameters, const struct Shape *shape,
                               struct Error *error);

/* Allocates parameters of the configured sizes, all zero. The biases exist, and stay zero, even
   with model.biases = false. Errors: those of parameters_describe; then there is nothing to
   release. */
bool parameters_init(struct Parameters *parameters, const struct Config *config,
                     struct Error *error);
void parameters_release(struct Parameters *parameters);

/* Copies the values to parameters of the same shape. */
void parameters_copy(const struct Parameters *from, struct Parameters *to);

/* The place in the list of a parameter of a layer, -1 if it is not there; `layer` is ignored for
   parameters that belong to none. */
int parameters_place(const struct Parameters *parameters, int layer, enum Parameter kind);

/* The parameter of that name in files: false if no network has one. Layers below 10,000. */
bool parameters_parse_name(const char *name, enum Parameter *kind, int *layer);

/* The values of one parameter of the first layer, or of none: [info.count]. */
float *parameters_at(const struct Parameters *parameters, enum Parameter kind);

/* The same of any layer; NULL if it is not there. */
float *parameters_of_layer(const struct Parameters *parameters, int layer, enum Parameter kind);

/* Draws the initial values: a pure function of the seed, each tensor's name and each index
   (network/random.h), flushed (network/flush.h). */
void parameters_initialise(struct Parameters *parameters, int64_t seed);

#endif
