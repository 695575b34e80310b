#include "base/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 16, HELP = 256, VERSION, FIRST_LONG_ONLY };

static void print_usage(const struct Tool *tool, FILE *stream)
{
  fprintf(stream, "usage: %s [options] %s\n", tool->name, tool->operands);
}

static void print_option(char letter, const char *name, const char *argument, const char *help)
{
  char left[64];
  snprintf(left, sizeof left, "%c%c%s --%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
           letter ? "," : " ", name, argument ? " " : "", argument ? argument : "");
  printf("  %-28s %s\n", left, help);
}

static void print_help(const struct Tool *tool)
{
  print_usage(tool, stdout);
  printf("\n%s\n\noptions:\n", tool->summary);
  for (const struct Option *option = tool->options; option->name; option++)
    print_option(option->letter, option->name, option->argument, option->help);
  print_option('h', "help", NULL, "print this and exit");
  print_option(0, "version", NULL, "print the version and exit");
  if (tool->epilogue) printf("\n%s\n", tool->epilogue);
}

static int wrong_usage(const struct Tool *tool)
{
  print_usage(tool, stderr);
  fprintf(stderr, "'%s --help' says more\n", tool->name);
  return EXIT_WRONG_USAGE;
}

static int finish_output(const struct Tool *tool)
{
  if (fflush(stdout) == 0 && !ferror(stdout)) return EXIT_SUCCESS;
  perror(tool->name);
  return EXIT_FAILURE;
}

int command_line_parse(const struct Tool *tool, int argc, char **argv, int *first)
{
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

  static char name[64]; /* getopt prints argv[0]; a person knows the tool by its name */
  snprintf(name, sizeof name, "%s", tool->name);
  argv[0] = name;
  optind = 1;
  for (int code; (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
    if (code == HELP || code == 'h') {
      print_help(tool);
      return finish_output(tool);
    }
    if (code == VERSION) {
      printf("%s %s\n", tool->name, PROJECT_VERSION);
      return finish_output(tool);
    }
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

int command_line_fail(const struct Tool *tool, const struct Error *error)
{
  fprintf(stderr, "%s: %s\n", tool->name, error->message);
  return EXIT_FAILURE;
}
