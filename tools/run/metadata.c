#include "run/metadata.h"

#include <string.h>

void metadata_describe(struct Metadata *metadata, const struct Config *config)
{
  metadata->n = 0;
  for (int i = 0; i < config_n_settings(); i++) {
    config_setting_value(config, i, metadata->values[i]);
    metadata_add(metadata, config_setting_name(i), metadata->values[i]);
  }
}

void metadata_add(struct Metadata *metadata, const char *key, const char *value)
{
  metadata->entries[metadata->n++] = (struct MetadataEntry){key, value};
}

bool metadata_check(const struct MetadataEntry *entry, const struct Safetensors *file,
                    struct Error *reason)
{
  const char *found = safetensors_metadata(file, entry->key);
  if (!found) return error_set(reason, "has no metadata entry %s", entry->key);
  return strcmp(found, entry->value) == 0 ||
         error_set(reason, "belongs to a run with %s = %.*s, this run has %s", entry->key,
                   CONFIG_VALUE_SIZE, found, entry->value);
}
