#include "run/metadata.h"

#include <string.h>

static const char engine_key[] = "engine", usual_engine[] = "factored";

void metadata_describe(struct Metadata *metadata, const struct Config *config, const char *engine)
{
  metadata->n = 0;
  for (int i = 0; i < config_n_settings(); i++) {
    if (!config_is_canonical(config, i)) continue;
    config_setting_value(config, i, metadata->values[i]);
    metadata_add(metadata, config_setting_name(i), metadata->values[i]);
  }
  if (strcmp(engine, usual_engine) != 0) metadata_add(metadata, engine_key, engine);
}

void metadata_add(struct Metadata *metadata, const char *key, const char *value)
{
  metadata->entries[metadata->n++] = (struct MetadataEntry){key, value};
}

static bool is_in_our_sections(const char *key)
{
  for (int i = 0; i < config_n_settings(); i++) {
    const char *name = config_setting_name(i);
    if (strncmp(key, name, strcspn(name, ".") + 1) == 0) return true;
  }
  return false;
}

bool metadata_read_config(struct Config *config, const struct Safetensors *file,
                          struct Error *error)
{
  config_init(config);
  for (size_t i = 0; i < file->n_metadata; i++) {
    const struct MetadataEntry *entry = &file->metadata[i];
    if (!is_in_our_sections(entry->key)) continue;
    if (!config_set(config, entry->key, entry->value, error))
      return error_prefix(error, "__metadata__");
  }
  return true;
}

const char *metadata_engine(const struct Safetensors *file)
{
  const char *engine = safetensors_metadata(file, engine_key);
  return engine && *engine ? engine : usual_engine;
}

bool metadata_check_engine(const char *engine, const struct Safetensors *file, struct Error *reason)
{
  const char *found = metadata_engine(file);
  return strcmp(found, engine) == 0 ||
         error_set(reason, "was trained by the engine \"%.*s\", this run's is \"%s\"",
                   METADATA_ENGINE_TEXT, found, engine);
}

static bool differs(const char *name, const char *found, const char *wanted, struct Error *reason)
{
  return error_set(reason, "belongs to a run with %s = %.*s, this run has %s", name,
                   CONFIG_VALUE_SIZE, *found ? found : "none", *wanted ? wanted : "none");
}

bool metadata_check_extended(const struct Config *config, const struct Safetensors *file,
                             struct Error *reason)
{
  for (int i = 0; i < config_n_settings(); i++) {
    char value[CONFIG_VALUE_SIZE];
    const char *name = config_setting_name(i), *found = safetensors_metadata(file, name);
    if (!config_is_later(i)) continue;
    if (!found) found = config_setting_default(i);
    config_setting_value(config, i, value);
    if (strcmp(value, found) == 0) continue;
    if (strcmp(name, "data.answers") == 0 && *found && *value)
      return error_set(reason,
                       "belongs to a run with other answers: data.answers = %.*s, those of %s "
                       "have %s",
                       CONFIG_VALUE_SIZE, found, config->data.table, value);
    if (strcmp(name, "train.start") == 0 && *found && *value)
      return error_set(
          reason,
          "belongs to a run that started from other weights: train.start = %.*s, those "
          "of %s have %s",
          CONFIG_VALUE_SIZE, found, config->train.from, value);
    return differs(name, found, value, reason);
  }
  return true;
}

bool metadata_check(const struct MetadataEntry *entry, const struct Safetensors *file,
                    struct Error *reason)
{
  const char *found = safetensors_metadata(file, entry->key);
  if (!found) return error_set(reason, "has no metadata entry %s", entry->key);
  return strcmp(found, entry->value) == 0 || differs(entry->key, found, entry->value, reason);
}
