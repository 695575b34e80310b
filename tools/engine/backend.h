/*
 * What an engine consists of: a struct that begins with a struct Engine, and the functions behind
 * those of engine/engine.h.
 */
#ifndef ENGINE_BACKEND_H
#define ENGINE_BACKEND_H

#include "engine/engine.h"

struct Backend {
  const char *name;
  const char *summary; /* one line for --help */
  /* Whether it can train this configuration; if not, the error says why. */
  bool (*can_train)(const struct Config *config, struct Error *error);
  /* Allocates and opens; sets `operations`. NULL with an error. */
  struct Engine *(*open)(const struct Config *config, const struct Dataset *dataset,
                         struct Error *error);
  /* Instead of `open`, of an engine that computes on a device (-1: whichever): engines [n], NULL
     before and on errors. */
  bool (*open_together)(int device, struct Engine **engines, size_t n,
                        const struct Config *const *configs, const struct Dataset *const *datasets,
                        struct Error *error);
  const struct DeviceDriver *driver; /* of these devices, else NULL */
};

struct Operations {
  void (*close)(struct Engine *engine); /* frees the engine too */
  const char *(*bits)(const struct Engine *engine);
  bool (*load)(struct Engine *engine, const struct TrainingState *state, struct Error *error);
  bool (*fetch)(const struct Engine *engine, struct TrainingState *state, struct Error *error);
  /* `before` is NULL where nobody asks for it; then an engine may skip it. */
  bool (*step)(struct Engine *engine, struct Performance *before, struct Error *error);
  bool (*evaluate)(struct Engine *engine, enum Subset subset, struct Performance *performance,
                   struct Error *error);
};

struct Engine {
  const struct Backend *backend;
  const struct Operations *operations;
};

extern const struct Backend factored_backend; /* engine/factored/engine.c */
extern const struct Backend textbook_backend; /* engine/textbook/engine.c */
extern const struct Backend opencl_backend;   /* engine/opencl/engine.c; if HAVE_OPENCL */
extern const struct Backend cuda_backend;     /* the same */

#endif
