/*
 * The network, factored into factors. Its input is the tokens a, b, "=", or a, b alone, before
 * which there may be registers; its output is read at the last token only. "=" and the registers
 * are the same for all pairs: constants c = 0 .. C - 1, "=" first. Below, a is at position 0, b at
 * 1, constant c at 2 + c. There are Q queries: one, of "=", or else p, of the tokens b; that of a
 * pair is y, which is 0 or b. So:
 *
 * - each score depends on a single token, or on none, and on the query: score^0_h(a, y),
 *   score^1_h(b), score^{2+c}_h(y) are factors;
 * - anything linear in the residual stream before the MLP is a weighted sum of factor rows. With
 *   the reader R = [W_in | W_U] (columns: m neurons, then V logits), the token vectors x^0(a) =
 *   W_E[a] + W_pos[0] and x^1(b) = W_E[b] + W_pos[1], those of the constants, x^2 = W_E[=] +
 *   W_pos[2] for "=" or else registers, and r(y), that of the token that is read, "=" or b,
 *
 *     stream(a, b) = base(y) + sum_h (w^0_h T^0_h[a] + w^1_h T^1_h[b] + sum_c w^{2+c}_h T^{2+c}_h)
 *     base(y)      = r(y) R + [b_in | b_out W_U]
 *     T^i_h[x]     = x^i(x) W_V[h] W_O[h] R
 *
 *   Its first m columns are the pre-activations, the last V the logits without the MLP;
 * - after the activation function, logits = stream[m..] + hidden W_L^T, W_L^T = W_out W_U.
 *
 * If "=" is the only constant and the weights of a head sum to one (softmax, uniform), then w^2 =
 * 1 - w^0 - w^1 is folded away: T^2 is subtracted from the other two factors and added to the base.
 *
 * R, the factors and the stream have `width` columns: [m padded | V padded], padded to whole
 * vectors. Padding is 0, except in the logits of the base, where it is -infinity and so affects
 * neither loss nor gradient.
 *
 * The factors of positions 0 and 1 share the token part, so both come from one product over
 * "sources": the rows W_E[0..p-1], then W_pos[0], W_pos[1], and the constants. T^0 takes the place
 * of that product's first p rows; the others stay after them.
 *
 * Backward, the gradient of T^0 takes its place, entry by entry, and then that of the product does.
 * The gradient of T^1 takes its place, too, if each entry is summed in one go
 * (engine/factored/step.h). That leaves less to go through, and to keep in a cache.
 */
#ifndef ENGINE_FACTORED_FACTORS_H
#define ENGINE_FACTORED_FACTORS_H

#include "engine/factored/matrix.h"
#include "network/parameters.h"

struct Factors {
  struct Shape shape;
  size_t n_constants, n_positions; /* C, 2 + C */
  size_t n_queries;                /* Q */
  bool folded;                     /* T^2 is folded into base, T^0 and T^1 */
  size_t mlp_width;                /* m, padded */
  size_t width;                    /* mlp_width + V, padded */
  size_t logit_width;
  size_t n_sources;                     /* p + 2 + C */
  float *sources;                       /* [n_sources][d] */
  float *reader;                        /* [d][width]: R */
  float *readers_by_head;               /* [H][d_head][width]: W_O[h] R */
  float *values;                        /* [H][n_sources][d_head]: sources W_V[h] */
  float *T0;                            /* [p][H][width], in strips of n_sources entries */
  float *T1;                            /* [p][H][width], in strips */
  float *T_constants;                   /* [C][H][width], in strips: T^2, ... */
  float *base;                          /* [Q][width] */
  float *W_L_transposed;                /* [m][logit_width]: W_out W_U */
  bool sparse;                          /* products skip neurons that are 0 */
  bool finite;                          /* W_L is */
  struct PackedMatrix logits_of_hidden; /* W_L^T [m, V] */
  struct PackedMatrix hidden_of_logits; /* W_L [V, m] */
  float *read;                          /* [Q][d]: r; that of "=" is one of the sources */
  float *read_of_b;                     /* its memory if they are of b */
  float *query;                         /* [H][Q][d_head]: r W_Q[h] / sqrt(d_head) */
  float *key_query;                     /* [d][H][Q]: W_K[h] query_h */
  float *source_scores;                 /* [n_sources][H][Q] */
  float *score0;                        /* [p][Q][H] */
  float *score1;                        /* [p][H] */
  float *score_constants;               /* [C][Q][H] */
  void *block;                          /* the allocation that holds these arrays */
};

