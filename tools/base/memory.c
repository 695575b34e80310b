#include "base/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef SANITIZE
#include <sanitizer/asan_interface.h>
#endif

enum { ALIGNMENT = 64, LARGE_PAGE = 2 << 20 };

/* Rounded up to whole multiples of `unit`. */
static size_t round_up(size_t bytes, size_t unit)
{
  return (bytes + unit - 1) / unit * unit;
}

/* Nobody may touch these bytes: an address sanitizer is told so. */
static void forbid(const void *from, size_t bytes)
{
#ifdef SANITIZE
  ASAN_POISON_MEMORY_REGION(from, bytes);
#else
  (void)from, (void)bytes;
#endif
}

/* Large blocks begin with as many large pages as they use at least half of: for an array in pages
   of 4 KiB that is walked in strides, looking up the pages costs more than reading them. */
static void *allocate(size_t bytes)
{
  size_t whole = round_up(bytes, ALIGNMENT);
  size_t large = (bytes + LARGE_PAGE / 2) / LARGE_PAGE * LARGE_PAGE;
  size_t room = large > whole ? large : whole;
  void *block = NULL;
  if (posix_memalign(&block, large > 0 ? LARGE_PAGE : ALIGNMENT, room) != 0) return NULL;
#ifdef MADV_HUGEPAGE
  if (large > 0) madvise(block, large, MADV_HUGEPAGE); /* refused, pages are small */
#endif
  forbid((char *)block + bytes, room - bytes);
  return block;
}

void *memory_new(size_t count, size_t size, const char *what, struct Error *error)
{
  if (size != 0 && count > (SIZE_MAX / 2 - LARGE_PAGE) / size) {
    error_set(error, "out of memory: %zu x %zu bytes for %s are more than can be addressed", count,
              size, what);
    return NULL;
  }
  size_t bytes = count * size > 0 ? count * size : 1;
  void *block = allocate(bytes);
  if (!block) {
    error_set(error, "out of memory: %zu bytes for %s", bytes, what);
    error->code = ENOMEM;
    return NULL;
  }
  return memset(block, 0, bytes);
}

/* Floats from the beginning of an array to that of the next one in its block: the array, filled up
   to whole lines of the cache, and a line that belongs to none. */
static size_t array_room(size_t count)
{
  const size_t line = ALIGNMENT / sizeof(float);
  return round_up(count, line) + line;
}

void *memory_new_arrays(const struct FloatArray *arrays, size_t n, const char *what,
                        struct Error *error)
{
  size_t total = 0;
  for (size_t i = 0; i < n; i++) {
    bool fits = arrays[i].count < SIZE_MAX / 4 && total < SIZE_MAX / 4;
    total = fits ? total + array_room(arrays[i].count) : SIZE_MAX;
  }
  float *block = memory_new(total, sizeof *block, what, error);
  float *next = block;
  for (size_t i = 0; block && i < n; i++) {
    size_t count = arrays[i].count, room = array_room(count);
    *arrays[i].at = next;
    forbid(next + count, (room - count) * sizeof *next);
    next += room;
  }
  return block;
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
