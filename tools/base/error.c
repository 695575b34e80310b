#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct Error *error, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  error->code = 0;
  return false;
}

bool error_system(struct Error *error, const char *format, ...)
{
  int code = errno;
  const char *reason = strerror(code);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  size_t length = strlen(error->message);
  snprintf(error->message + length, sizeof error->message - length, ": %s", reason);
  error->code = code;
  return false;
}

bool error_prefix(struct Error *error, const char *format, ...)
{
  struct Error inner = *error;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  size_t length = strlen(error->message);
  snprintf(error->message + length, sizeof error->message - length, ": %s", inner.message);
  return false;
}
