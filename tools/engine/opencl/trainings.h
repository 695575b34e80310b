/*
 * Trainings of one kind on a device, which take their steps together: each launch of a kernel is
 * for all of them, as one small training leaves most of a device idle. They differ in their
 * parameters, pairs and rates, and in how many steps they have taken.
 *
 * Nothing waits for the device but trainings_performance, trainings_fetch, and one step in
 * RATES_KEPT. Both of the former fail if a training loss was not a finite number.
 */
#ifndef ENGINE_OPENCL_TRAININGS_H
#define ENGINE_OPENCL_TRAININGS_H

#include "engine/opencl/device.h"
#include "engine/opencl/layout.h"
#include "engine/opencl/plan.h"
#include "engine/performance.h"
#include "engine/training_state.h"

struct Trainings;

/* Opens device `index` for n trainings of these configurations on these data sets. Errors: the
   configurations differ in more than seeds and rates; those of the device; no memory here or
   there. */
bool trainings_open(struct Trainings **trainings, const struct DeviceDriver *driver, int index,
                    size_t n, const struct Config *const *configs,
                    const struct Dataset *const *datasets, struct Error *error);
void trainings_close(struct Trainings *trainings); /* NULL is allowed */

/* Of training `which`. */
bool trainings_load(struct Trainings *trainings, size_t which, const struct TrainingState *state,
                    struct Error *error);
bool trainings_fetch(struct Trainings *trainings, size_t which, struct TrainingState *state,
                     struct Error *error);

/* A step of all trainings. */
bool trainings_step(struct Trainings *trainings, struct Error *error);

/* Loss and accuracy of one training over SUBSET_TRAIN or SUBSET_TEST, with the present parameters;
   those of all trainings are computed, once for a step. */
bool trainings_performance(struct Trainings *trainings, size_t which, enum Subset subset,
                           struct Performance *performance, struct Error *error);

#endif
