#include "model/metadata.h"

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
