#include "plot/color.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *name;
  unsigned rgb;
} palette[] = {
    {"blue", 0x0072B2},   {"vermillion", 0xD55E00}, {"green", 0x009E73}, {"purple", 0xCC79A7},
    {"orange", 0xE69F00}, {"sky-blue", 0x56B4E9},   {"black", 0x000000}, {"yellow", 0xF0E442},
    {"grey", 0x767676},   {"light-grey", 0xBDBDBD},
};
enum { N_NAMES = sizeof palette / sizeof palette[0], N_CYCLE = 7 };

struct Anchors {
  int n;
  bool diverging;
  unsigned rgb[12];
};

/* viridis: N. Smith and S. van der Walt (2015), at tenths; blues and blue-white-red: Blues and
   RdBu of C. Brewer's ColorBrewer (2002), the latter reversed. */
static const struct Anchors maps[N_COLOR_MAPS] = {
    [COLOR_MAP_VIRIDIS] = {11,
                           false,
                           {0x440154, 0x482576, 0x414487, 0x35608D, 0x2A788E, 0x21908C, 0x22A884,
                            0x43BF71, 0x7AD151, 0xBBDF27, 0xFDE725}},
    [COLOR_MAP_BLUES] = {9,
                         false,
                         {0xF7FBFF, 0xDEEBF7, 0xC6DBEF, 0x9ECAE1, 0x6BAED6, 0x4292C6, 0x2171B5,
                          0x08519C, 0x08306B}},
    [COLOR_MAP_BLUE_WHITE_RED] = {11,
                                  true,
                                  {0x053061, 0x2166AC, 0x4393C3, 0x92C5DE, 0xD1E5F0, 0xF7F7F7,
                                   0xFDDBC7, 0xF4A582, 0xD6604D, 0xB2182B, 0x67001F}},
};

struct Lab {
  double lightness, a, b;
};

static struct Color from_rgb(unsigned rgb)
{
  return (struct Color){(rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0};
}

bool color_parse(const char *text, struct Color *color)
{
  for (int i = 0; i < N_NAMES; i++) {
    if (strcmp(text, palette[i].name) != 0) continue;
    *color = from_rgb(palette[i].rgb);
    return true;
  }
  unsigned rgb;
  if (text[0] != '#' || strlen(text) != 7 || strspn(text + 1, "0123456789abcdefABCDEF") != 6)
    return false;
  if (sscanf(text + 1, "%x", &rgb) != 1) return false;
  *color = from_rgb(rgb);
  return true;
}

void color_print(struct Color color, char text[static COLOR_TEXT_SIZE])
{
  snprintf(text, COLOR_TEXT_SIZE, "#%02X%02X%02X", (unsigned)lround(255 * color.red) & 255,
           (unsigned)lround(255 * color.green) & 255, (unsigned)lround(255 * color.blue) & 255);
}

const char *color_names(void)
{
  return "blue vermillion green purple orange sky-blue black yellow grey light-grey #rrggbb";
}

bool color_equal(struct Color a, struct Color b)
{
  return fabs(a.red - b.red) + fabs(a.green - b.green) + fabs(a.blue - b.blue) < 1e-9;
}

struct Color color_next(struct Color color, int step)
{
  if (step == 0) return color;
  int start = N_CYCLE - 1;
  for (int i = 0; i < N_CYCLE; i++)
    if (color_equal(color, from_rgb(palette[i].rgb))) start = i;
  return from_rgb(palette[(start + step) % N_CYCLE].rgb);
}

struct Color color_tint(struct Color color, double tint)
{
  return (struct Color){color.red + tint * (1 - color.red), color.green + tint * (1 - color.green),
                        color.blue + tint * (1 - color.blue)};
}

/* sRGB to linear and back (IEC 61966-2-1). */
static double to_linear(double c)
{
  return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double from_linear(double c)
{
  if (c <= 0) return 0;
  return c <= 0.0031308 ? 12.92 * c : fmin(1, 1.055 * pow(c, 1 / 2.4) - 0.055);
}

/* CIE 1976 L*a*b*, white D65. */
static const double white[3] = {0.95047, 1.0, 1.08883};

static double lab_root(double t)
{
  return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static double lab_unroot(double t)
{
  return t * t * t > 216.0 / 24389 ? t * t * t : (116 * t - 16) * 27 / 24389;
}

static struct Lab to_lab(struct Color color)
{
  double r = to_linear(color.red), g = to_linear(color.green), b = to_linear(color.blue);
  double x = lab_root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / white[0]);
  double y = lab_root((0.2126729 * r + 0.7151522 * g + 0.0721750 * b) / white[1]);
  double z = lab_root((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / white[2]);
  return (struct Lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

static struct Color from_lab(struct Lab lab)
{
  double root = (lab.lightness + 16) / 116;
  double x = white[0] * lab_unroot(root + lab.a / 500);
  double y = white[1] * lab_unroot(root);
  double z = white[2] * lab_unroot(root - lab.b / 200);
  return (struct Color){from_linear(3.2404542 * x - 1.5371385 * y - 0.4985314 * z),
                        from_linear(-0.9692660 * x + 1.8760108 * y + 0.0415560 * z),
                        from_linear(0.0556434 * x - 0.2040259 * y + 1.0572252 * z)};
}

struct Color color_map(enum ColorMap map, double position)
{
  const struct Anchors *anchors = &maps[map];
  double place = fmin(1, fmax(0, position)) * (anchors->n - 1);
  int low = (int)fmin(floor(place), anchors->n - 2);
  double t = place - low;
  struct Lab a = to_lab(from_rgb(anchors->rgb[low])), b = to_lab(from_rgb(anchors->rgb[low + 1]));
  return from_lab((struct Lab){a.lightness + t * (b.lightness - a.lightness), a.a + t * (b.a - a.a),
                               a.b + t * (b.b - a.b)});
}

struct Color color_of_series(int i, int n)
{
  return color_map(COLOR_MAP_VIRIDIS, n > 1 ? 0.9 * i / (n - 1) : 0);
}

bool color_map_is_diverging(enum ColorMap map)
{
  return maps[map].diverging;
}

double color_lightness(struct Color color)
{
  return to_lab(color).lightness;
}

struct Color color_phase(int phase)
{
  static const unsigned tints[] = {0xF6E3C5, 0xDCEBF5, 0xEAE4F1, 0xE3F1E7};
  enum { N_TINTS = sizeof tints / sizeof tints[0] };
  return from_rgb(tints[phase % N_TINTS]);
}
