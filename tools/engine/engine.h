/*
 * The door to what trains a network. An engine holds the parameters and the state of the optimizer,
 * and moves both by one epoch at a time:
 *
 *   engine_open(&engine, "auto", &config, &dataset, &error);
 *   engine_load(engine, &state, &error);
 *   engine_step(engine, &train, &error);                    // any number of times
 *   engine_evaluate(engine, SUBSET_TEST, &test, &error);
 *   engine_fetch(engine, &state, &error);
 *   engine_close(engine);
 *
 * engine.c lists the engines; backend.h says what each consists of. Adding one is a folder here and
 * a line there.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/performance.h"
#include "engine/training_state.h"
#include "network/dataset.h"

struct Engine;

/* The names that engine_open takes, each with one line that says what it is: text of --help. Of
   several, separated by commas, the first is taken that can train the configuration. */
void engine_list(FILE *stream);

/* Opens an engine for the training of a configuration on a data set, which must outlive it. It has
   room for as many threads as OpenMP would use now, and may be used with fewer. "auto" takes the
   first engine of the list that can train it. Errors: no such engine; one that cannot train this
   configuration, with the reason; no memory. */
bool engine_open(struct Engine **engine, const char *name, const struct Config *config,
                 const struct Dataset *dataset, struct Error *error);

/* Opens engines [n] of one kind for as many trainings at once, on a device if the engine computes
   on devices; -1 is the first. There the trainings must differ in no more than seeds, learning
   rates and weight decays, and take their steps in turns: each one before any takes the next. On
   errors all are NULL. */
bool engine_open_together(struct Engine **engines, size_t n, const char *name, int device,
                          const struct Config *const *configs,
                          const struct Dataset *const *datasets, struct Error *error);

/* Lists the devices that the engines can use, one a line: "opencl 0  NVIDIA H100 ...". */
bool engine_list_devices(FILE *stream, struct Error *error);

void engine_close(struct Engine *engine); /* NULL is allowed */

const char *engine_name(const struct Engine *engine);

/* What the bits of its results depend on besides the configuration: "factored", or for example
   "textbook, OpenBLAS 0.3.21 SkylakeX, glibc 2.36". A training goes on only where this is the
   same. */
const char *engine_bits(const struct Engine *engine);

/* Sets the parameters and the optimizer's state. */
bool engine_load(struct Engine *engine, const struct TrainingState *state, struct Error *error);

/* Copies them out. */
bool engine_fetch(const struct Engine *engine, struct TrainingState *state, struct Error *error);

/* One step of the optimizer on its batch: all training examples, some of them, or fresh ones
   (train.batch_size, data.examples). *before: loss and accuracy over these, with the parameters
   from before the step; NULL if not wanted, so that an engine with a device need not wait for it.
   A loss that is not a finite number is an error of the step, or, with NULL, at the latest of the
   next call that waits for the device. */
bool engine_step(struct Engine *engine, struct Performance *before, struct Error *error);

/* Loss and accuracy over SUBSET_TRAIN or SUBSET_TEST with the present parameters. Where every step
   draws fresh examples, those of the next step stand for the training examples. If the next step's
   batch is all of SUBSET_TRAIN, in this sense, these are the bits that engine_step would give. */
bool engine_evaluate(struct Engine *engine, enum Subset subset, struct Performance *performance,
                     struct Error *error);

#endif
