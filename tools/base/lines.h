/*
 * A text file as its lines: lists that would be too long for a command line, or that a build
 * writes. Empty lines and lines that begin with # do not count; lines end with \n or \r\n.
 */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include "base/error.h"

#include <stddef.h>

struct Lines {
  char **line; /* [n]: into the text */
  size_t n;
  char *text;
};

/* The whole file as a text in new memory; NULL with an error. Errors: as below. */
char *lines_read_text(const char *path, struct Error *error);

/* Errors: the file cannot be read; it holds a NUL byte. There is nothing to release then. */
bool lines_read(struct Lines *lines, const char *path, struct Error *error);
void lines_release(struct Lines *lines);

#endif
