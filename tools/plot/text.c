#include "plot/text.h"

#include "base/memory.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef SANITIZE
/* A leak in fontconfig, while it reads its configuration. The address sanitizer looks for
   functions of these names. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
  return "leak:libfontconfig";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
  return "print_suppressions=0"; /* keep standard error for messages */
}
#endif

#define CAPITAL 0.727 /* cap height of Inter, in units of the size; other fonts are close */

struct Font {
  char *family;
  PangoFontMap *map;
  PangoContext *context;
};

static const struct {
  const char *family, *package;
} packages[] = {
    {"Inter", "fonts-inter"},
    {"DejaVu Sans", "fonts-dejavu-core"},
    {"Liberation Sans", "fonts-liberation"},
    {"Noto Sans", "fonts-noto-core"},
    {"Latin Modern Roman", "fonts-lmodern"},
    {"Lato", "fonts-lato"},
};

static bool missing_font(const char *family, const char *loaded, struct Error *error)
{
  for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++)
    if (g_ascii_strcasecmp(packages[i].family, family) == 0)
      return error_set(error,
                       "the font '%s' is not installed ('%s' would be used instead): install the "
                       "Debian package %s",
                       family, loaded, packages[i].package);
  return error_set(error, "the font '%s' is not installed ('%s' would be used instead)", family,
                   loaded);
}

/* Pango substitutes fonts silently: only the name of the loaded font tells. */
static bool check_family(struct Font *font, struct Error *error)
{
  PangoFontDescription *wanted = pango_font_description_new();
  pango_font_description_set_family(wanted, font->family);
  pango_font_description_set_size(wanted, 8 * PANGO_SCALE);
  PangoFont *loaded = pango_context_load_font(font->context, wanted);
  PangoFontDescription *found = loaded ? pango_font_describe(loaded) : NULL;
  const char *family = found ? pango_font_description_get_family(found) : "nothing";
  bool same = g_ascii_strcasecmp(family, font->family) == 0;
  if (!same) missing_font(font->family, family, error);
  if (found) pango_font_description_free(found);
  if (loaded) g_object_unref(loaded);
  pango_font_description_free(wanted);
  return same;
}

struct Font *font_new(const char *family, struct Error *error)
{
  struct Font *font = memory_new(1, sizeof *font, "a font", error);
  if (!font) return NULL;
  font->family = memory_copy_text(family, error);
  font->map = pango_cairo_font_map_new();
  pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(font->map), 72);
  font->context = pango_font_map_create_context(font->map);
  pango_context_set_round_glyph_positions(font->context, FALSE);
  pango_context_set_language(font->context, pango_language_from_string("en"));
  cairo_font_options_t *options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options(font->context, options);
  cairo_font_options_destroy(options);
  if (font->family && check_family(font, error)) return font;
  font_free(font);
  return NULL;
}

void font_free(struct Font *font)
{
  if (!font) return;
  if (font->context) g_object_unref(font->context);
  if (font->map) g_object_unref(font->map);
  free(font->family);
  free(font);
}

/* Pango sets <sub> and <sup> at half the size, too small to read at 7 points: replace them by
   spans of three quarters, shifted by the usual typographic fractions of the size. */
static char *expand_scripts(const char *markup, double size, struct Error *error)
{
  static const struct {
    const char *tag;
    double rise; /* in units of the size */
    bool opens;
  } tags[] = {
      {"<sub>", -0.16, true}, {"<sup>", 0.34, true}, {"</sub>", 0, false}, {"</sup>", 0, false}};
  enum { N_TAGS = sizeof tags / sizeof tags[0], SPAN = 64 };
  char *text = memory_new(strlen(markup) / 5 + 1, SPAN + 5, "a text", error);
  if (!text) return NULL;
  char *end = text;
  for (const char *c = markup; *c;) {
    int tag = 0;
    while (tag < N_TAGS && strncmp(c, tags[tag].tag, strlen(tags[tag].tag)) != 0)
      tag++;
    if (tag == N_TAGS) {
      *end++ = *c++;
      continue;
    }
    c += strlen(tags[tag].tag);
    if (tags[tag].opens)
      end +=
          snprintf(end, SPAN, "<span size='%d' rise='%d'>", (int)lround(0.75 * size * PANGO_SCALE),
                   (int)lround(tags[tag].rise * size * PANGO_SCALE));
    else
      end += snprintf(end, SPAN, "</span>");
  }
  return text;
}

