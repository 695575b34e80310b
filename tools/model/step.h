/*
 * Loss, accuracy and gradient over the training pairs, and loss and accuracy over any subset, by
 * the factored network (model/tables.h). The same function and the same gradient as the textbook
 * network, summed in another order.
 *
 *   step_prepare(&step, &parameters);            // the tables, once per set of parameters
 *   step_gradient(&step, &parameters, &gradient); // forward and backward, training pairs
 *   step_evaluate(&step, SUBSET_TEST);            // forward alone
 *
 * Results do not depend on the number of threads: see model/pairs.h.
 */
#ifndef MODEL_STEP_H
#define MODEL_STEP_H

#include "model/pairs.h"
#include "model/tables.h"
#include "model/tile.h"

struct Performance {
  double loss;     /* mean cross-entropy in nats, over all V logits */
  double accuracy; /* share of the pairs whose largest logit is the answer's */
};

/* What one group of rows adds up; groups are then summed in order. */
struct GroupSums {
  double loss;
  size_t correct;
  float *W_L;  /* [V][mlp_width]: of W_L, not transposed */
  float *base; /* [width] */
  float *T2;   /* [H][width] */
};

/* What the time of an epoch is spent on; the bench shows it (tests/bench). */
enum StepPart {
  PART_TABLES,           /* parameters to tables */
  PART_STREAMS,          /* attention, weighted sums of table rows */
  PART_MLP,              /* neurons, logits: the first dense product */
  PART_LOSS,             /* losses and their gradients */
  PART_MLP_BACKWARD,     /* the two other dense products */
  PART_STREAMS_BACKWARD, /* gradients of the table rows and of the attention weights */
  PART_REDUCTIONS,       /* sums over groups, gradients of the scores */
  PART_TABLES_BACKWARD,  /* gradients of the tables to those of the parameters */
  N_STEP_PARTS
};

struct Step {
  struct ModelConfig config;
  struct Pairs pairs[SUBSET_ALL + 1]; /* by enum Subset; all pairs are not listed */
  struct Tables tables;
  struct TableGradients gradients;
  float *streams;       /* [n_train][width]: logits, then the streams' gradients */
  float *weights;       /* [n_train][3][H] */
  float *d_weights;     /* [n_train][3][H]: gradients of the weights, then of the scores */
  float *score2_of_row; /* [p][H] */
  struct GroupSums groups[MAX_GROUPS];
  void *block; /* where all these arrays stand */
  int n_threads;
  struct Scratch *scratch;         /* [n_threads] */
  double (*seconds)[N_STEP_PARTS]; /* [n_threads]: what each thread spent; NULL: not measured */
};

bool step_init(struct Step *step, const struct Config *config, const struct Dataset *dataset,
               struct Error *error);
void step_release(struct Step *step);

void step_prepare(struct Step *step, const struct Parameters *parameters);

/* Overwrites every value of `gradient` with the gradient of GRADIENT_SCALE times the mean training
   loss (model/flush.h). No operand and no result on the way is subnormal, provided that the
   parameters are flushed, as parameters_initialise and adamw_step leave them. */
struct Performance step_gradient(struct Step *step, const struct Parameters *parameters,
                                 struct Parameters *gradient);

/* SUBSET_TRAIN or SUBSET_TEST. For the training pairs: the bits that step_gradient returns. */
struct Performance step_evaluate(struct Step *step, enum Subset subset);

#endif
