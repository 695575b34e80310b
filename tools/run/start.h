/*
 * The weights that a training starts from, where train.from names a checkpoint: those of the last
 * snapshot of a checkpoint of any layout (run/checkpoint.h). The network must have the same
 * parameters; the task and the data may be others. What counts for the run are the weights, whose
 * digest is train.start, and not the place of the file.
 */
#ifndef RUN_START_H
#define RUN_START_H

#include "engine/training_state.h"

/* Sets the values of a state before its first step, in its precision; `list` describes the
   parameters. In float32 they are flushed (network/flush.h). Errors: the file cannot be read, or
   holds no snapshot yet; it has another number of layers; a parameter is missing, has another
   shape, or is one that the network does not have; a value is not finite; biases are not zero, but
   model.biases is false; the digest is not train.start, if that is known. */
bool start_read(const struct Config *config, const struct Parameters *list,
                struct TrainingState *state, struct Error *error);

/* Sets train.start if the training starts from a checkpoint; until then config_digest does not tell
   one from another. Errors: the same, or train.start is given without a checkpoint. */
bool start_name_weights(struct Config *config, struct Error *error);

#endif
