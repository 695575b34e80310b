/*
 * A run as safetensors metadata: each setting as text under its dotted name, and, if it was not
 * trained by the factored engine, what did under "engine" (engine_bits in engine/engine.h).
 */
#ifndef RUN_METADATA_H
#define RUN_METADATA_H

#include "config/config.h"
#include "tensor/safetensors.h"

enum { METADATA_ROOM = CONFIG_MAX_SETTINGS + 8 }; /* leaves room for other entries */

enum { METADATA_ENGINE_TEXT = 80 }; /* characters of a found engine in messages */

struct Metadata {
  struct MetadataEntry entries[METADATA_ROOM];
  size_t n;
  char values[CONFIG_MAX_SETTINGS][CONFIG_VALUE_SIZE]; /* of the settings */
};

/* `engine` must outlive the metadata. */
void metadata_describe(struct Metadata *metadata, const struct Config *config, const char *engine);

/* Adds an entry; the caller keeps ownership of its texts. */
void metadata_add(struct Metadata *metadata, const char *key, const char *value);

/* The default configuration with the settings that a file gives; its other metadata is ignored.
   Error: a setting that there is not, or a value that it cannot have. */
bool metadata_read_config(struct Config *config, const struct Safetensors *file,
                          struct Error *error);

/* What trained the network of a file. */
const char *metadata_engine(const struct Safetensors *file);

/* Was the network trained by that engine? If not, `reason` names both. */
bool metadata_check_engine(const char *engine, const struct Safetensors *file,
                           struct Error *reason);

/* Do the settings that came after the first trajectories have the same values in the file, where a
   missing one is at its default? If not, `reason` gives both values of the first. */
bool metadata_check_extended(const struct Config *config, const struct Safetensors *file,
                             struct Error *reason);

/* Does the file have the same value under that key? If not, `reason` says that it has none, or
   gives both values. */
bool metadata_check(const struct MetadataEntry *entry, const struct Safetensors *file,
                    struct Error *reason);

#endif
