/*
 * Films: a figure drawn epoch by epoch.
 *
 * The specification is a figure's (plot/figure.h). What moves are the marks whose tables have a
 * column `epoch` that is not their x: a frame has only their rows of its epoch (`frames` of a
 * mark). All else is the same in every frame: lines over epochs are whole. The frames are the
 * epochs of which all that moves has rows. Axes and colours have the ranges of the whole film, so
 * that only what moves does.
 *
 * This rule moves along the losses, and this text says the epoch:
 *
 *   [rule now]
 *   table = mainline/spectrum
 *   x = epoch
 *   frames = each
 *
 *   [text epoch]
 *   table = mainline/spectrum
 *   where = frequency = 0
 *   x = 100
 *   y = 10
 *   value = epoch
 *   label = Epoch {}
 *
 * The layout, and with it the place of a legend that is inside a panel, follows the first frame. A
 * histogram needs `from` and `to`, or its bins move; `zoom` moves with what is strongest.
 */
#ifndef PLOT_FILM_H
#define PLOT_FILM_H

#include "base/error.h"
#include "plot/request.h"

struct FilmRequest {
  struct FigureRequest figure; /* output_path ends with .gif; NULL: no GIF */
  const char *frames;          /* folder for frame-0001.png, frame-0002.png ...; NULL: none */
};

/*
 * Reads and checks the specification and its tables, then draws every frame, each for a tenth of a
 * second and the last for three, in one palette of the colours that are most needed. A PNG has all
 * colours. Each file is written completely or not at all, and the same input gives the same bytes.
 * Errors: as for figure_render; nothing moves; no epoch is common to what moves.
 */
bool film_render(struct FilmRequest *request, struct Error *error);

#endif
