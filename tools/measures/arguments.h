/* Command-line options shared by the analysis tools. NULL text: the option was not given. */
#ifndef MEASURES_ARGUMENTS_H
#define MEASURES_ARGUMENTS_H

#include "base/error.h"

#include <stdint.h>

/* --epoch: an epoch >= 0; default -1, which trajectory_find takes as the last one. */
bool argument_epoch(const char *text, int64_t *epoch, struct Error *error);

#endif
