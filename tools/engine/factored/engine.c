/* The factored step behind engine/engine.h. */
#include "base/memory.h"
#include "engine/adamw.h"
#include "engine/backend.h"
#include "engine/factored/attention.h"
#include "engine/factored/step.h"

#include <stdlib.h>
#include <string.h>

struct FactoredEngine {
  struct Engine engine;
  struct OptimizerConfig optimizer;
  struct Parameters parameters, gradient;
  struct AdamW adamw;
  struct Step step;
  bool prepared; /* the factors are those of the parameters */
};

static struct FactoredEngine *factored(struct Engine *engine)
{
  return (struct FactoredEngine *)engine;
}

/* The paper's network on pairs, full batch; also with registers, without "=" and with any rate of
   attention, and with answers from anywhere. */
static bool can_train(const struct Config *config, struct Error *error)
{
  static const char *const allowed[] = {
      "data.answers", "data.equals",          "model.registers",     "model.attention_rate",
      "train.start",  "train.snapshot_until", "train.snapshot_later"};
  if (config->model.n_heads == 0 || config->model.d_mlp == 0)
    return error_set(error, "it needs heads and neurons, found model.n_heads=%d model.d_mlp=%d",
                     config->model.n_heads, config->model.d_mlp);
  if (!attention_is_known(config->model.attention))
    return error_set(error, "it does not know that model.attention");
  for (int i = 0; i < config_n_settings(); i++) {
    const char *name = config_setting_name(i);
    bool is_allowed = false;
    for (size_t j = 0; j < sizeof allowed / sizeof *allowed; j++)
      is_allowed = is_allowed || strcmp(name, allowed[j]) == 0;
    if (is_allowed || !config_is_extended(config, i)) continue;
    char value[CONFIG_VALUE_SIZE];
    config_setting_value(config, i, value);
    return error_set(error, "it knows no %s=%s", name, value);
  }
  return true;
}

static void factored_close(struct Engine *engine)
{
  struct FactoredEngine *e = factored(engine);
  step_release(&e->step);
  adamw_release(&e->adamw);
  parameters_release(&e->gradient);
  parameters_release(&e->parameters);
  free(e);
}

static const char *factored_bits(const struct Engine *engine)
{
  (void)engine;
  return "factored";
}

static bool factored_load(struct Engine *engine, const struct TrainingState *state,
                          struct Error *error)
{
  (void)error;
  struct FactoredEngine *e = factored(engine);
  size_t size = state->total * sizeof(float);
  memcpy(e->parameters.values, state->values, size);
  memcpy(e->adamw.m, state->m, size);
  memcpy(e->adamw.v, state->v, size);
  e->adamw.step = state->step;
  e->prepared = false;
  return true;
}

static bool factored_fetch(const struct Engine *engine, struct TrainingState *state,
                           struct Error *error)
{
  (void)error;
  const struct FactoredEngine *e = (const struct FactoredEngine *)engine;
  size_t size = state->total * sizeof(float);
  memcpy(state->values, e->parameters.values, size);
  memcpy(state->m, e->adamw.m, size);
  memcpy(state->v, e->adamw.v, size);
  state->step = e->adamw.step;
  return true;
}

static void prepare(struct FactoredEngine *e)
{
  if (!e->prepared) step_prepare(&e->step, &e->parameters);
  e->prepared = true;
}

static bool factored_step(struct Engine *engine, struct Performance *before, struct Error *error)
{
  struct FactoredEngine *e = factored(engine);
  prepare(e);
  const struct Performance measured = step_gradient(&e->step, &e->parameters, &e->gradient);
  adamw_step(&e->adamw, &e->optimizer, &e->gradient, &e->parameters);
  e->prepared = false;
  if (before) *before = measured;
  return performance_check_loss(e->adamw.step - 1, measured.loss, error);
}

static bool factored_evaluate(struct Engine *engine, enum Subset subset,
                              struct Performance *performance, struct Error *error)
{
  (void)error;
  struct FactoredEngine *e = factored(engine);
  prepare(e);
  *performance = step_evaluate(&e->step, subset);
  return true;
}

static const struct Operations operations = {.close = factored_close,
                                             .bits = factored_bits,
                                             .load = factored_load,
                                             .fetch = factored_fetch,
                                             .step = factored_step,
                                             .evaluate = factored_evaluate};

static struct Engine *factored_open(const struct Config *config, const struct Dataset *dataset,
                                    struct Error *error)
{
  struct FactoredEngine *e = memory_new(1, sizeof *e, "an engine", error);
  if (!e) return NULL;
  e->engine.operations = &operations;
  e->optimizer = config->optimizer;
  if (parameters_init(&e->parameters, config, error) &&
      parameters_init(&e->gradient, config, error) &&
      adamw_init(&e->adamw, e->parameters.total, error) &&
      step_init(&e->step, config, dataset, error))
    return &e->engine;
  factored_close(&e->engine);
  return NULL;
}

const struct Backend factored_backend = {
    .name = "factored",
    .summary = "one layer on pairs, with registers or without "
               "\"=\" too, four times as fast; the same bits on every machine",
    .can_train = can_train,
    .open = factored_open};
