/*
 * The network as one would write it on a blackboard: every layer, head and position by itself, the
 * forward pass and next to it the backward pass, dense products by OpenBLAS. It is the definition
 * of the model, to which the faster engines are held.
 *
 *   x^0_i     = W_E[t_i] + W_pos[i]                           tokens t_0 .. t_{N-1}
 *   q, k, v   = x^l W_Q[h], x^l W_K[h], x^l W_V[h]            of every head h
 *   A[h]_ij   = weights over j <= i of q_i . k_j / sqrt(d_head)
 *   x^l,mid   = x^l + sum_h (A[h] v) W_O[h]
 *   x^{l+1}   = x^l,mid + f(x^l,mid W_in + b_in) W_out + b_out
 *   logits    = x^L W_U
 *
 * with the attention variants and activation functions of config/config.h. The logits are read at
 * the last n_read positions only; in the last layer nothing is computed for the others but their
 * keys and values.
 *
 * A Textbook has the activations of a batch of B sequences, for one thread at a time. Parameters
 * and gradients are arrays in the order of the list of parameters (network/parameters.h). The type
 * Real is float or double (network/real.h).
 */
#ifndef NETWORK_TEXTBOOK_H
#define NETWORK_TEXTBOOK_H

#include "network/parameters.h"
#include "network/real.h"

#define textbook_init     REAL_NAME(textbook_init)
#define textbook_release  REAL_NAME(textbook_release)
#define textbook_forward  REAL_NAME(textbook_forward)
#define textbook_losses   REAL_NAME(textbook_losses)
#define textbook_backward REAL_NAME(textbook_backward)

/* The activations of a layer. Q positions of each sequence are queries: all N, in the last layer
   the n_read last ones. */
struct TextbookLayer {
  Real *resid_pre;  /* [B][N][d] */
  Real *queried;    /* [B][Q][d]: resid_pre at the queries */
  Real *k, *v;      /* [B][N][H][d_head] */
  Real *q;          /* [B][Q][H][d_head] */
  Real *scores;     /* [B][Q][H][N]; only those that a query sees: j <= i */
  Real *weights;    /* the same */
  Real *z;          /* [B][Q][H][d_head]: A v */
  Real *resid_mid;  /* [B][Q][d] */
  Real *pre;        /* [B][Q][m] */
  Real *hidden;     /* [B][Q][m] */
  Real *resid_post; /* [B][Q][d]: the next layer's resid_pre */
};

struct Textbook {
  struct Parameters list; /* without values */
  struct ModelConfig config;
  size_t B;                     /* most sequences in a batch */
  size_t n_read;                /* positions whose logits are read */
  struct TextbookLayer *layers; /* [n_layers] */
  Real *logits;                 /* [B][n_read][V] */
  struct TextbookLayer d;       /* gradients of the layer at hand; d.resid_post of the last layer */
  Real *d_logits;               /* [B][n_read][V] */
  Real *arena;                  /* the allocation that holds these arrays */
};

/* Allocates activations for batches of up to B sequences. Errors: no memory, or more than can be
   addressed; then there is nothing to release. */
bool textbook_init(struct Textbook *t, const struct Shape *shape, const struct ModelConfig *config,
                   size_t B, size_t n_read, struct Error *error);
void textbook_release(struct Textbook *t);

/* The logits of n <= B sequences, tokens [n][N]. */
void textbook_forward(struct Textbook *t, const Real *parameters, const int *tokens, size_t n);

/* Adds to *loss the losses in nats of the n sequences of the last forward pass at their positions
   read, answers [n][n_read], and to *correct the number of those whose argmax (the first, if tied)
   is the answer:

     loss = log(1 + S),  S = sum over j != y of exp(l_j - l_y).

   d_logits become scale times the gradients of the losses. */
void textbook_losses(struct Textbook *t, const int *answers, size_t n, Real scale, double *loss,
                     size_t *correct);

/* Adds the parameters' gradients to `gradient`, from d_logits, after a forward pass of the same
   tokens and parameters. Gradients of biases that are not trained are left alone. */
void textbook_backward(struct Textbook *t, const Real *parameters, const int *tokens, size_t n,
                       Real *gradient);

#endif
