#include "measures/arguments.h"

#include "base/number.h"

bool argument_epoch(const char *text, int64_t *epoch, struct Error *error)
{
  *epoch = -1;
  if (!text || (number_parse_integer(text, epoch) && *epoch >= 0)) return true;
  return error_set(error, "--epoch: expected a whole number of at least 0, found \"%s\"", text);
}
