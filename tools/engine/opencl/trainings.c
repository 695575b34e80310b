#include "engine/opencl/trainings.h"

#include "base/memory.h"
#include "engine/adamw.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const char kernels_source[]; /* product.h and kernels/: embed.cmake */

struct Trainings {
  const struct DeviceDriver *driver;
  struct Device *device;
  size_t n;                           /* trainings */
  struct OptimizerConfig *optimizers; /* [n] */
  int64_t *steps;                     /* [n]: taken */
  struct Layout layout;
  struct DeviceMemory *floats, *ints, *products;
  struct DeviceLaunch **launches;  /* stage after stage */
  size_t first[N_PLAN_STAGES + 1]; /* of each, and how many in all */
  int rates_left;                  /* steps whose rates are on the device */
  bool prepared;                   /* the factors are those of the parameters */
  bool forwarded;                  /* the streams are those of the training pairs */
  int known;                       /* the subset whose losses the device has, or -1 */
};

/* ---- launches ---- */

static bool prepare(struct Trainings *trainings, const struct PlannedLaunch *planned,
                    struct DeviceLaunch **launch, struct Error *error)
{
  const struct DeviceGrid grid = {{planned->groups, trainings->n}, planned->items};
  struct DeviceArguments arguments = {
      .memories = {trainings->floats, trainings->ints, trainings->products}};
  memcpy(arguments.numbers, planned->numbers, sizeof planned->numbers);
  return trainings->driver->prepare(trainings->device, planned->kernel, &grid, &arguments, launch,
                                    error);
}

static bool prepare_all(struct Trainings *trainings, const struct Plan *plan, struct Error *error)
{
  size_t *first = trainings->first;
  for (int s = 0; s < N_PLAN_STAGES; s++)
    first[s + 1] = first[s] + plan->stages[s].n;
  trainings->launches =
      memory_new(first[N_PLAN_STAGES], sizeof(struct DeviceLaunch *), "launches", error);
  bool ready = trainings->launches;
  for (int s = 0; s < N_PLAN_STAGES; s++)
    for (size_t i = 0; ready && i < plan->stages[s].n; i++)
      ready = prepare(trainings, &plan->stages[s].launches[i], trainings->launches + first[s] + i,
                      error);
  return ready;
}

/* The stages from one to another. */
static bool run(struct Trainings *trainings, enum PlanStage from, enum PlanStage to,
                struct Error *error)
{
  const size_t first = trainings->first[from];
  return trainings->driver->run(trainings->device, trainings->launches + first,
                                trainings->first[to + 1] - first, error);
}

/* ---- memory ---- */

static size_t float_place(const struct Trainings *trainings, size_t which, enum LayoutFloats name)
{
  return (which * (size_t)trainings->layout.floats + (size_t)trainings->layout.at[name]) *
         sizeof(float);
}

static size_t int_place(const struct Trainings *trainings, size_t which, enum LayoutInts name)
{
  return (which * (size_t)trainings->layout.ints + (size_t)trainings->layout.ints_at[name]) *
         sizeof(int);
}

static bool write_floats(struct Trainings *trainings, size_t which, enum LayoutFloats name,
                         size_t n, const float *from, struct Error *error)
{
  return trainings->driver->write(trainings->device, trainings->floats,
                                  float_place(trainings, which, name), n * sizeof *from, from,
                                  error);
}

static bool read_floats(struct Trainings *trainings, size_t which, enum LayoutFloats name, size_t n,
                        void *to, struct Error *error)
{
  return trainings->driver->read(trainings->device, trainings->floats,
                                 float_place(trainings, which, name), n * sizeof(float), to, error);
}

static bool read_ints(struct Trainings *trainings, size_t which, enum LayoutInts name, size_t n,
                      int *to, struct Error *error)
{
  return trainings->driver->read(trainings->device, trainings->ints,
                                 int_place(trainings, which, name), n * sizeof *to, to, error);
}

/* The integers of a training: its pairs. */
static bool write_pairs(struct Trainings *trainings, size_t which, const struct Dataset *dataset,
                        struct Error *error)
{
  struct Pairs train = {0}, test = {0};
  const size_t n = (size_t)trainings->layout.ints;
  int *ints = memory_new(n, sizeof *ints, "the pairs", error);
  bool ready = ints && pairs_init(&train, dataset, SUBSET_TRAIN, error) &&
               pairs_init(&test, dataset, SUBSET_TEST, error);
  if (ready) {
    layout_fill_ints(&trainings->layout, &train, &test, ints);
    ready = trainings->driver->write(trainings->device, trainings->ints, which * n * sizeof *ints,
                                     n * sizeof *ints, ints, error);
  }
  pairs_release(&train);
  pairs_release(&test);
  free(ints);
  return ready;
}

