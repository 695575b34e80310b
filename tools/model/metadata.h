/*
 * The settings of a run as the metadata of a safetensors file: each as text under its dotted name.
 */
#ifndef MODEL_METADATA_H
#define MODEL_METADATA_H

#include "config/config.h"
#include "tensor/safetensors.h"

enum { METADATA_ROOM = CONFIG_MAX_SETTINGS + 8 }; /* for what a file says beside the settings */

struct Metadata {
  struct MetadataEntry entries[METADATA_ROOM];
  size_t n;
  char values[CONFIG_MAX_SETTINGS][CONFIG_VALUE_SIZE]; /* of the settings */
};

void metadata_describe(struct Metadata *metadata, const struct Config *config);

/* One more entry, whose texts stay the caller's. */
void metadata_add(struct Metadata *metadata, const char *key, const char *value);

/* Does the file say the same under that key? If not: that it does not say it, or the value that it
   has and the one here. */
bool metadata_check(const struct MetadataEntry *entry, const struct Safetensors *file,
                    struct Error *reason);

#endif
