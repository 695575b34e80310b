/*
 * One palette for many pictures: colours are counted, then the space of colours is divided until
 * there are as many parts as the palette may have (median cut, by variance instead of the median).
 * The same counts give the same palette.
 */
#ifndef PLOT_PALETTE_H
#define PLOT_PALETTE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* One index of a GIF's 256 is left for "as before". */
enum { PALETTE_MOST = 255, PALETTE_COLORS = 1 << 24 };

struct Palette {
  uint32_t *counts;     /* [PALETTE_COLORS]: pixels of each colour 0xRRGGBB */
  unsigned char *index; /* [PALETTE_COLORS]: of a counted colour's place in the palette */
  unsigned rgb[PALETTE_MOST];
  int n;
};

bool palette_init(struct Palette *palette, struct Error *error);
void palette_release(struct Palette *palette);

/* Counts n pixels, whose highest eight bits are ignored. */
void palette_count(struct Palette *palette, const uint32_t *pixels, size_t n);

/* Chooses at most `most` colours. Each stands for its part of those counted and is the most
   frequent of them, so that white stays white; a colour goes to the nearest one. */
bool palette_choose(struct Palette *palette, int most, struct Error *error);

#endif