static bool allocate(struct Trainings *trainings, const struct Plan *plan,
                     const struct Dataset *const *datasets, struct Error *error)
{
  const struct DeviceDriver *driver = trainings->driver;
  const struct Layout *layout = &trainings->layout;
  const size_t products = plan->n_products * sizeof *plan->products;
  const char *what = trainings->n == 1 ? "the training" : "the trainings";
  if (!driver->allocate(trainings->device, trainings->n * (size_t)layout->floats * sizeof(float),
                        what, &trainings->floats, error) ||
      !driver->allocate(trainings->device, trainings->n * (size_t)layout->ints * sizeof(int), what,
                        &trainings->ints, error) ||
      !driver->allocate(trainings->device, products, what, &trainings->products, error) ||
      !driver->write(trainings->device, trainings->products, 0, products, plan->products, error))
    return false;
  for (size_t i = 0; i < trainings->n; i++)
    if (!write_pairs(trainings, i, datasets[i], error)) return false;
  return true;
}

/* ---- opening ---- */

static bool describe(struct Layout *layout, const struct Config *config,
                     const struct Dataset *dataset, struct Error *error)
{
  struct Parameters list;
  if (!parameters_describe(&list, config, error)) return false;
  layout_init(layout, config, &list, (size_t)dataset->n_train, (size_t)dataset->n_test);
  parameters_release(&list);
  return true;
}

/* The definitions of the kernels for one training, and its layout; NULL with an error. */
static char *definitions_of(struct Layout *layout, const struct Config *config,
                            const struct Dataset *dataset, struct Error *error)
{
  if (!describe(layout, config, dataset, error)) return NULL;
  return layout_definitions(layout, config, error);
}

/* Those of all trainings, which are the same; NULL with an error. */
static char *definitions_of_all(struct Trainings *trainings, const struct Config *const *configs,
                                const struct Dataset *const *datasets, struct Error *error)
{
  char *first = definitions_of(&trainings->layout, configs[0], datasets[0], error);
  bool same = first;
  for (size_t i = 1; same && i < trainings->n; i++) {
    struct Layout layout;
    char *text = definitions_of(&layout, configs[i], datasets[i], error);
    same = text && strcmp(text, first) == 0;
    if (text && !same)
      error_set(error, "trainings that share a device must be of one size and kind");
    free(text);
  }
  if (same) return first;
  free(first);
  return NULL;
}

static bool build(struct Trainings *trainings, const char *definitions,
                  const struct Dataset *const *datasets, struct Error *error)
{
  struct Plan *plan = memory_new(1, sizeof *plan, "a plan", error);
  if (!plan) return false;
  plan_init(plan, &trainings->layout);
  bool built = trainings->driver->build(trainings->device, kernels_source, definitions, error) &&
               allocate(trainings, plan, datasets, error) && prepare_all(trainings, plan, error);
  free(plan);
  return built;
}

bool trainings_open(struct Trainings **opened, const struct DeviceDriver *driver, int index,
                    size_t n, const struct Config *const *configs,
                    const struct Dataset *const *datasets, struct Error *error)
{
  *opened = NULL;
  struct Trainings *trainings = memory_new(1, sizeof *trainings, "trainings on a device", error);
  if (!trainings) return false;
  trainings->driver = driver;
  trainings->n = n;
  trainings->known = -1;
  trainings->optimizers =
      memory_new(n, sizeof *trainings->optimizers, "trainings on a device", error);
  trainings->steps = memory_new(n, sizeof *trainings->steps, "trainings on a device", error);
  char *definitions = NULL;
  bool ready = trainings->optimizers && trainings->steps;
  for (size_t i = 0; ready && i < n; i++)
    trainings->optimizers[i] = configs[i]->optimizer;
  if (ready) definitions = definitions_of_all(trainings, configs, datasets, error);
  ready = ready && definitions && driver->open(&trainings->device, index, error) &&
          build(trainings, definitions, datasets, error);
  free(definitions);
  if (ready)
    *opened = trainings;
  else
    trainings_close(trainings);
  return ready;
}

void trainings_close(struct Trainings *trainings)
{
  if (!trainings) return;
  if (trainings->device) trainings->driver->close(trainings->device);
  free(trainings->launches);
  free(trainings->optimizers);
  free(trainings->steps);
  free(trainings);
}

/* ---- states ---- */

/* Has any step of a training had a loss that was no finite number? */
static bool check_losses(struct Trainings *trainings, size_t which, struct Error *error)
{
  int step;
  return read_ints(trainings, which, INTS_NOT_FINITE, 1, &step, error) &&
         (step == INT_MAX || performance_check_loss(step, NAN, error));
}