static bool check_markup(const char *markup, const char *shown, struct Error *error)
{
  GError *wrong = NULL;
  if (pango_parse_markup(markup, -1, 0, NULL, NULL, NULL, &wrong)) return true;
  error_set(error, "'%s': %s", shown, wrong->message);
  g_error_free(wrong);
  return false;
}

/* Checks the markup as written, so that the message quotes it, and as expanded, which differs
   for tags with blanks. */
bool text_check_markup(const char *markup, struct Error *error)
{
  if (!check_markup(markup, markup, error)) return false;
  char *expanded = expand_scripts(markup, 8, error);
  bool sound = expanded && check_markup(expanded, markup, error);
  free(expanded);
  return sound;
}

char *text_escape(const char *text, struct Error *error)
{
  if (!g_utf8_validate(text, -1, NULL)) {
    error_set(error, "'%s' is not valid UTF-8", text);
    return NULL;
  }
  char *escaped = g_markup_escape_text(text, -1);
  char *copy = memory_copy_text(escaped, error);
  g_free(escaped);
  return copy;
}

static PangoLayout *new_layout(struct Font *font, const char *markup, double size,
                               enum TextWeight weight)
{
  PangoLayout *layout = pango_layout_new(font->context);
  PangoFontDescription *description = pango_font_description_new();
  pango_font_description_set_family(description, font->family);
  pango_font_description_set_size(description, (int)lround(size * PANGO_SCALE));
  if (weight == TEXT_BOLD) pango_font_description_set_weight(description, PANGO_WEIGHT_SEMIBOLD);
  pango_layout_set_font_description(layout, description);
  pango_font_description_free(description);
  struct Error ignored;
  char *expanded = expand_scripts(markup, size, &ignored);
  pango_layout_set_markup(layout, expanded ? expanded : markup, -1);
  free(expanded);
  /* no fallback font for missing characters */
  PangoAttrList *attributes = pango_layout_get_attributes(layout);
  attributes = attributes ? pango_attr_list_copy(attributes) : pango_attr_list_new();
  pango_attr_list_insert(attributes, pango_attr_fallback_new(FALSE));
  pango_layout_set_attributes(layout, attributes);
  pango_attr_list_unref(attributes);
  return layout;
}

bool text_check_glyphs(struct Font *font, const char *markup, struct Error *error)
{
  PangoLayout *layout = new_layout(font, markup, 8, TEXT_REGULAR);
  int n_unknown = pango_layout_get_unknown_glyphs_count(layout);
  g_object_unref(layout);
  if (n_unknown == 0) return true;
  return error_set(error, "the font '%s' lacks %d of the characters in '%s'", font->family,
                   n_unknown, markup);
}

static double layout_width(PangoLayout *layout)
{
  PangoRectangle logical;
  pango_layout_get_extents(layout, NULL, &logical);
  return logical.width / (double)PANGO_SCALE;
}

struct Extent text_extent(struct Font *font, const char *markup, double size,
                          enum TextWeight weight)
{
  PangoLayout *layout = new_layout(font, markup, size, weight);
  int n_lines = pango_layout_get_line_count(layout);
  struct Extent extent = {layout_width(layout), size * (CAPITAL + TEXT_LINE * (n_lines - 1))};
  g_object_unref(layout);
  return extent;
}

void text_draw(struct Font *font, cairo_t *cairo, const char *markup, double size,
               enum TextWeight weight, double x, double y, struct Anchor anchor, bool upwards)
{
  PangoLayout *layout = new_layout(font, markup, size, weight);
  double baseline = pango_layout_get_baseline(layout) / (double)PANGO_SCALE;
  cairo_save(cairo);
  cairo_translate(cairo, x, y);
  if (upwards) cairo_rotate(cairo, -1.5707963267948966);
  cairo_translate(cairo, -anchor.x * layout_width(layout),
                  -baseline + (1 - anchor.y) * CAPITAL * size);
  pango_cairo_show_layout(cairo, layout);
  cairo_restore(cairo);
  g_object_unref(layout);
}
