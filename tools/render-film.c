/* Draws a film: a figure's specification at every epoch of its tables, as an animated GIF. */
#include "base/command_line.h"
#include "plot/figure.h"
#include "plot/film.h"

#include <stdio.h>
#include <stdlib.h>

static const char *output, *frames, *resolution, *run;

static const struct Option options[] = {
    {'o', "output", "FILE.gif",
     "where the film goes (default: its name with .gif, here; none if there is --frames)", &output},
    {0, "frames", "DIR", "folder for the frames, frame-0001.png ..., created if missing", &frames},
    {'r', "resolution", "N", "pixels per inch (default: as the specification says, or 300)",
     &resolution},
    {0, "run", "RUN", "show this run instead of the specification's own", &run},
    {0}};

static const struct Tool tool = {
    .name = "render-film",
    .purpose = "draw a figure at every epoch, as an animation",
    .operands = "FILM.ini TABLE.tsv...",
    .summary =
        "Draws the figure that FILM.ini specifies at every epoch of its tables, as an animated\n"
        "GIF of one palette. Marks whose tables have a column epoch that is not their x have\n"
        "the rows of one epoch in each frame; all else is in all frames, and axes and colours\n"
        "stay. Such tables are written by checkpoint-to-spectrum --epochs. tools/plot/film.h\n"
        "documents what moves, tools/plot/figure.h all keys.\n\n"
        "With --run, tables RUN/NAME are taken from that run instead.",
    .options = options,
    .min_operands = 1};

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error = {0};
  struct FilmRequest request = {.frames = frames,
                                .figure = {.spec_path = argv[first],
                                           .table_paths = (const char *const *)argv + first + 1,
                                           .n_tables = (size_t)(argc - first - 1),
                                           .output_path = output,
                                           .run = run}};
  char *name = output || frames ? NULL : figure_default_output(argv[first], run, ".gif", &error);
  if (name) request.figure.output_path = name;
  bool rendered = (output || frames || name) &&
                  figure_parse_resolution(resolution, &request.figure.resolution, &error) &&
                  film_render(&request, &error);
  if (rendered && request.figure.left_out)
    fprintf(stderr, "%s: %s: what shows tables that are not given is left out\n", tool.name,
            output   ? output
            : frames ? frames
                     : name);
  free(name);
  return rendered ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
