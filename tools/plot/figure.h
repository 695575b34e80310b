/*
 * Figures: a specification (an .ini file) and tables in, a picture out.
 *
 *   [figure]                         ; width and height are inches at print size, text is in points
 *   width = 6.75
 *   table = mainline/history         ; what stands here holds for every section below
 *   x = epoch
 *   x.label = Epoch
 *
 *   [panel loss]                     ; panels fill the grid in reading order
 *   y.label = Loss
 *   y.scale = log
 *
 *   [line train]                     ; drawn in the panel above it, in the order of the file
 *   y = train_loss
 *   label = Train
 *   color = blue
 *
 * A section is [kind name]; the name only tells sections of a kind apart. A mark (line, bars,
 * scatter, histogram, map, rule, phases, text) belongs to the panel it follows; one that stands
 * before the first panel is drawn in every panel. A key that a section does not set is looked up in
 * its panel, then in [figure], then it has the default below. spec.c holds the table of keys.
 *
 * [figure]
 *   width = 6.75                     inches; 3.25 is one column of a page, 6.75 all of it
 *   height                           inches; without it, it follows from the panels' `aspect`
 *   columns                          panels in a row; without it, all stand in one row
 *   widths = 1 1, heights = 1 1      relative sizes of the grid's columns and rows
 *   share.x = none | column | row | all   the panels with the same label that have one range: those
 *   share.y = none | row | column | all   of a column, of a row, all. Where their axes are in line,
 *                                    the outer one alone has labels
 *   legend = top | bottom | right | none   where the figure's legend stands
 *   letters = no | yes               a, b, c ... at the panels
 *   font = Inter                     a family; its absence is an error
 *   size = 8                         points; ticks and legends are set one point smaller
 *   resolution = 300                 pixels per inch of a .png
 * [panel NAME]
 *   title                            text, as every label, in Pango markup: W<sub>E</sub>
 *   aspect = 1.5                     width over height of the plot; if set, it is kept
 *   span.columns = 1, span.rows = 1  cells of the grid that the panel takes
 *   legend = figure | above | inside | none    where its own marks are explained: inside is a
 *                                    free corner; where none is free, it stands above
 *   bars = grouped | overlaid        several bars at one x: side by side, or at one place
 *   x.label, x.scale = linear | log, x.min, x.max, x.ticks = 0 10 20, and the same for y
 *   x.padding = 0.05                 room between data and axis ends, a share of the data's range;
 *                                    two numbers: at the low end and at the high end; min and max
 *                                    overrule it. Without it: as lines, bars and maps need it
 *   x.format = auto | plain | comma | k | power | component | none    10000, 10,000, 10k, 10^4, the
 *                                    names of Fourier components (2k - 1: cos w_k, 2k: sin w_k),
 *                                    no labels
 * [line NAME], [scatter NAME]        x and y: columns
 *   group                            a column: one line for each of its values, in their order:
 *                                    numbers by value, then words
 *   cycle = yes | no                 the groups take the palette's colours in turn, from `color` on
 *   label                            for the legend; {} stands for the group's value
 *   color = black                    a name from color.h or #rrggbb
 *   tint = 0                         0 ... 1: blended with white
 *   opacity = 1                      0 ... 1: how much of what lies beneath is hidden
 *   stroke = 1                       points
 *   dash = solid | dashed | dotted | dashdot
 *   marker = none | circle | square | triangle | diamond     (scatter: circle)
 *   marker.size = 3                  points across
 * [bars NAME]                        x and y: columns; label, color, tint, opacity
 *   base = 0                         where bars start: a number or a column
 *   fill = 0.8                       share of the room between two x that bars take
 * [histogram NAME]                   x: a column; label, color, tint, opacity
 *   bins = 40, from, to              equal bins; without them, over the range of the data
 * [map NAME]                         x and y: columns that form a regular grid
 *   value                            a column
 *   colors                           the [colors NAME] that says what the colours mean
 *   zoom.x, zoom.y = 8               only so many columns or rows, about the strongest one
 * [colors NAME]                      maps that name the same one share range and colour bar
 *   map = viridis | blues | blue-white-red     the last is for signed values: white is 0
 *   min, max, scale = linear | log, label, ticks, format
 *   bar = yes | no                   at the right of its panels
 * [rule NAME]                        x or y: a number, or a column of which each value is drawn
 *   label, color, tint, opacity, stroke, dash
 * [phases NAME]                      x: a column; phase: a column of integers 0, 1, 2, ...
 *   labels = Memorisation, Cleanup   one per phase, for the legend; phases beyond them stay white
 *   rest                             what that white is, for the legend
 * [text NAME]                        x and y: numbers, or columns: a text for each row
 *   label                            what is written; {} stands for the row's cell of `value`
 *   value                            a column
 *   align = center | left | right    which part of the text stands at x
 *   shift = 4 0                      points by which it is moved to the right, and up
 *   color, tint, opacity
 *
 * Any mark:
 *   table = mainline/history         the operand whose path, less .tsv, ends with these components;
 *                                    not needed where only one table is given
 *   where = key = 1 and fve > 0.5    only the rows for which all conditions hold; = != < <= > >=;
 *                                    nan equals nan
 *   optional = no | yes              yes: where no row meets the conditions the mark is left out;
 *                                    otherwise that is an error
 *
 * The file says in its metadata what it was drawn from (plot/sources.h).
 *
 * A value that its axis cannot show (nan, infinite, not above 0 on a log axis) is a gap.
 */
#ifndef PLOT_FIGURE_H
#define PLOT_FIGURE_H

#include "base/error.h"

#include <stddef.h>

struct FigureRequest {
  const char *spec_path;
  const char *const *table_paths; /* [n_tables] */
  size_t n_tables;
  const char *run;         /* drawn instead of the specification's (plot/run.h); NULL: no other */
  const char *output_path; /* ends with .pdf, .svg or .png */
  double resolution;       /* pixels per inch of a .png; 0: as the specification says */
};

/* The name of a figure: that of its specification, less folders and .ini, behind the name of the
   run, if another one is drawn: seed-1-fig07-progress-measures. The caller frees it. */
char *figure_name(const char *spec_path, const char *run, struct Error *error);

/*
 * Reads the specification and the tables it names, checks all of it, then draws; the output
 * appears whole or not at all, and the same input gives the same bytes. Errors name file and line
 * of what is wrong: in the specification, in a table, or in writing.
 */
bool figure_render(const struct FigureRequest *request, struct Error *error);

#endif
