#include "base/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

void *memory_new(size_t count, size_t size, const char *what, struct Error *error)
{
  if (size != 0 && count > (SIZE_MAX - ALIGNMENT) / size) {
    error_set(error, "out of memory: %zu x %zu bytes for %s are more than can be addressed", count,
              size, what);
    return NULL;
  }
  size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (bytes == 0) bytes = ALIGNMENT;
  void *block = aligned_alloc(ALIGNMENT, bytes);
  if (!block) {
    error_set(error, "out of memory: %zu bytes for %s", bytes, what);
    error->code = ENOMEM;
    return NULL;
  }
  return memset(block, 0, bytes);
}

size_t memory_available(void)
{
  FILE *stream = fopen("/proc/meminfo", "re");
  char line[128];
  size_t kilobytes = 0;
  while (stream && kilobytes == 0 && fgets(line, sizeof line, stream))
    if (sscanf(line, "MemAvailable: %zu kB", &kilobytes) != 1) kilobytes = 0;
  if (stream) fclose(stream);
  return kilobytes > 0 && kilobytes <= SIZE_MAX / 1024 ? kilobytes * 1024 : SIZE_MAX;
}

char *memory_copy_text(const char *text, struct Error *error)
{
  return memory_print(error, "%s", text);
}

char *memory_print(struct Error *error, const char *format, ...)
{
  char *text;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments); /* GNU: measures and allocates by itself */
  va_end(arguments);
  if (length >= 0) return text;
  error_set(error, "out of memory for a text");
  error->code = ENOMEM;
  return NULL;
}
