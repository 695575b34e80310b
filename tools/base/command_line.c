#include "base/command_line.h"

#include "base/description.h"
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_OPTIONS = 16, COMMIT_SIZE = 64, HELP = 256, VERSION, FIRST_LONG_ONLY };

static void print_usage(const struct Tool *tool, FILE *stream)
{
  fprintf(stream, "usage: %s [options] %s\n", tool->name, tool->operands);
}

static void print_option(FILE *stream, const struct Option *option)
{
  char left[64];
  const char letter = option->letter;
  snprintf(left, sizeof left, "%c%c%s --%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
           letter ? "," : " ", option->name, option->argument ? " " : "",
           option->argument ? option->argument : "");
  fprintf(stream, "  %-28s %s\n", left, option->help);
}

/* The text in lines of at most `width` characters, the first of which begins where the stream is;
   the others are indented. */
static void print_wrapped(FILE *stream, const char *text, int width, int indent)
{
  while (true) {
    int length = (int)strlen(text);
    if (length > width)
      for (length = width; length > 0 && text[length] != ' ';)
        length--;
    fprintf(stream, "%.*s\n", length, text);
    text += length;
    if (!*text) return;
    text++;
    fprintf(stream, "%*s", indent, "");
  }
}

/* Two columns: names, and what the files hold. */
static void print_files(const struct ToolFile *files, FILE *stream)
{
  enum { WIDTH = 90, GAP = 2, LEAST = 30 };
  int longest = 0;
  for (const struct ToolFile *file = files; file->name; file++)
    if ((int)strlen(file->name) > longest) longest = (int)strlen(file->name);
  int indent = GAP + longest + GAP, room = WIDTH - indent > LEAST ? WIDTH - indent : LEAST;
  for (const struct ToolFile *file = files; file->name; file++) {
    fprintf(stream, "%*s%-*s%*s", GAP, "", longest, file->name, GAP, "");
    print_wrapped(stream, file->holds, room, indent);
  }
}

static void list_tables(const struct Tool *tool, FILE *stream)
{
  for (const struct ToolFile *table = tool->tables; table->name; table++)
    fprintf(stream, "%s\t%s\n", table->name, table->holds);
}

static void print_help(const struct Tool *tool, FILE *stream)
{
  print_usage(tool, stream);
  fprintf(stream, "\n%s\n", tool->summary);
  if (tool->tables) print_files(tool->tables, stream);
  fprintf(stream, "\noptions:\n");
  for (const struct Option *option = tool->options; option->name; option++)
    print_option(stream, option);
  for (int i = 0; i < description_count_standard(tool); i++)
    print_option(stream, &standard_options[i]);
  if (tool->epilogue) fprintf(stream, "\n%s\n", tool->epilogue);
}

static int wrong_usage(const struct Tool *tool)
{
  print_usage(tool, stderr);
  fprintf(stderr, "see '%s --help'\n", tool->name);
  return EXIT_WRONG_USAGE;
}

/* The commit that the program was built from: the line in NAME.commit beside it, written by the
   build; "" if there is none. Not compiled in, as that would change the program's code. */
static void read_commit(const struct Tool *tool, char commit[COMMIT_SIZE])
{
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  commit[0] = '\0';
  if (length < 0) return;
  path[length] = '\0';
  char *slash = strrchr(path, '/');
  if (!slash) return;
  snprintf(slash, sizeof path - (size_t)(slash - path), "/%s.commit", tool->name);
  FILE *file = fopen(path, "re");
  if (!file) return;
  if (!fgets(commit, COMMIT_SIZE, file)) commit[0] = '\0';
  commit[strcspn(commit, "\n")] = '\0';
  fclose(file);
}

static void print_version(const struct Tool *tool, FILE *stream)
{
  char commit[COMMIT_SIZE];
  read_commit(tool, commit);
  if (commit[0])
    fprintf(stream, "%s %s (commit %s)\n", tool->name, PROJECT_VERSION, commit);
  else
    fprintf(stream, "%s %s\n", tool->name, PROJECT_VERSION);
}

/* What a tool says instead of working. */
typedef void Answer(const struct Tool *tool, FILE *stream);

static int give_answer(const struct Tool *tool, Answer *print)
{
  struct Error error;
  struct Output output;
  if (!output_open(&output, "-", &error)) return command_line_fail(tool, &error);
  print(tool, output.stream);
  return output_commit(&output, &error) ? EXIT_SUCCESS : command_line_fail(tool, &error);
}

/* open returns the lowest free descriptor, so that closed ones are filled in order, each opened for
   the wrong direction. */
static bool hold_standard_streams(struct Error *error)
{
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
    if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
      return error_system(error, "/dev/null: cannot open");
  }
  return true;
}

int command_line_parse(const struct Tool *tool, int argc, char **argv, int *first)
{
  struct Error error;
  if (!hold_standard_streams(&error)) return command_line_fail(tool, &error);
  if (argc == 2 && strcmp(argv[1], "--describe") == 0) return give_answer(tool, describe_tool);
  if (tool->tables && argc == 2 && strcmp(argv[1], "--tables") == 0)
    return give_answer(tool, list_tables);
  struct option longs[MAX_OPTIONS + 3] = {{"help", no_argument, NULL, HELP},
                                          {"version", no_argument, NULL, VERSION}};
  char shorts[2 * MAX_OPTIONS + 2] = "h";
  for (int i = 0; tool->options[i].name && i < MAX_OPTIONS; i++) {
    const struct Option *option = &tool->options[i];
    longs[i + 2] = (struct option){option->name, option->argument ? required_argument : no_argument,
                                   NULL, FIRST_LONG_ONLY + i};
    if (!option->letter) continue;
    size_t length = strlen(shorts);
    snprintf(shorts + length, sizeof shorts - length, "%c%s", option->letter,
             option->argument ? ":" : "");
  }

  static char name[64]; /* getopt prints argv[0]; use the tool's name instead */
  snprintf(name, sizeof name, "%s", tool->name);
  argv[0] = name;
  optind = 1;
  for (int code; (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
    if (code == HELP || code == 'h') return give_answer(tool, print_help);
    if (code == VERSION) return give_answer(tool, print_version);
    if (code == '?') return wrong_usage(tool);
    const struct Option *option = tool->options;
    while (code >= FIRST_LONG_ONLY ? option - tool->options != code - FIRST_LONG_ONLY
                                   : option->letter != code)
      option++;
    *option->value = optarg ? optarg : "";
  }
  if (argc - optind < tool->min_operands) {
    fprintf(stderr, "%s: missing operand\n", tool->name);
    return wrong_usage(tool);
  }
  *first = optind;
  return COMMAND_LINE_CONTINUE;
}

void command_line_warn(const struct Tool *tool, const char *format, ...)
{
  struct Error shown;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(shown.message, sizeof shown.message, format, arguments);
  va_end(arguments);
  for (char *c = shown.message; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
  fprintf(stderr, "%s: %s\n", tool->name, shown.message);
}

int command_line_fail(const struct Tool *tool, const struct Error *error)
{
  command_line_warn(tool, "%s", error->message);
  return EXIT_FAILURE;
}