bool trainings_load(struct Trainings *trainings, size_t which, const struct TrainingState *state,
                    struct Error *error)
{
  const int counters[] = {(int)state->step, INT_MAX};
  trainings->steps[which] = state->step;
  trainings->prepared = trainings->forwarded = false;
  trainings->known = -1;
  trainings->rates_left = 0;
  return write_floats(trainings, which, AT_PARAMETERS, state->total, state->values, error) &&
         write_floats(trainings, which, AT_M, state->total, state->m, error) &&
         write_floats(trainings, which, AT_V, state->total, state->v, error) &&
         trainings->driver->write(trainings->device, trainings->ints,
                                  int_place(trainings, which, INTS_STEP), sizeof *counters,
                                  &counters[0], error) &&
         trainings->driver->write(trainings->device, trainings->ints,
                                  int_place(trainings, which, INTS_NOT_FINITE), sizeof *counters,
                                  &counters[1], error);
}

bool trainings_fetch(struct Trainings *trainings, size_t which, struct TrainingState *state,
                     struct Error *error)
{
  state->step = trainings->steps[which];
  return check_losses(trainings, which, error) &&
         read_floats(trainings, which, AT_PARAMETERS, state->total, state->values, error) &&
         read_floats(trainings, which, AT_M, state->total, state->m, error) &&
         read_floats(trainings, which, AT_V, state->total, state->v, error);
}

/* ---- steps ---- */

/* Sends what the optimizer needs of the next steps. */
static bool send_rates(struct Trainings *trainings, struct Error *error)
{
  for (size_t which = 0; which < trainings->n; which++) {
    float rates[RATES_KEPT][RATES_SIZE] = {0};
    for (int64_t i = 0; i < RATES_KEPT; i++) {
      const int64_t step = trainings->steps[which] + i;
      const struct AdamWConstants c = adamw_constants(&trainings->optimizers[which], step);
      float *at = rates[step % RATES_KEPT];
      at[0] = c.keep;
      at[1] = c.rate1;
      at[2] = c.scale2;
    }
    if (!write_floats(trainings, which, AT_RATES, RATES_KEPT * RATES_SIZE, &rates[0][0], error))
      return false;
  }
  trainings->rates_left = RATES_KEPT;
  return true;
}

/* What a stage needs to have run before it. */
static enum PlanStage first_missing(const struct Trainings *trainings)
{
  if (!trainings->prepared) return PLAN_PREPARE;
  return trainings->forwarded ? PLAN_BACKWARD : PLAN_FORWARD;
}

bool trainings_step(struct Trainings *trainings, struct Error *error)
{
  if ((trainings->rates_left == 0 && !send_rates(trainings, error)) ||
      !run(trainings, first_missing(trainings), PLAN_BACKWARD, error))
    return false;
  trainings->rates_left--;
  for (size_t i = 0; i < trainings->n; i++)
    trainings->steps[i]++;
  trainings->prepared = trainings->forwarded = false;
  trainings->known = -1;
  return true;
}

/* The forward pass of the training pairs is the next step's. */
static bool measure(struct Trainings *trainings, enum Subset subset, struct Error *error)
{
  if (trainings->known == (int)subset) return true;
  const bool train = subset == SUBSET_TRAIN;
  if (train && !trainings->forwarded &&
      !run(trainings, first_missing(trainings), PLAN_FORWARD, error))
    return false;
  if (!train && !trainings->prepared && !run(trainings, PLAN_PREPARE, PLAN_PREPARE, error))
    return false;
  trainings->prepared = true;
  trainings->forwarded = train; /* test pairs take the streams' place */
  const enum PlanStage losses = train ? PLAN_LOSSES : PLAN_TEST;
  if (!run(trainings, losses, losses, error)) return false;
  trainings->known = (int)subset;
  return true;
}

bool trainings_performance(struct Trainings *trainings, size_t which, enum Subset subset,
                           struct Performance *performance, struct Error *error)
{
  const struct Layout *layout = &trainings->layout;
  const double n = (double)(subset == SUBSET_TRAIN ? layout->n_train : layout->n_test);
  double losses[MAX_GROUPS];
  int correct[MAX_GROUPS];
  if (!measure(trainings, subset, error) || !check_losses(trainings, which, error) ||
      !read_floats(trainings, which, AT_GROUP_LOSSES, 2 * layout->n_groups, losses, error) ||
      !read_ints(trainings, which, INTS_GROUP_CORRECT, layout->n_groups, correct, error))
    return false;
  double loss = 0;
  size_t right = 0;
  for (size_t g = 0; g < layout->n_groups; g++) {
    loss += losses[g];
    right += (size_t)correct[g];
  }
  *performance = (struct Performance){.loss = loss / n, .accuracy = (double)right / n};
  return true;
}
