/* The training of a textbook network in one precision; engine/textbook/engine.c picks. */
#ifndef ENGINE_TEXTBOOK_TRAINING_H
#define ENGINE_TEXTBOOK_TRAINING_H

#include "engine/backend.h"

enum { TRAINING_BITS_SIZE = 128 };

typedef struct Engine *TrainingOpen(const struct Config *config, const struct Dataset *dataset,
                                    const char *bits, struct Error *error);

/* `bits` is what engine_bits returns; it is copied. Errors: there is not enough memory for all that
   a training needs, with both numbers; OpenBLAS computes wrong products. */
TrainingOpen training_open_32, training_open_64;

#endif
