/*
 * The network factored into tables. It reads the tokens a, b, "=" and answers at "=" alone, so:
 *
 * - a score depends on one position: score^0_h(a), score^1_h(b), score^2_h are tables;
 * - what is linear in the residual stream before the MLP is a weighted sum of table rows. With the
 *   reader R = [W_in | W_U] (columns: m neurons, then V logits) and the token vectors
 *   x^0(a) = W_E[a] + W_pos[0], x^1(b) = W_E[b] + W_pos[1], x_= = W_E[=] + W_pos[2],
 *
 *     stream(a, b) = base + sum_h w^0_h T^0_h[a] + w^1_h T^1_h[b] + w^2_h T^2_h
 *     base         = x_= R + [b_in | b_out W_U]
 *     T^i_h[x]     = x^i(x) W_V[h] W_O[h] R
 *
 *   Its first m columns are the neurons' pre-activations, the last V the logits but for the MLP;
 * - behind the activation function, logits = stream[m..] + hidden W_L^T, W_L^T = W_out W_U.
 *
 * Where the weights of a head sum to one (softmax, uniform), w^2 = 1 - w^0 - w^1 is folded away:
 * T^2 is taken off the other two tables and added to the base once.
 *
 * R, the tables and the stream have `width` columns: [m padded | V padded], padded to whole
 * vectors. Padded columns are 0, but for the logits of the base: there they are -infinity, so that
 * no loss and no gradient ever sees them.
 *
 * Only W_E[x] differs between the tables of position 0 and 1, so both come from one product over
 * "sources": the rows x = W_E[0..p-1], then W_pos[0], W_pos[1], x_=.
 */
#ifndef MODEL_TABLES_H
#define MODEL_TABLES_H

#include "model/parameters.h"
#include "model/product.h"

struct Tables {
  struct Shape shape;
  bool folded;      /* T^2 is folded into base, T^0 and T^1 */
  size_t mlp_width; /* m, padded */
  size_t width;     /* mlp_width + V, padded */
  size_t logit_width;
  size_t n_sources;       /* p + 3 */
  float *sources;         /* [n_sources][d] */
  float *reader;          /* [d][width]: R */
  float *readers_by_head; /* [H][d_head][width]: W_O[h] R */
  float *values;          /* [H][n_sources][d_head]: sources W_V[h] */
  float *source_rows;     /* [n_sources][H][width], in strips: values W_O R, of each source */
  float *T0, *T1;         /* [p][H][width], in strips */
  float *T2;              /* [1][H][width], in strips */
  float *base;            /* [width] */
  float *W_L_transposed;  /* [m][logit_width]: W_out W_U */
  struct Packed logits_of_hidden; /* it, [m, V] */
  struct Packed hidden_of_logits; /* W_L [V, m] */
  float *query;                   /* [H][d_head]: x_= W_Q[h] / sqrt(d_head) */
  float *key_query;               /* [d][H]: W_K[h] query_h */
  float *source_scores;           /* [n_sources][H] */
  float *score0, *score1;         /* [p][H] */
  float *score2;                  /* [H] */
  void *block;                    /* where all these arrays stand */
};

/* The tables' gradients, in the same shapes but for W_L's; what else the backward pass needs is its
   scratch. */
struct TableGradients {
  float *T0, *T1;         /* [p][H][width], in strips */
  float *T2;              /* [1][H][width], in strips; not read when folded */
  float *base;            /* [width] */
  float *W_L;             /* [V][mlp_width]: not transposed */
  float *score0, *score1; /* [p][H] */
  float *score2;          /* [H] */
  float *source_rows, *reader, *readers_by_head, *values, *sources, *source_scores, *query,
      *key_query;
  void *block;
};

/*
 * The tables are stored in strips of columns: a strip of all entries stays in the second-level
 * cache while pair after pair reads it. The one whose first column is `begin` is
 * [entries][H][columns], at table + begin entries H. None has both neurons and logits.
 */
enum { TABLE_STRIP = 64 };

struct TableStrip {
  size_t begin, columns;
};

static inline size_t table_strips(const struct Tables *t)
{
  return (t->mlp_width + TABLE_STRIP - 1) / TABLE_STRIP +
         (t->logit_width + TABLE_STRIP - 1) / TABLE_STRIP;
}

static inline struct TableStrip table_strip(const struct Tables *t, size_t i)
{
  size_t n_neurons = (t->mlp_width + TABLE_STRIP - 1) / TABLE_STRIP;
  bool neurons = i < n_neurons;
  size_t begin = neurons ? i * TABLE_STRIP : t->mlp_width + (i - n_neurons) * TABLE_STRIP;
  size_t left = (neurons ? t->mlp_width : t->width) - begin;
  return (struct TableStrip){begin, left < TABLE_STRIP ? left : TABLE_STRIP};
}

/* Do the weights of a head sum to one, so that T^2 is folded away? */
bool tables_fold(enum Attention attention);

bool tables_init(struct Tables *tables, const struct Shape *shape, enum Attention attention,
                 struct Error *error);
void tables_release(struct Tables *tables);

bool table_gradients_init(struct TableGradients *gradients, const struct Tables *tables,
                          struct Error *error);
void table_gradients_release(struct TableGradients *gradients);

/* Fills the tables from the parameters. */
void tables_forward(struct Tables *tables, const struct Parameters *parameters);

/* The chain rule from the tables' gradients to the parameters': overwrites every value of
   `gradient`, a set of parameters of the same shape. It is linear: gradients come out in the units
   in which they go in (model/step.h). */
void tables_backward(const struct Tables *tables, const struct Parameters *parameters,
                     struct TableGradients *gradients, struct Parameters *gradient);

#endif
