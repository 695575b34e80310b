#include "plot/palette.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

struct Shade {
  unsigned rgb;
  uint32_t count;
};

/* Successive shades of the list, and how far they are from being one colour. */
struct Part {
  size_t first, n;
  int channel;   /* in which they differ most */
  double mean;   /* in that channel */
  double spread; /* sum of squared deviations in it, weighted; 0 for a single shade */
};

bool palette_init(struct Palette *palette, struct Error *error)
{
  *palette = (struct Palette){0};
  palette->counts = memory_new(PALETTE_COLORS, sizeof *palette->counts, "counts of colours", error);
  palette->index = memory_new(PALETTE_COLORS, 1, "indices of colours", error);
  if (palette->counts && palette->index) return true;
  palette_release(palette);
  return false;
}

void palette_release(struct Palette *palette)
{
  free(palette->counts);
  free(palette->index);
  *palette = (struct Palette){0};
}

void palette_count(struct Palette *palette, const uint32_t *pixels, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    uint32_t *count = &palette->counts[pixels[i] & (PALETTE_COLORS - 1)];
    *count += *count < UINT32_MAX;
  }
}

static int channel_of(unsigned rgb, int channel)
{
  return (int)(rgb >> 8 * channel & 255);
}

/* A shade weighs as the root of its pixels: the few of a thin line matter beside those of a map. */
static double weight_of(const struct Shade *shade)
{
  return sqrt((double)shade->count);
}

static void measure(struct Part *part, const struct Shade *shades)
{
  part->spread = -1;
  for (int channel = 0; channel < 3; channel++) {
    double weights = 0, sum = 0, squares = 0;
    for (size_t i = part->first; i < part->first + part->n; i++) {
      double weight = weight_of(&shades[i]), value = channel_of(shades[i].rgb, channel);
      weights += weight;
      sum += weight * value;
      squares += weight * value * value;
    }
    double spread = part->n > 1 ? fmax(0, squares - sum * sum / weights) : 0;
    if (spread <= part->spread) continue;
    part->spread = spread;
    part->channel = channel;
    part->mean = sum / weights;
  }
}

/* Divides a part at its mean: the shades below come first. */
static void divide(struct Part *part, struct Part *rest, struct Shade *shades)
{
  size_t below = part->first, end = part->first + part->n;
  for (size_t i = below; i < end; i++) {
    if (channel_of(shades[i].rgb, part->channel) > part->mean) continue;
    struct Shade shade = shades[i];
    shades[i] = shades[below];
    shades[below++] = shade;
  }
  *rest = (struct Part){.first = below, .n = end - below};
  part->n = below - part->first;
  measure(part, shades);
  measure(rest, shades);
}

static unsigned most_frequent(const struct Part *part, const struct Shade *shades)
{
  const struct Shade *found = &shades[part->first];
  for (size_t i = part->first; i < part->first + part->n; i++)
    if (shades[i].count > found->count ||
        (shades[i].count == found->count && shades[i].rgb < found->rgb))
      found = &shades[i];
  return found->rgb;
}

static int distance(unsigned a, unsigned b)
{
  int sum = 0;
  for (int channel = 0; channel < 3; channel++) {
    int difference = channel_of(a, channel) - channel_of(b, channel);
    sum += difference * difference;
  }
  return sum;
}

static unsigned char nearest(const struct Palette *palette, unsigned rgb)
{
  int found = 0;
  for (int i = 1; i < palette->n; i++)
    if (distance(palette->rgb[i], rgb) < distance(palette->rgb[found], rgb)) found = i;
  return (unsigned char)found;
}

static struct Shade *list_shades(const struct Palette *palette, size_t *n, struct Error *error)
{
  *n = 0;
  for (size_t rgb = 0; rgb < PALETTE_COLORS; rgb++)
    *n += palette->counts[rgb] > 0;
  struct Shade *shades = memory_new(*n, sizeof *shades, "colours of pictures", error);
  size_t next = 0;
  for (size_t rgb = 0; shades && rgb < PALETTE_COLORS; rgb++)
    if (palette->counts[rgb] > 0)
      shades[next++] = (struct Shade){(unsigned)rgb, palette->counts[rgb]};
  return shades;
}

bool palette_choose(struct Palette *palette, int most, struct Error *error)
{
  struct Part parts[PALETTE_MOST] = {0};
  size_t n_shades;
  struct Shade *shades = list_shades(palette, &n_shades, error);
  if (!shades) return false;
  parts[0].n = n_shades;
  measure(&parts[0], shades);
  for (palette->n = 1; palette->n < most; palette->n++) {
    struct Part *widest = &parts[0];
    for (int i = 1; i < palette->n; i++)
      if (parts[i].spread > widest->spread) widest = &parts[i];
    if (widest->n < 2) break; /* every shade has its place */
    divide(widest, &parts[palette->n], shades);
  }
  for (int i = 0; i < palette->n; i++)
    palette->rgb[i] = most_frequent(&parts[i], shades);
  for (size_t i = 0; i < n_shades; i++)
    palette->index[shades[i].rgb] = nearest(palette, shades[i].rgb);
  free(shades);
  return true;
}
