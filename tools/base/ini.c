#include "base/ini.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

static const char EXPECTED[] = "expected \"[section]\" or \"key = value\"";

struct IniReading {
  FILE *stream;
  int line; /* inih requests one line at a time: counting the requests gives line numbers */
  bool stopped;
  int read_errno; /* errno of a failed read; else 0 */
  IniHandler *handler;
  void *user;
  struct Error *error;
};

static char *stop(struct IniReading *reading)
{
  reading->stopped = true;
  return NULL;
}

/* inih ignores anything after a section's closing bracket, even a setting. */
static bool is_section_alone(const char *line)
{
  if (strncmp(line, "\xEF\xBB\xBF", 3) == 0) line += 3;
  if (*line != '[') return true;
  const char *close = strchr(line, ']');
  if (!close) return true; /* inih reports it */
  const char *rest = close + 1 + strspn(close + 1, " \t\r\n");
  return *rest == '\0' || *rest == ';' || *rest == '#';
}

/* inih's reader: the next line, or NULL at the end and after an error. Strips indentation, as
   inih would take an indented entry for a continuation of the value above. */
static char *read_line(char *buffer, int size, void *user)
{
  struct IniReading *reading = user;
  if (reading->stopped) return NULL;
  reading->line++;
  int longest = size - 2, length = 0, c;
  while ((c = getc(reading->stream)) != EOF) {
    if (c == '\0') {
      error_set(reading->error, "contains a NUL byte: not a text file");
      return stop(reading);
    }
    if (length == 0 && c != '\n' && isspace(c)) continue;
    if (length == longest && c != '\n') {
      error_set(reading->error, "line of more than %d characters", longest);
      return stop(reading);
    }
    buffer[length++] = (char)c;
    if (c == '\n') break;
  }
  buffer[length] = '\0';
  if (ferror(reading->stream)) {
    reading->read_errno = errno;
    return stop(reading);
  }
  if (!is_section_alone(buffer)) {
    error_set(reading->error, "found more than \"[section]\" on its line");
    return stop(reading);
  }
  return c == EOF && length == 0 ? NULL : buffer;
}

static int handle(void *user, const char *section, const char *key, const char *value)
{
  struct IniReading *reading = user;
  if (reading->stopped) return 0;
  if (*key == '\0')
    error_set(reading->error, "%s", EXPECTED);
  else if (reading->handler(reading->user, section, key, value, reading->line, reading->error))
    return 1;
  stop(reading);
  return 0;
}

bool ini_read_file(const char *path, IniHandler *handler, void *user, struct Error *error)
{
  struct IniReading reading = {.handler = handler, .user = user, .error = error};
  reading.stream = fopen(path, "rb");
  if (!reading.stream) return error_system(error, "%s: cannot open", path);
  int first_error = ini_parse_stream(read_line, &reading, handle, &reading);
  fclose(reading.stream);
  errno = reading.read_errno;
  if (errno != 0) return error_system(error, "%s: cannot read", path);
  if (first_error < 0) return error_set(error, "%s: out of memory", path);
  /* inih reads on after a malformed line; report the first of two errors */
  if (first_error > 0 && (!reading.stopped || first_error < reading.line))
    return error_set(error, "%s:%d: %s", path, first_error, EXPECTED);
  if (reading.stopped) return error_prefix(error, "%s:%d", path, reading.line);
  return true;
}
