#include "base/description.h"

#include <string.h>

const struct Option standard_options[] = {
    {'h', "help", NULL, "print this and exit", NULL},
    {0, "version", NULL, "print the version and exit", NULL},
    {0, "describe", NULL, "(alone) print all this for a program and exit", NULL},
    {0, "tables", NULL, "(alone) print the list of the tables and exit", NULL}};

int description_count_standard(const struct Tool *tool)
{
  const int all = sizeof standard_options / sizeof *standard_options;
  return tool->tables ? all : all - 1;
}

static void print_lines(const char *what, const char *text, FILE *stream)
{
  while (*text) {
    const int length = (int)strcspn(text, "\n");
    fprintf(stream, "%s\t%.*s\n", what, length, text);
    text += length;
    if (*text) text++;
  }
}

static void print_option(const struct Option *option, FILE *stream)
{
  const char letter[] = {option->letter, '\0'};
  fprintf(stream, "option\t%s\t%s\t%s\t%s\n", letter, option->name,
          option->argument ? option->argument : "", option->help);
}

void describe_tool(const struct Tool *tool, FILE *stream)
{
  fprintf(stream, "tool\t%s\t%s\noperands\t%s\n", tool->name, tool->purpose, tool->operands);
  print_lines("summary", tool->summary, stream);
  for (const struct ToolFile *table = tool->tables; table && table->name; table++)
    fprintf(stream, "table\t%s\t%s\n", table->name, table->holds);
  for (const struct Option *option = tool->options; option->name; option++)
    print_option(option, stream);
  for (int i = 0; i < description_count_standard(tool); i++)
    print_option(&standard_options[i], stream);
  if (tool->epilogue) print_lines("epilogue", tool->epilogue, stream);
}
