/*
 * Errors are values. A function that can fail takes a `struct Error *` last, returns false (or
 * NULL), and leaves in it one line a person can act on: where, what was found, what was expected.
 * Only `main` prints it. A caller that knows more adds it in front with error_prefix.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

struct Error {
  char message[1024]; /* empty while nothing has gone wrong; longer texts are cut */
  int code;           /* errno where the system gave the reason (ENOMEM: no memory), else 0 */
};

/* Sets the message. Returns false always, so that `return error_set(...)` reads as it acts. */
__attribute__((format(printf, 2, 3))) bool error_set(struct Error *error, const char *format, ...);

/* The same, followed by ": " and the system's text for the current errno. */
__attribute__((format(printf, 2, 3))) bool error_system(struct Error *error, const char *format,
                                                        ...);

/* Puts "prefix: " in front of the message that is there. Returns false always. */
__attribute__((format(printf, 2, 3))) bool error_prefix(struct Error *error, const char *format,
                                                        ...);

#endif
