/* The factored step on a device, behind engine/engine.h. Trainings that are opened together take
   their steps together (engine/opencl/trainings.h): a step is made once all of them have asked for
   it. */
#include "base/memory.h"
#include "engine/backend.h"
#include "engine/opencl/trainings.h"

#include <stdlib.h>
#include <string.h>

struct Shared {
  struct Trainings *trainings;
  struct DeviceEngine *first;
  size_t n_open, n_waiting; /* of these, for the step they have asked for */
};

struct DeviceEngine {
  struct Engine engine;
  struct Shared *shared;
  struct DeviceEngine *next; /* of the same */
  size_t which;
  bool waits;
};

static struct DeviceEngine *of(const struct Engine *engine)
{
  return (struct DeviceEngine *)(uintptr_t)engine;
}

/* ---- steps ---- */

/* Makes the step that all have asked for. */
static bool settle(struct DeviceEngine *e, struct Error *error)
{
  struct Shared *shared = e->shared;
  if (shared->n_waiting < shared->n_open || shared->n_waiting == 0) return true;
  if (!trainings_step(shared->trainings, error)) return false;
  shared->n_waiting = 0;
  for (struct DeviceEngine *each = shared->first; each; each = each->next)
    each->waits = false;
  return true;
}

/* Is this training where its caller takes it to be? */
static bool arrive(struct DeviceEngine *e, struct Error *error)
{
  if (!settle(e, error)) return false;
  return !e->waits ||
         error_set(error, "trainings that share a device must take their steps in turns");
}

static bool device_step(struct Engine *engine, struct Performance *before, struct Error *error)
{
  struct DeviceEngine *e = of(engine);
  if (!arrive(e, error) || (before && !trainings_performance(e->shared->trainings, e->which,
                                                             SUBSET_TRAIN, before, error)))
    return false;
  e->waits = true;
  e->shared->n_waiting++;
  return settle(e, error);
}

static bool device_evaluate(struct Engine *engine, enum Subset subset,
                            struct Performance *performance, struct Error *error)
{
  struct DeviceEngine *e = of(engine);
  return arrive(e, error) &&
         trainings_performance(e->shared->trainings, e->which, subset, performance, error);
}

static bool device_load(struct Engine *engine, const struct TrainingState *state,
                        struct Error *error)
{
  struct DeviceEngine *e = of(engine);
  return arrive(e, error) && trainings_load(e->shared->trainings, e->which, state, error);
}

static bool device_fetch(const struct Engine *engine, struct TrainingState *state,
                         struct Error *error)
{
  struct DeviceEngine *e = of(engine);
  return arrive(e, error) && trainings_fetch(e->shared->trainings, e->which, state, error);
}

/* Those of the factored engine: any other would be a fault that check_bits finds. */
static const char *device_bits(const struct Engine *engine)
{
  (void)engine;
  return "factored";
}

static void device_close(struct Engine *engine)
{
  struct DeviceEngine *e = of(engine);
  struct Shared *shared = e->shared;
  struct DeviceEngine **link = &shared->first;
  while (*link != e)
    link = &(*link)->next;
  *link = e->next;
  shared->n_open--;
  shared->n_waiting -= e->waits;
  if (shared->n_open == 0) {
    trainings_close(shared->trainings);
    free(shared);
  }
  free(e);
}

static const struct Operations operations = {.close = device_close,
                                             .bits = device_bits,
                                             .load = device_load,
                                             .fetch = device_fetch,
                                             .step = device_step,
                                             .evaluate = device_evaluate};

/* ---- does the device compute what the processor does? ---- */

/* One step of a training from its initial weights, and what was measured on the way. */
struct Sample {
  struct TrainingState state;
  struct Performance train, test;
};

static bool start_sample(struct Sample *sample, const struct Config *config, struct Error *error)
{
  struct Parameters initial;
  if (!parameters_init(&initial, config, error)) return false;
  parameters_initialise(&initial, config->train.seed);
  bool ready = training_state_init(&sample->state, config, initial.total, error);
  if (ready) training_state_start(&sample->state, &initial);
  sample->state.step = config->optimizer.warmup_steps; /* so that it moves the parameters */
  parameters_release(&initial);
  return ready;
}

static bool sample_processor(struct Sample *sample, const struct Config *config,
                             const struct Dataset *dataset, struct Error *error)
{
  struct Engine *engine = factored_backend.open(config, dataset, error);
  if (!engine) return false;
  const struct Operations *run = engine->operations;
  bool sampled = run->load(engine, &sample->state, error) &&
                 run->step(engine, &sample->train, error) &&
                 run->evaluate(engine, SUBSET_TEST, &sample->test, error) &&
                 run->fetch(engine, &sample->state, error);
  run->close(engine);
  return sampled;
}

