#include "engine/training_state.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

size_t precision_size(enum Precision precision)
{
  return precision == PRECISION_FLOAT64 ? sizeof(double) : sizeof(float);
}

static size_t count_arrays(const struct TrainingState *state)
{
  return state->optimizer == OPTIMIZER_ADAMW ? 3 : 2;
}

static size_t array_size(const struct TrainingState *state)
{
  return state->total * precision_size(state->precision);
}

bool training_state_init(struct TrainingState *state, const struct Config *config, size_t total,
                         struct Error *error)
{
  *state = (struct TrainingState){
      .precision = config->train.precision, .optimizer = config->optimizer.kind, .total = total};
  char *values = memory_new(count_arrays(state) * total, precision_size(state->precision),
                            "the parameters and the optimizer's moments", error);
  if (!values) return false;
  state->values = values;
  state->m = values + array_size(state);
  if (state->optimizer == OPTIMIZER_ADAMW) state->v = values + 2 * array_size(state);
  return true;
}

void training_state_release(struct TrainingState *state)
{
  free(state->values);
  *state = (struct TrainingState){0};
}

void training_state_start(struct TrainingState *state, const struct Parameters *parameters)
{
  memset(state->values, 0, count_arrays(state) * array_size(state));
  state->step = 0;
  if (state->precision == PRECISION_FLOAT32)
    memcpy(state->values, parameters->values, array_size(state));
  else
    for (size_t i = 0; i < state->total; i++)
      ((double *)state->values)[i] = (double)parameters->values[i];
}

void training_state_copy(const struct TrainingState *from, struct TrainingState *to)
{
  memcpy(to->values, from->values, count_arrays(from) * array_size(from));
  to->step = from->step;
}

double training_state_number(const struct TrainingState *state, const void *array, size_t i)
{
  return state->precision == PRECISION_FLOAT32 ? (double)((const float *)array)[i]
                                               : ((const double *)array)[i];
}
