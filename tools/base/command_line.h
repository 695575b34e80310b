/*
 * The command line that all tools share. A tool describes itself in one table; --help, --version,
 * the usage line and the checking of options follow from it.
 *
 * Help that was asked for goes to standard output with exit status 0; wrong usage goes to standard
 * error with exit status 2; a tool that fails exits with 1.
 */
#ifndef BASE_COMMAND_LINE_H
#define BASE_COMMAND_LINE_H

#include "base/error.h"

enum { EXIT_WRONG_USAGE = 2, COMMAND_LINE_CONTINUE = -1 };

struct Option {
  char letter;          /* 'o' for -o; 0 when there is only the long form */
  const char *name;     /* "output" for --output */
  const char *argument; /* what --help calls the argument; NULL for a flag */
  const char *help;
  const char **value; /* where the argument's text goes; for a flag, the text "" */
};

struct Tool {
  const char *name;
  const char *operands;         /* as in the usage line: "TRAJECTORY [section.key=value...]" */
  const char *summary;          /* one paragraph, printed by --help */
  const struct Option *options; /* ends with a row whose name is NULL */
  int min_operands;
  const char *epilogue; /* printed by --help behind the options; may be NULL */
};

/*
 * Parses the options into their values. Returns COMMAND_LINE_CONTINUE, with *first set to the
 * index of the first operand, when the tool should go on; otherwise the exit status to end with,
 * everything having been said.
 *
 * To be called before a file is opened: it takes the places of standard streams that are closed,
 * which the next file would get otherwise, and then messages would end up in a result. Using such a
 * stream fails as before.
 */
int command_line_parse(const struct Tool *tool, int argc, char **argv, int *first);

/* Prints "tool: message" to standard error. What stands in a message may come from a file: bytes
   that would move a terminal's cursor or break the line become '?'. */
__attribute__((format(printf, 2, 3))) void command_line_warn(const struct Tool *tool,
                                                             const char *format, ...);

/* Does so with the error's message, and returns EXIT_FAILURE. */
int command_line_fail(const struct Tool *tool, const struct Error *error);

#endif
