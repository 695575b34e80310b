/* Draws a figure: from a specification and the tables it names to a PDF, SVG or PNG. */
#include "base/command_line.h"
#include "base/memory.h"
#include "plot/figure.h"

#include <stdio.h>
#include <stdlib.h>

static const char *output, *resolution, *run;

static const struct Option options[] = {
    {'o', "output", "FILE",
     "where the figure goes: .pdf, .svg or .png (default: its name with .pdf, here)", &output},
    {'r', "resolution", "N", "pixels per inch of a .png (default: as the figure says, or 300)",
     &resolution},
    {0, "run", "RUN", "draw this run instead of the figure's own", &run},
    {0}};

static const struct Tool tool = {
    .name = "render-figure",
    .purpose = "draw a figure from a specification and tables",
    .operands = "FIGURE.ini TABLE.tsv...",
    .summary =
        "Draws the figure that FIGURE.ini specifies from the tables it names. A series names\n"
        "its table by the last components of the path: 'table = mainline/history' is the\n"
        "operand that ends with mainline/history.tsv; a single table needs no name.\n"
        "tools/plot/figure.h documents the keys.\n\n"
        "history.tsv.partial stands for history.tsv while a run trains; marks whose tables are\n"
        "not given are left out then.\n\n"
        "With --run, tables RUN/NAME are taken from that run instead, and marks that show other "
        "runs\n"
        "for comparison are left out. The figure's name is then RUN-NAME.",
    .options = options,
    .min_operands = 1};

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error = {0};
  struct FigureRequest request = {.spec_path = argv[first],
                                  .table_paths = (const char *const *)argv + first + 1,
                                  .n_tables = (size_t)(argc - first - 1),
                                  .run = run};
  char *name = output ? memory_copy_text(output, &error)
                      : figure_default_output(argv[first], run, ".pdf", &error);
  request.output_path = name;
  bool rendered = name && figure_parse_resolution(resolution, &request.resolution, &error) &&
                  figure_render(&request, &error);
  if (rendered && request.left_out)
    fprintf(stderr, "%s: %s: what shows tables that are not given is left out\n", tool.name, name);
  free(name);
  return rendered ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
