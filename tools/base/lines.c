#include "base/lines.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *lines_read_text(const char *path, struct Error *error)
{
  FILE *file = fopen(path, "re");
  if (!file) {
    error_system(error, "%s: cannot open", path);
    return NULL;
  }
  char *text = NULL;
  size_t room = 0;
  errno = 0;
  const ssize_t size = getdelim(&text, &room, '\0', file); /* up to the end: a text has no zeros */
  const bool is_empty = size < 0 && errno == 0, is_text = size < 0 || text[size - 1] != '\0';
  if (is_empty || (size >= 0 && is_text)) {
    fclose(file);
    if (!is_empty) return text;
    free(text);
    return memory_copy_text("", error);
  }
  if (is_text)
    error_system(error, "%s: cannot read", path);
  else
    error_set(error, "%s: contains a NUL byte: not a text", path);
  fclose(file);
  free(text);
  return NULL;
}

static size_t count_lines(const char *text)
{
  size_t n = 1;
  for (; *text; text++)
    n += *text == '\n';
  return n;
}

bool lines_read(struct Lines *lines, const char *path, struct Error *error)
{
  *lines = (struct Lines){.text = lines_read_text(path, error)};
  if (!lines->text) return false;
  lines->line = memory_new(count_lines(lines->text), sizeof *lines->line, path, error);
  if (!lines->line) {
    lines_release(lines);
    return false;
  }
  for (char *line = lines->text, *next; line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = '\0';
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '\r') line[--length] = '\0';
    if (length > 0 && *line != '#') lines->line[lines->n++] = line;
  }
  return true;
}

void lines_release(struct Lines *lines)
{
  free(lines->line);
  free(lines->text);
  *lines = (struct Lines){.n = 0};
}
