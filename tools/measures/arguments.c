#include "measures/arguments.h"

#include "base/number.h"

#include <omp.h>

bool argument_epoch(const char *text, int64_t *epoch, struct Error *error)
{
  *epoch = -1;
  if (!text || (number_parse_integer(text, epoch) && *epoch >= 0)) return true;
  return error_set(error, "--epoch: expected a whole number of at least 0, found \"%s\"", text);
}

bool argument_threads(const char *text, struct Error *error)
{
  int64_t threads;
  if (!text) return true;
  if (!number_parse_integer(text, &threads) || threads < 1 || threads > 1024)
    return error_set(error, "--threads: expected a whole number from 1 to 1024, found \"%s\"",
                     text);
  omp_set_num_threads((int)threads);
  return true;
}
