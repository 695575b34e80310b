#include "engine/engine.h"

#include "engine/backend.h"
#include "engine/opencl/device.h"

#include <string.h>

/* "auto" takes the first that can train a configuration; one of the first two can. */
static const struct Backend *const backends[] = {&factored_backend, &textbook_backend,
#ifdef HAVE_OPENCL
                                                 &opencl_backend,
#endif
                                                 &cuda_backend};
enum { N_BACKENDS = sizeof backends / sizeof *backends };

void engine_list(FILE *stream)
{
  fprintf(stream, "  %-9s %s\n", "auto", "the first of these that can train the configuration");
  for (int i = 0; i < N_BACKENDS; i++)
    fprintf(stream, "  %-9s %s\n", backends[i]->name, backends[i]->summary);
}

static bool unknown(const char *name, struct Error *error)
{
  char names[128] = "auto";
  if (strcmp(name, "opencl") == 0)
    return error_set(error, "--engine opencl: this build was configured without OpenCL's headers "
                            "and loader, Debian's ocl-icd-opencl-dev");
  for (int i = 0; i < N_BACKENDS; i++) {
    size_t length = strlen(names);
    snprintf(names + length, sizeof names - length, "%s%s", i + 1 < N_BACKENDS ? ", " : " or ",
             backends[i]->name);
  }
  return error_set(error, "--engine: found \"%s\", expected %s", name, names);
}

/* The engine of that name, if it can train the configuration; for "auto" the first that can. */
static const struct Backend *choose_named(const char *name, const struct Config *config,
                                          struct Error *error)
{
  bool any = strcmp(name, "auto") == 0;
  for (int i = 0; i < N_BACKENDS; i++)
    if ((any || strcmp(name, backends[i]->name) == 0) && backends[i]->can_train(config, error))
      return backends[i];
  error_prefix(error, "the engine %s cannot train this", name);
  return NULL;
}

/* The name that a list of names begins with, and where the next begins; NULL after the last. */
static const char *split_names(const char *names, char name[64])
{
  const size_t length = strcspn(names, ",");
  snprintf(name, 64, "%.*s", (int)length, names);
  return names[length] == ',' ? names + length + 1 : NULL;
}

static bool is_known(const char *name)
{
  bool known = strcmp(name, "auto") == 0;
  for (int i = 0; i < N_BACKENDS; i++)
    known = known || strcmp(name, backends[i]->name) == 0;
  return known;
}

/* The first of the names, separated by commas, whose engine can. */
static const struct Backend *choose(const char *names, const struct Config *config,
                                    struct Error *error)
{
  char name[64];
  const struct Backend *chosen = NULL;
  for (const char *rest = names; rest;) {
    rest = split_names(rest, name);
    if (is_known(name)) continue;
    unknown(name, error);
    return NULL;
  }
  for (const char *rest = names; rest && !chosen;) {
    rest = split_names(rest, name);
    chosen = choose_named(name, config, error);
  }
  if (chosen) *error = (struct Error){0}; /* of those that cannot */
  return chosen;
}

/* One after another. */
static bool open_each(const struct Backend *backend, struct Engine **engines, size_t n,
                      const struct Config *const *configs, const struct Dataset *const *datasets,
                      struct Error *error)
{
  for (size_t i = 0; i < n; i++) {
    engines[i] = backend->open(configs[i], datasets[i], error);
    if (engines[i]) continue;
    while (i-- > 0) {
      engines[i]->operations->close(engines[i]);
      engines[i] = NULL;
    }
    return false;
  }
  return true;
}

bool engine_open_together(struct Engine **engines, size_t n, const char *name, int device,
                          const struct Config *const *configs,
                          const struct Dataset *const *datasets, struct Error *error)
{
  const struct Backend *backend = NULL;
  for (size_t i = 0; i < n; i++) {
    engines[i] = NULL;
    const struct Backend *chosen = choose(name, configs[i], error);
    if (!chosen) return false;
    if (backend && chosen != backend)
      return error_set(error, "one of these trainings needs the engine %s, another %s",
                       backend->name, chosen->name);
    backend = chosen;
  }
  if (device >= 0 && !backend->driver)
    return error_set(error, "--device: the engine %s computes on the processor", backend->name);
  bool opened = backend->driver
                    ? backend->open_together(device, engines, n, configs, datasets, error)
                    : open_each(backend, engines, n, configs, datasets, error);
  if (!opened && backend->driver) return error_prefix(error, "--engine %s", backend->name);
  for (size_t i = 0; opened && i < n; i++)
    engines[i]->backend = backend;
  return opened;
}

bool engine_open(struct Engine **engine, const char *name, const struct Config *config,
                 const struct Dataset *dataset, struct Error *error)
{
  return engine_open_together(engine, 1, name, -1, &config, &dataset, error);
}

static bool list_devices(const struct DeviceDriver *driver, FILE *stream, struct Error *error)
{
  int n;
  if (!driver->count(&n, error)) return false;
  for (int i = 0; i < n; i++) {
    char text[DEVICE_TEXT_SIZE];
    if (!driver->describe(i, text, error)) return false;
    fprintf(stream, "%-6s %3d  %s\n", driver->name, i, text);
  }
  return true;
}

bool engine_list_devices(FILE *stream, struct Error *error)
{
  for (int i = 0; i < N_BACKENDS; i++)
    if (backends[i]->driver && !list_devices(backends[i]->driver, stream, error)) return false;
  return true;
}

void engine_close(struct Engine *engine)
{
  if (engine) engine->operations->close(engine);
}

const char *engine_name(const struct Engine *engine)
{
  return engine->backend->name;
}

const char *engine_bits(const struct Engine *engine)
{
  return engine->operations->bits(engine);
}

bool engine_load(struct Engine *engine, const struct TrainingState *state, struct Error *error)
{
  return engine->operations->load(engine, state, error);
}

bool engine_fetch(const struct Engine *engine, struct TrainingState *state, struct Error *error)
{
  return engine->operations->fetch(engine, state, error);
}

bool engine_step(struct Engine *engine, struct Performance *before, struct Error *error)
{
  return engine->operations->step(engine, before, error);
}

bool engine_evaluate(struct Engine *engine, enum Subset subset, struct Performance *performance,
                     struct Error *error)
{
  return engine->operations->evaluate(engine, subset, performance, error);
}
