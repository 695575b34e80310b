/*
 * The network as one would write it on a blackboard: every layer and head by itself, the forward
 * pass and next to it the backward pass, products by OpenBLAS. It is the definition of the model,
 * to which the faster engines are held.
 *
 *   x^0_i     = W_E[t_i] + pos_i                              tokens t_0 .. t_{N-1}
 *   q, k, v   = n(x^l) W_Q[h], n(x^l) W_K[h], n(x^l) W_V[h]   of every head h
 *   A[h]_ij   = weights over j <= i of q_i . k_j / sqrt(d_head)
 *   x^l,mid   = n'(x^l + sum_h (A[h] v) W_O[h])
 *   x^{l+1}   = n'(x^l,mid + f(n(x^l,mid) W_in + b_in) W_out + b_out)
 *   logits    = n(x^L) W_U
 *
 * with the attention variants, activation functions and normalisations of network/operations.h: n
 * is the layer normalisation of LAYER_NORM_PRE and n' that of LAYER_NORM_POST, else the identity.
 * Where the configuration asks for it: weights A' = (1 - rate) + rate A; W_U = W_E^T; sinusoidal or
 * no positions; layers without heads or without neurons; registers, which are learned x^0 of R
 * further positions before the tokens, see all positions and are seen by all; dropout after the
 * embedding, of the weights A', of the neurons and of the MLP's output.
 *
 * The logits are read at the last n_read positions only; in the last layer nothing is computed for
 * the others but their keys and values.
 *
 * A Textbook has the activations of a batch of B sequences, for one thread at a time. Parameters
 * and gradients are arrays in the order of the list of parameters (network/parameters.h). The type
 * Real is float or double (network/real.h).
 */
#ifndef NETWORK_TEXTBOOK_H
#define NETWORK_TEXTBOOK_H

#include "network/operations.h"
#include "network/parameters.h"

#define textbook_init     REAL_NAME(textbook_init)
#define textbook_release  REAL_NAME(textbook_release)
#define textbook_forward  REAL_NAME(textbook_forward)
#define textbook_losses   REAL_NAME(textbook_losses)
#define textbook_backward REAL_NAME(textbook_backward)
#define textbook_size     REAL_NAME(textbook_size)
#define TextbookLayer     REAL_NAME(TextbookLayer)
#define Textbook          REAL_NAME(Textbook)

/* The activations of a layer. P = R + N positions; Q of them are queries: all, in the last layer
   the n_read last ones. Arrays that would be equal are the same array. */
struct TextbookLayer {
  Real *resid_pre;  /* [B][P][d] */
  Real *normed_pre; /* [B][P][d]: n(resid_pre) */
  Real *queried;    /* [B][Q][d]: resid_pre at the queries */
  Real *q_input;    /* [B][Q][d]: normed_pre at the queries */
  Real *k, *v;      /* [B][P][H][d_head] */
  Real *q;          /* [B][Q][H][d_head], divided by sqrt(d_head) */
  Real *scores;     /* [B][H][Q][P] */
  Real *weights;    /* the same: A; 0 where a query does not see */
  Real *mixed;      /* the same: A', after dropout */
  Real *z;          /* [B][Q][H][d_head]: A' v */
  Real *mid_sum;    /* [B][Q][d]: before n' */
  Real *resid_mid;  /* [B][Q][d] */
  Real *normed_mid; /* [B][Q][d]: n(resid_mid) */
  Real *pre;        /* [B][Q][m] */
  Real *hidden;     /* [B][Q][m], after dropout */
  Real *post_sum;   /* [B][Q][d]: before n' */
  Real *resid_post; /* [B][Q][d]: the next layer's resid_pre */
  struct Norm ln1, ln2;
};

struct Textbook {
  struct Parameters list; /* without values */
  struct ModelConfig config;
  enum Loss loss;
  size_t B;                     /* most sequences in a batch */
  struct TextbookLayer *layers; /* [n_layers] */
  Real *positions;              /* [N][d], if they are sinusoidal */
  struct Norm ln_final;
  Real *normed_final; /* [B][n_read][d] */
  Real *logits;       /* [B][n_read][V] */
  struct TextbookLayer
      d;                /* gradients of the layer at hand; at first d.resid_post of the last one */
  Real *d_mlp_out;      /* [B][P][d] */
  Real *d_normed_final; /* [B][n_read][d] */
  Real *d_logits;       /* [B][n_read][V] */
  Real *arena;          /* the allocation that holds these arrays */
  bool training;        /* drop; if config.dropout is 0 of no effect */
  int64_t seed, step;   /* of the masks; the caller sets these before a forward pass */
  size_t first;         /* number of the first sequence in the step's batch, likewise */
};

/* Allocates activations for batches of up to B sequences. Errors: no memory; then there is nothing
   to release. */
bool textbook_init(struct Textbook *t, const struct Shape *shape, const struct ModelConfig *config,
                   size_t B, struct Error *error);
void textbook_release(struct Textbook *t);

/* The bytes that this would take; SIZE_MAX if more than can be addressed. */
size_t textbook_size(const struct Shape *shape, const struct ModelConfig *config, size_t B);

/* The logits of n <= B sequences, tokens [n][N]. */
void textbook_forward(struct Textbook *t, const Real *parameters, const int *tokens, size_t n);

/* Adds to *loss the losses in nats (loss_of_logits) of the n sequences of the last forward pass at
   their positions read, answers [n][n_read], and to *correct the number of those whose largest
   logit, the first if tied, is the answer's; to by_position [n_read], unless it is NULL, each
   position's losses. Answers of -1 do not count. d_logits become scale times the gradients of the
   losses. */
void textbook_losses(struct Textbook *t, const int *answers, size_t n, Real scale, double *loss,
                     size_t *correct, double *by_position);

/* Adds the parameters' gradients to `gradient`, from d_logits, after a forward pass of the same
   tokens and parameters. Gradients of biases that are not trained are left alone. Afterwards
   d.resid_post has the gradients of x^0, [n][P][d]. */
void textbook_backward(struct Textbook *t, const Real *parameters, const int *tokens, size_t n,
                       Real *gradient);

#endif
