/*
 * Command-line handling for all tools. One table per tool drives --help, --version, the usage line,
 * the checking of options, and, by --describe, manual pages and completions: base/description.h.
 *
 * Requested help goes to standard output, exit status 0; wrong usage to standard error, exit status
 * 2; a tool that fails exits with 1.
 */
#ifndef BASE_COMMAND_LINE_H
#define BASE_COMMAND_LINE_H

#include "base/error.h"

enum { EXIT_WRONG_USAGE = 2, COMMAND_LINE_CONTINUE = -1 };

struct Option {
  char letter;          /* 'o' for -o; 0 if there is only the long form */
  const char *name;     /* "output" for --output */
  const char *argument; /* name of the argument in --help; NULL for a flag */
  const char *help;
  const char **value; /* set to the argument's text; for a flag, to "" */
};

/* A file that a tool writes. */
struct ToolFile {
  const char *name;
  const char *holds; /* what it holds, in one line */
};

struct Tool {
  const char *name;
  const char *purpose;          /* what it is for, in a few words; in lists of the tools */
  const char *operands;         /* as in the usage line: "TRAJECTORY [section.key=value...]" */
  const char *summary;          /* one paragraph, printed by --help, above the tables */
  const struct Option *options; /* ends with a row whose name is NULL */
  int min_operands;
  const char *epilogue; /* printed by --help after the options; may be NULL */
  /* Ends with a row whose name is NULL; may be NULL. Listed by --help, and by --tables as the only
     argument: a line for each, its name, a tab, what it holds. */
  const struct ToolFile *tables;
};

/*
 * Parses the options into their values. Returns COMMAND_LINE_CONTINUE, with *first set to the
 * index of the first operand, if the tool should go on; otherwise the exit status, with all
 * messages already printed.
 *
 * Must be called before any file is opened: it occupies the descriptors of closed standard streams,
 * which a file would get otherwise, so that messages would end up in a result. Using such a stream
 * still fails.
 */
int command_line_parse(const struct Tool *tool, int argc, char **argv, int *first);

/* Prints "tool: message" to standard error. As a message may quote a file, control characters are
   replaced by '?'. */
__attribute__((format(printf, 2, 3))) void command_line_warn(const struct Tool *tool,
                                                             const char *format, ...);

/* The same with the error's message; returns EXIT_FAILURE. */
int command_line_fail(const struct Tool *tool, const struct Error *error);

#endif
