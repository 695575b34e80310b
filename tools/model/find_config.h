/*
 * From the digest of a configuration, as tables and figures carry it (table/provenance.h), back to
 * its settings.
 */
#ifndef MODEL_FIND_CONFIG_H
#define MODEL_FIND_CONFIG_H

#include "config/config.h"

#include <stddef.h>

/* Finds the first of n files whose configuration has that digest, or one that begins like it. A
   file is a configuration or, where its name ends with .safetensors, a trajectory; one that does
   not say all its settings has no digest and is passed over. *found is its index. Errors: no file
   has it; a file cannot be read; the digest is none. */
bool find_config(const char *digest, char *const *paths, size_t n, struct Config *config,
                 size_t *found, struct Error *error);

#endif
