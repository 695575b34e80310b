/*
 * Errors are values. A function that can fail takes a `struct Error *` last and, on failure,
 * returns false (or NULL) and sets a one-line, actionable message: where, what was found, what was
 * expected. Only `main` prints it. Callers add context with error_prefix.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

struct Error {
  char message[1024]; /* empty if nothing went wrong; truncated if too long */
  int code;           /* errno for system errors (ENOMEM: out of memory), else 0 */
};

/* Sets the message. Always returns false, so that `return error_set(...)` works. */
__attribute__((format(printf, 2, 3))) bool error_set(struct Error *error, const char *format, ...);

/* The same, followed by ": " and strerror(errno). */
__attribute__((format(printf, 2, 3))) bool error_system(struct Error *error, const char *format,
                                                        ...);

/* Prepends "prefix: " to the message. Always returns false. */
__attribute__((format(printf, 2, 3))) bool error_prefix(struct Error *error, const char *format,
                                                        ...);

#endif
