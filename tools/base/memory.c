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

/* The system promises more memory than it has, and ends the program when it is used: large blocks
   are held against what there is. */
enum { LARGE_BLOCK = 256 << 20 };

/* Rounds up to a multiple of `unit`. */
static size_t round_up(size_t bytes, size_t unit)
{
  return (bytes + unit - 1) / unit * unit;
}

/* Marks bytes as inaccessible for the address sanitizer. */
static void poison(const void *from, size_t bytes)
{
#ifdef SANITIZE
  ASAN_POISON_MEMORY_REGION(from, bytes);
#else
  (void)from, (void)bytes;
#endif
}

/* Large blocks use huge pages, except for a last one less than half full: strided access over 4
   KiB pages spends more time in TLB misses than in loads. */
static void *allocate(size_t bytes)
{
  size_t whole = round_up(bytes, ALIGNMENT);
  size_t large = (bytes + LARGE_PAGE / 2) / LARGE_PAGE * LARGE_PAGE;
  size_t padded = large > whole ? large : whole;
  void *block = NULL;
  if (posix_memalign(&block, large > 0 ? LARGE_PAGE : ALIGNMENT, padded) != 0) return NULL;
#ifdef MADV_HUGEPAGE
  if (large > 0) madvise(block, large, MADV_HUGEPAGE); /* if refused, pages stay small */
#endif
  poison((char *)block + bytes, padded - bytes);
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
  if (bytes >= LARGE_BLOCK && bytes > memory_available()) {
    error_set(error, "out of memory: %zu bytes for %s, of which %zu are available", bytes, what,
              memory_available());
    error->code = ENOMEM;
    return NULL;
  }
  void *block = allocate(bytes);
  if (!block) {
    error_set(error, "out of memory: %zu bytes for %s", bytes, what);
    error->code = ENOMEM;
    return NULL;
  }
  return memset(block, 0, bytes);
}

/* Distance in floats from one array of a block to the next: the array, padded to whole cache
   lines, plus one guard line. */
static size_t array_spacing(size_t count)
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
    total = fits ? total + array_spacing(arrays[i].count) : SIZE_MAX;
  }
  float *block = memory_new(total, sizeof *block, what, error);
  float *next = block;
  for (size_t i = 0; block && i < n; i++) {
    size_t count = arrays[i].count, padded = array_spacing(count);
    *arrays[i].at = next;
    poison(next + count, (padded - count) * sizeof *next);
    next += padded;
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

bool memory_expect(double bytes, const char *what, struct Error *error)
{
  const double GiB = 0x1p30, available = (double)memory_available();
  if (bytes <= available) return true;
  error_set(error, "%s needs %.3g GiB of memory, %.3g GiB are available", what, bytes / GiB,
            available / GiB);
  error->code = ENOMEM;
  return false;
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
  int length = vasprintf(&text, format, arguments); /* a GNU extension */
  va_end(arguments);
  if (length >= 0) return text;
  error_set(error, "out of memory for a text");
  error->code = ENOMEM;
  return NULL;
}
