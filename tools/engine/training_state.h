/*
 * What a training moves: the parameters, and what the optimizer remembers of each. All of it is in
 * the precision of the training (train.precision), float or double. The arrays are in the order of
 * the list of parameters (network/parameters.h).
 *
 * AdamW remembers m and v (engine/adamw.h), SGD only m, its momentum (engine/textbook/optimizer.h).
 * Both are those of GRADIENT_SCALE times the loss (network/flush.h).
 */
#ifndef ENGINE_TRAINING_STATE_H
#define ENGINE_TRAINING_STATE_H

#include "network/parameters.h"

struct TrainingState {
  enum Precision precision;
  enum OptimizerKind optimizer;
  size_t total; /* numbers of each array */
  int64_t step; /* steps taken */
  void *values; /* [total] each, in one allocation that starts at values */
  void *m, *v;  /* v: NULL for SGD */
};

/* Bytes of one number. */
size_t precision_size(enum Precision precision);

/* Arrays of zeros, before the first step, for a configuration and the total of its parameters. */
bool training_state_init(struct TrainingState *state, const struct Config *config, size_t total,
                         struct Error *error);
void training_state_release(struct TrainingState *state);

/* Sets the state from which training starts: these parameters, and nothing to remember. */
void training_state_start(struct TrainingState *state, const struct Parameters *parameters);

/* Copies a state to one of the same configuration. */
void training_state_copy(const struct TrainingState *from, struct TrainingState *to);

/* One of the arrays' numbers. */
double training_state_number(const struct TrainingState *state, const void *array, size_t i);

#endif