/* The gradients of the factors but T^0, in the same shapes except for W_L; the remaining arrays are
   scratch of the backward pass. */
struct FactorGradients {
  float *T1;               /* [p][H][width], in strips: that of T^1, or the factors' T1 */
  float *T_constants;      /* [C][H][width], in strips; not read when folded */
  float *base;             /* [Q][width] */
  float *W_L;              /* [m][logit_width] if sparse, else [V][mlp_width]: not transposed */
  float *score0;           /* [p][Q][H] */
  float *score1;           /* [p][H] */
  float *score_constants;  /* [C][Q][H] */
  float *read, *read_of_b; /* as in the factors */
  float *base_sum;         /* [width]: of the base, over the queries */
  float *reader, *readers_by_head, *values, *sources, *source_scores, *query, *key_query;
  void *block;
};

/* y: the query of the pairs (a, b). */
static inline size_t factor_query(const struct Factors *t, size_t b)
{
  return t->n_queries > 1 ? b : 0;
}

/* Floats of the gradient of W_L. */
static inline size_t factors_map_size(const struct Factors *t)
{
  return t->sparse ? (size_t)t->shape.d_mlp * t->logit_width : (size_t)t->shape.V * t->mlp_width;
}

/*
 * The factors are stored in strips of columns, so that one strip of all entries stays in the L2
 * cache while all pairs read it. The strip whose first column is `begin` is [entries][H][columns],
 * at factor + begin entries H (see matrix_in_strips in engine/factored/matrix.h for an example). No
 * strip has both neurons and logits.
 */
enum { FACTOR_STRIP = 64 };

struct FactorStrip {
  size_t begin, columns;
};

static inline size_t factor_strips(const struct Factors *t)
{
  return (t->mlp_width + FACTOR_STRIP - 1) / FACTOR_STRIP +
         (t->logit_width + FACTOR_STRIP - 1) / FACTOR_STRIP;
}

static inline struct FactorStrip factor_strip(const struct Factors *t, size_t i)
{
  size_t n_neurons = (t->mlp_width + FACTOR_STRIP - 1) / FACTOR_STRIP;
  bool neurons = i < n_neurons;
  size_t begin = neurons ? i * FACTOR_STRIP : t->mlp_width + (i - n_neurons) * FACTOR_STRIP;
  size_t left = (neurons ? t->mlp_width : t->width) - begin;
  return (struct FactorStrip){begin, left < FACTOR_STRIP ? left : FACTOR_STRIP};
}

/* Fills in the sizes and leaves the arrays NULL. */
void factors_describe(struct Factors *factors, const struct Shape *shape,
                      const struct ModelConfig *config);

bool factors_init(struct Factors *factors, const struct Shape *shape,
                  const struct ModelConfig *config, struct Error *error);
void factors_release(struct Factors *factors);

/* T^1's is in a place of its own, or in that of the factors' T1. */
bool factor_gradients_init(struct FactorGradients *gradients, const struct Factors *factors,
                           bool own_T1, struct Error *error);
void factor_gradients_release(struct FactorGradients *gradients);

/* Computes the factors from the parameters. */
void factors_forward(struct Factors *factors, const struct Parameters *parameters);

/* Backpropagates the factors' gradients, that of T^0 in its place, to the parameters:
   overwrites `gradient`, a parameter set of the same shape. Linear, so any scale of the gradients
   is preserved (engine/factored/step.h). */
void factors_backward(struct Factors *factors, const struct Parameters *parameters,
                      struct FactorGradients *gradients, struct Parameters *gradient);

#endif
