/*
 * Loss, accuracy and gradient over the training pairs, and loss and accuracy over any subset, with
 * the factored network (engine/factored/factors.h). Same function and gradient as the textbook
 * network, summed in a different order.
 *
 *   step_prepare(&step, &parameters);             // the factors, once per set of parameters
 *   step_evaluate(&step, SUBSET_TEST);            // forward alone
 *   step_gradient(&step, &parameters, &gradient); // forward and backward, training pairs
 *
 * The gradient takes the place of the factors: step_prepare must come before the next call of
 * either of the others.
 *
 * Results do not depend on the number of threads: see engine/factored/pairs.h.
 */
#ifndef ENGINE_FACTORED_STEP_H
#define ENGINE_FACTORED_STEP_H

#include "engine/factored/factors.h"
#include "engine/factored/pairs.h"
#include "engine/factored/tile.h"
#include "engine/performance.h"

/* Sums over one group of rows; groups are then summed in order. */
struct GroupSums {
  double loss;
  size_t correct;
  float *W_L;         /* the gradient of W_L, laid out as that of all pairs */
  float *base;        /* [width], if there is one query */
  float *T_constants; /* [C][H][width], in strips */
};

/* What a step consists of, for whoever observes it (tests/bench). */
enum StepPart {
  PART_NONE,             /* a thread begins, or goes on after waiting */
  PART_FACTORS,          /* parameters to factors */
  PART_STREAMS,          /* attention, weighted sums of factor rows */
  PART_MLP,              /* neurons, logits: the first dense product */
  PART_LOSS,             /* losses and their gradients */
  PART_MLP_BACKWARD,     /* the two other dense products */
  PART_STREAMS_BACKWARD, /* gradients of the factor rows and of the attention weights */
  PART_REDUCTIONS,       /* sums over groups, gradients of the scores */
  PART_FACTORS_BACKWARD, /* gradients of the factors to those of the parameters */
  N_STEP_PARTS
};

/* The streams of a tile's pairs are needed again when the columns are summed. Many threads keep
   those of all pairs. A step that is initialised for one thread, which may have others beside it
   that train something else, and has streams of 4 MB or more, adds the groups to the columns in
   three bands and keeps the streams of one band: 3.3 MB instead of 9.8 at p = 113, so that an epoch
   goes through 10 MB besides the optimizer's 3.6. A column's sums go on from band to band, to the
   same bits. */
struct Step {
  struct ModelConfig config;
  struct Pairs pairs[SUBSET_ALL + 1]; /* by enum Subset; SUBSET_ALL is not filled */
  struct Factors factors;
  struct FactorGradients gradients;
  size_t n_bands;          /* of consecutive groups: 1 or 3 */
  size_t first, end;       /* the pairs of the present band are first .. end - 1 */
  size_t n_streams;        /* pairs of the largest band */
  float *streams;          /* [n_streams][width], of a band: logits, then the streams' gradients */
  float *weights;          /* [n_train][P][H] */
  float *d_weights;        /* [n_train][P][H]: weight gradients, then score gradients */
  float *constants_of_row; /* [p][C][Q][H]: score gradients of the constants */
  struct GroupSums groups[MAX_GROUPS];
  void *block; /* the allocation that holds these arrays */
  int n_threads;
  struct TileScratch *scratch; /* [n_threads] */
  void (*observer)(void *observed,
                   enum StepPart finished); /* called by every thread; may be NULL */
  void *observed;
};

bool step_init(struct Step *step, const struct Config *config, const struct Dataset *dataset,
               struct Error *error);
void step_release(struct Step *step);

void step_prepare(struct Step *step, const struct Parameters *parameters);

/* Overwrites `gradient` with the gradient of GRADIENT_SCALE times the mean training loss
   (network/flush.h). No intermediate value is subnormal, provided that the parameters are flushed,
   as parameters_initialise and adamw_step leave them. */
struct Performance step_gradient(struct Step *step, const struct Parameters *parameters,
                                 struct Parameters *gradient);

/* SUBSET_TRAIN or SUBSET_TEST. For the training pairs, bit-identical to step_gradient's result. */
struct Performance step_evaluate(struct Step *step, enum Subset subset);

#endif
