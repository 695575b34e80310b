/* Command-line arguments that the analysis tools share. A NULL text is an option not given. */
#ifndef MEASURES_ARGUMENTS_H
#define MEASURES_ARGUMENTS_H

#include "base/error.h"

#include <stdint.h>

/* --epoch: an epoch >= 0; not given, it is -1, which trajectory_find takes for the last one. */
bool argument_epoch(const char *text, int64_t *epoch, struct Error *error);

#endif
