/*
 * Figures: drawn from a specification (an .ini file) and tables.
 *
 *   [figure]                         ; width and height in inches at print size, text in points
 *   width = 6.75
 *   table = mainline/history         ; keys set here apply to every section below
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
 * A section is [kind name]; the name only distinguishes sections of a kind. A mark (line, bars,
 * scatter, histogram, map, rule, phases, text) belongs to the panel it follows; a mark before the
 * first panel is drawn in every panel. A key that a section does not set is looked up in its panel,
 * then in [figure]; then it has the default below. The table of keys is in keys.c.
 *
 * `each` repeats a section: it is there once for every word of the list, with the word in the place
 * of {each} in its values.
 *
 *   [line test]
 *   each = seed-1, seed-2, seed-3
 *   each.label = Seed 1, Seed 2, Seed 3
 *   each.color = blue, orange, #21908C
 *   table = {each}/history
 *   y = test_loss
 *   label = {each.label}
 *   color = {each.color}
 *
 * A panel is repeated with its marks, and in [figure] `each` repeats all panels with their marks:
 * first all of them for the first word, then all for the second. What is repeated has no `each` of
 * its own, but can have {each} in its values; [colors NAME] is there once. In messages the copies
 * are [line test seed-1], [line test seed-2] ..., on the lines of the one that is written.
 *
 * [figure]
 *   width = 6.75                     inches; 3.25 is one column of a page, 6.75 all of it
 *   height                           inches; by default computed from the panels' `aspect`
 *   columns                          panels per row; by default all in one row
 *   widths = 1 1, heights = 1 1      relative sizes of the grid's columns and rows
 *   share.x = none | column | row | all   which panels with the same label share one range: those
 *   share.y = none | row | column | all   of a column, of a row, all. Of axes in line only the
 *                                    outer one has labels
 *   legend = top | bottom | right | none   position of the figure's legend
 *   letters = no | yes               a, b, c ... at the panels
 *   font = Inter                     a family, which must be installed
 *   size = 8                         points; ticks and legends are one point smaller
 *   resolution = 300                 pixels per inch of a .png
 * [panel NAME]
 *   title                            text, as every label, in Pango markup: W<sub>E</sub>
 *   aspect = 1.5                     width over height of the plot; if set, it is kept
 *   span.columns = 1, span.rows = 1  cells of the grid that the panel takes
 *   legend = figure | above | inside | none    where its own marks are listed; inside: in a free
 *                                    corner, or above if none is free
 *   bars = grouped | overlaid        several bars at one x: side by side, or superimposed
 *   x.label, x.scale = linear | log | even, x.min, x.max, x.ticks = 0 10 20, and the same
 *                                    for y; even: the values of x.ticks lie at equal distances, as
 *                                    for settings, for lines, points, maps, rules and texts
 *   x.padding = 0.05                 space between data and axis ends, as a fraction of the data's
 *                                    range; two numbers: low end and high end; min and max take
 *                                    precedence. By default as the marks need it
 *   x.format = auto | plain | comma | k | power | component | none    10000, 10,000, 10k, 10^4, the
 *                                    names of Fourier components (2k - 1: cos w_k, 2k: sin w_k),
 *                                    no labels
 * [line NAME], [scatter NAME]        x and y: columns
 *   group                            a column: one line per value, in order: numbers by value, then
 *                                    words
 *   cycle = yes | no                 the groups take the palette's colours in turn, from `color` on
 *   label                            for the legend; {} stands for the group's value
 *   color = black                    a name from color.h or #rrggbb
 *   tint = 0                         0 ... 1: blended with white
 *   opacity = 1                      0 (transparent) ... 1 (opaque)
 *   stroke = 1                       points
 *   dash = solid | dashed | dotted | dashdot
 *   marker = none | circle | square | triangle | diamond     (scatter: circle)
 *   marker.size = 3                  points across
 * [bars NAME]                        x and y: columns; label, color, tint, opacity
 *   base = 0                         where bars start: a number or a column
 *   fill = 0.8                       fraction of the space between two x taken by bars
 * [histogram NAME]                   x: a column; label, color, tint, opacity
 *   bins = 40, from, to              equal bins; by default over the range of the data
 * [map NAME]                         x and y: columns that form a regular grid
 *   value                            a column
 *   colors                           the [colors NAME] with its colour scale
 *   zoom.x, zoom.y = 8               show only so many columns or rows, around the strongest
 * [colors NAME]                      maps that name the same one share range and colour bar
 *   map = viridis | blues | blue-white-red     the last is for signed values: white is 0
 *   min, max, scale = linear | log, label, ticks, format
 *   bar = yes | no                   to the right of its panels
 * [rule NAME]                        x or y: a number, or a column: one rule per value
 *   label, color, tint, opacity, stroke, dash
 * [phases NAME]                      x: a column; phase: a column of integers 0, 1, 2, ...
 *   labels = Memorisation, Cleanup   one per phase, for the legend; further phases stay white
 *   rest                             label of the white phases, for the legend
 * [text NAME]                        x and y: numbers, or columns: one text per row
 *   label                            the text; {} stands for the row's cell of `value`
 *   value                            a column
 *   align = center | left | right    which part of the text is at x
 *   shift = 4 0                      offset in points, right and up
 *   color, tint, opacity
 *
 * [figure], [panel NAME], any mark:
 *   each = seed-1, seed-2            the words for {each}; items of these lists have no commas
 *   each.label = Seed 1, Seed 2      the texts for {each.label}; by default the words
 *   each.color = blue, orange        the colours for {each.color}; viridis: along this map, from
 *                                    dark to light
 *
 * Any mark:
 *   table = mainline/history         the operand whose path, without .tsv, ends with these
 *                                    components; not needed for a single table
 *   where = key = 1 and fve > 0.5    only the rows for which all conditions hold; = != < <= > >=;
 *                                    nan equals nan
 *   optional = no | yes              yes: omit the mark if no row meets the conditions; no: that is
 *                                    an error
 *   frames = auto | each | all       which rows a frame of a film shows (film.h): each: those of
 * its epoch; all: all; auto: those of its epoch if the table has a column `epoch` and this is not
 * x. So lines over epochs are whole, and a rule with x = epoch and frames = each moves along
 *
 * history.tsv.partial, the table of a run that is still training, has the same name, `history`.
 * Marks whose tables are not given are left out then.
 *
 * The file's metadata name the tables it was drawn from (plot/sources.h).
 *
 * A value that its axis cannot show (NaN, infinite, not positive on a log axis) is a gap.
 */
#ifndef PLOT_FIGURE_H
#define PLOT_FIGURE_H

#include "base/error.h"
#include "plot/request.h"

/* The name of a figure: that of its specification without folders and .ini, prefixed with the
   run if another one is drawn: seed-1-fig07-progress-measures. The caller frees it. */
char *figure_name(const char *spec_path, const char *run, struct Error *error);

/* Where it goes if nobody says: that name with the ending, such as ".pdf", in the current
   directory. The caller frees it. */
char *figure_default_output(const char *spec_path, const char *run, const char *ending,
                            struct Error *error);

/* The argument of --resolution, pixels per inch; NULL, where it was not given, is 0. */
bool figure_parse_resolution(const char *text, double *resolution, struct Error *error);

/*
 * Reads and checks the specification and its tables, then draws. The output is written completely
 * or not at all, and the same input gives the same bytes. Errors name the file and line in the
 * specification or table, or the output that cannot be written.
 */
bool figure_render(struct FigureRequest *request, struct Error *error);

#endif
