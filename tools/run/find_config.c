#include "run/find_config.h"

#include "base/digest.h"
#include "network/dataset.h"
#include "run/foreign.h"
#include "run/metadata.h"
#include "run/start.h"

#include <string.h>

enum { LEAST_DIGITS = 4 };

/* *complete: are all settings known? Those missing from a configuration file have their defaults;
   those missing from a checkpoint are unknown. */
static bool read_config(const char *path, struct Config *config, bool *complete,
                        struct Error *error)
{
  static const char ending[] = ".safetensors";
  size_t length = strlen(path), n = sizeof ending - 1;
  if (length < n || strcmp(path + length - n, ending) != 0) {
    config_init(config);
    *complete = true;
    return config_read_file(config, path, error) && config_check(config, error) &&
           (*config->data.answers || dataset_name_answers(config, error)) &&
           (*config->train.start || start_name_weights(config, error));
  }
  struct Safetensors file;
  *complete = false;
  if (!safetensors_open(&file, path, error)) return foreign_file(path, error);
  bool read = metadata_read_config(config, &file, error) || error_prefix(error, "%s", path);
  *complete = read && config_complete(config);
  safetensors_close(&file);
  return read;
}

bool find_config(const char *digest, char *const *paths, size_t n, struct Config *config,
                 size_t *found, struct Error *error)
{
  size_t length = strlen(digest);
  if (length < LEAST_DIGITS || length >= DIGEST_SIZE ||
      digest[strspn(digest, "0123456789abcdef")] != '\0')
    return error_set(error, "\"%s\": expected a digest or its first digits: %d to %d of 0-9, a-f",
                     digest, LEAST_DIGITS, DIGEST_SIZE - 1);
  for (*found = 0; *found < n; (*found)++) {
    char text[DIGEST_SIZE];
    bool complete;
    if (!read_config(paths[*found], config, &complete, error)) return false;
    digest_format(config_digest(config), text);
    if (complete && strncmp(text, digest, length) == 0) return true;
  }
  return error_set(error, "no configuration with the digest %s among the %zu files", digest, n);
}