static bool sample_device(struct Sample *sample, struct Trainings *trainings, struct Error *error)
{
  return trainings_load(trainings, 0, &sample->state, error) &&
         trainings_performance(trainings, 0, SUBSET_TRAIN, &sample->train, error) &&
         trainings_step(trainings, error) &&
         trainings_performance(trainings, 0, SUBSET_TEST, &sample->test, error) &&
         trainings_fetch(trainings, 0, &sample->state, error);
}

static bool same_performance(const struct Performance *x, const struct Performance *y)
{
  return memcmp(&x->loss, &y->loss, sizeof x->loss) == 0 && x->accuracy == y->accuracy;
}

/* Of the numbers of x, how many are not those of y, bit for bit? */
static size_t count_differences(const void *x, const void *y, size_t n)
{
  size_t different = 0;
  for (size_t i = 0; i < n; i++)
    different += memcmp((const char *)x + 4 * i, (const char *)y + 4 * i, 4) != 0;
  return different;
}

static bool compare_samples(const struct Sample *processor, const struct Sample *device,
                            struct Error *error)
{
  const size_t total = processor->state.total;
  const size_t different = count_differences(processor->state.values, device->state.values, total) +
                           count_differences(processor->state.m, device->state.m, total) +
                           count_differences(processor->state.v, device->state.v, total);
  const bool same_losses = same_performance(&processor->train, &device->train) &&
                           same_performance(&processor->test, &device->test);
  if (different == 0 && same_losses) return true;
  return error_set(error,
                   "this device does not compute as the processor does: after one step %zu of %zu "
                   "numbers differ%s; --engine factored trains the same",
                   different, 3 * total, same_losses ? "" : ", as do losses");
}

/* Before a training begins: a step of it, here and there. */
static bool check_bits(struct Trainings *trainings, const struct Config *config,
                       const struct Dataset *dataset, struct Error *error)
{
  struct Sample processor = {0}, device = {0};
  bool same = start_sample(&processor, config, error) && start_sample(&device, config, error) &&
              sample_processor(&processor, config, dataset, error) &&
              sample_device(&device, trainings, error) &&
              compare_samples(&processor, &device, error);
  training_state_release(&processor.state);
  training_state_release(&device.state);
  return same;
}

/* ---- opening ---- */

static bool add_engine(struct Shared *shared, struct Engine **engine, struct Error *error)
{
  struct DeviceEngine *e = memory_new(1, sizeof *e, "an engine", error);
  if (!e) return false;
  e->engine.operations = &operations;
  e->shared = shared;
  e->which = shared->n_open++;
  e->next = shared->first;
  shared->first = e;
  *engine = &e->engine;
  return true;
}

/* Engines [n] for as many trainings; they are NULL before. */
static bool open_trainings(const struct DeviceDriver *driver, int device, struct Engine **engines,
                           size_t n, const struct Config *const *configs,
                           const struct Dataset *const *datasets, struct Error *error)
{
  struct Shared *shared = memory_new(1, sizeof *shared, "trainings on a device", error);
  if (!shared) return false;
  bool ready = trainings_open(&shared->trainings, driver, device < 0 ? 0 : device, n, configs,
                              datasets, error) &&
               check_bits(shared->trainings, configs[0], datasets[0], error);
  for (size_t i = 0; ready && i < n; i++)
    ready = add_engine(shared, &engines[i], error);
  if (ready) return true;
  const bool any = shared->n_open > 0; /* the last closes the batch */
  for (size_t i = 0; i < n; i++) {
    if (engines[i]) device_close(engines[i]);
    engines[i] = NULL;
  }
  if (!any) {
    trainings_close(shared->trainings);
    free(shared);
  }
  return false;
}

static bool can_train(const struct Config *config, struct Error *error)
{
  return factored_backend.can_train(config, error);
}

#define SUMMARY "what factored trains, with the same bits, on a device"

#ifdef HAVE_OPENCL
static bool open_opencl(int device, struct Engine **engines, size_t n,
                        const struct Config *const *configs, const struct Dataset *const *datasets,
                        struct Error *error)
{
  return open_trainings(&opencl_driver, device, engines, n, configs, datasets, error);
}

const struct Backend opencl_backend = {.name = "opencl",
                                       .summary = SUMMARY " of OpenCL, such as a GPU",
                                       .can_train = can_train,
                                       .open_together = open_opencl,
                                       .driver = &opencl_driver};
#endif

static bool open_cuda(int device, struct Engine **engines, size_t n,
                      const struct Config *const *configs, const struct Dataset *const *datasets,
                      struct Error *error)
{
  return open_trainings(&cuda_driver, device, engines, n, configs, datasets, error);
}

const struct Backend cuda_backend = {.name = "cuda",
                                     .summary = SUMMARY " of CUDA, where there is no OpenCL",
                                     .can_train = can_train,
                                     .open_together = open_cuda,
                                     .driver = &cuda_driver};
