/*
 * Animated GIFs (GIF89a, by giflib): one palette for all frames; each frame has only the rectangle
 * in which it differs from the one before, and only the pixels of it that do. They repeat for ever.
 * Written completely or not at all; the same frames give the same bytes.
 */
#ifndef PLOT_GIF_H
#define PLOT_GIF_H

#include "base/error.h"
#include "base/output.h"
#include "plot/palette.h"

#include <stddef.h>

enum { GIF_SIDE_LIMIT = 4096 };

struct Gif {
  struct Output output;
  struct GifFileType *file; /* giflib's, which writes to the output; NULL if not open */
  int width, height;
  int unchanged;        /* the index that stands for a pixel as it was before */
  unsigned char *shown; /* [height][width]: indices of what there is after the last frame */
  unsigned char *line;  /* [width] */
  bool begun;           /* there is a frame */
};

/* A file of that size; the comment goes into it. The palette has been chosen, and must outlive the
   file. Errors: the file cannot be created; no memory. On failure there is nothing to discard. */
bool gif_open(struct Gif *gif, const char *path, int width, int height,
              const struct Palette *palette, const char *comment, struct Error *error);

/* The next frame, indices[height][width] of the palette, is shown for so many hundredths of a
   second. */
bool gif_add(struct Gif *gif, const unsigned char *indices, int hundredths, struct Error *error);

/* Errors: those of output_commit. */
bool gif_commit(struct Gif *gif, struct Error *error);

/* Does nothing if it is not open. */
void gif_discard(struct Gif *gif);

#endif
