#include "engine/engine.h"

#include "engine/backend.h"

#include <string.h>

/* "auto" takes the first that can train a configuration. */
static const struct Backend *const backends[] = {&factored_backend, &textbook_backend};
enum { N_BACKENDS = sizeof backends / sizeof *backends };

void engine_list(FILE *stream)
{
  fprintf(stream, "  %-9s %s\n", "auto", "the first of these that can train the configuration");
  for (int i = 0; i < N_BACKENDS; i++)
    fprintf(stream, "  %-9s %s\n", backends[i]->name, backends[i]->summary);
}

/* The engine of that name, if it can train the configuration; for "auto" the first that can. */
static const struct Backend *choose(const char *name, const struct Config *config,
                                    struct Error *error)
{
  bool any = strcmp(name, "auto") == 0;
  for (int i = 0; i < N_BACKENDS; i++) {
    if (!any && strcmp(name, backends[i]->name) != 0) continue;
    if (backends[i]->can_train(config, error)) return backends[i];
    if (!any) {
      error_prefix(error, "the engine %s cannot train this", name);
      return NULL;
    }
  }
  if (!any) {
    char names[128] = "auto";
    for (int i = 0; i < N_BACKENDS; i++) {
      size_t length = strlen(names);
      snprintf(names + length, sizeof names - length, "%s%s", i + 1 < N_BACKENDS ? ", " : " or ",
               backends[i]->name);
    }
    error_set(error, "--engine: found \"%s\", expected %s", name, names);
  }
  return NULL;
}

bool engine_open(struct Engine **engine, const char *name, const struct Config *config,
                 const struct Dataset *dataset, struct Error *error)
{
  const struct Backend *backend = choose(name, config, error);
  *engine = backend ? backend->open(config, dataset, error) : NULL;
  if (*engine) (*engine)->backend = backend;
  return *engine;
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
