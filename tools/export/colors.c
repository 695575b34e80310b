#include "export/colors.h"

#include "export/blob.h"
#include "plot/color.h"

#include <string.h>

static json_t *text_of(struct Color color)
{
  char text[COLOR_TEXT_SIZE];
  color_print(color, text);
  return json_string(text);
}

/* All that have a name. */
static json_t *named(void)
{
  json_t *object = json_object();
  const char *word = color_names();
  while (*word) {
    char name[32] = "";
    struct Color color;
    size_t length = strcspn(word, " ");
    memcpy(name, word, length < sizeof name ? length : sizeof name - 1);
    if (color_parse(name, &color)) json_object_set_new(object, name, text_of(color));
    word += length + strspn(word + length, " ");
  }
  return object;
}

static json_t *phases(void)
{
  enum { N_PHASES = 4 };
  json_t *array = json_array();
  for (int i = 0; i < N_PHASES; i++)
    json_array_append_new(array, text_of(color_phase(i)));
  return array;
}

static json_t *map(enum ColorMap which)
{
  enum { STEPS = 256 };
  json_t *array = json_array();
  for (int i = 0; i < STEPS; i++)
    json_array_append_new(array, text_of(color_map(which, (double)i / (STEPS - 1))));
  return array;
}

json_t *colors_export(struct Error *error)
{
  json_t *object = json_pack("{s:o, s:o, s:o, s:o}", "names", named(), "phases", phases(),
                             "viridis", map(COLOR_MAP_VIRIDIS), "blues", map(COLOR_MAP_BLUES));
  return blob_checked(object, error);
}
