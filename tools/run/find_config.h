/*
 * Finds the settings behind the digest of a configuration, as given in tables and figures
 * (table/provenance.h).
 */
#ifndef RUN_FIND_CONFIG_H
#define RUN_FIND_CONFIG_H

#include "config/config.h"

#include <stddef.h>

/* Finds the first of n files whose configuration has that digest, or one that starts with it. A
   file is a configuration or, if its name ends with .safetensors, a trajectory; a trajectory
   without all settings has no digest and is skipped. *found is its index. Errors: no file matches;
   a file cannot be read; not a digest. */
bool find_config(const char *digest, char *const *paths, size_t n, struct Config *config,
                 size_t *found, struct Error *error);

#endif
