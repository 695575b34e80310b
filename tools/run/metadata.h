/*
 * The settings of a run as safetensors metadata: each as text under its dotted name.
 */
#ifndef RUN_METADATA_H
#define RUN_METADATA_H

#include "config/config.h"
#include "tensor/safetensors.h"

enum { METADATA_ROOM = CONFIG_MAX_SETTINGS + 8 }; /* leaves room for other entries */

struct Metadata {
  struct MetadataEntry entries[METADATA_ROOM];
  size_t n;
  char values[CONFIG_MAX_SETTINGS][CONFIG_VALUE_SIZE]; /* of the settings */
};

void metadata_describe(struct Metadata *metadata, const struct Config *config);

/* Adds an entry; the caller keeps ownership of its texts. */
void metadata_add(struct Metadata *metadata, const char *key, const char *value);

/* Does the file have the same value under that key? If not, `reason` says that it has none, or
   gives both values. */
bool metadata_check(const struct MetadataEntry *entry, const struct Safetensors *file,
                    struct Error *reason);

#endif
