#include "plot/each.h"

#include "base/memory.h"
#include "plot/color.h"
#include "plot/list.h"

#include <stdlib.h>
#include <string.h>

/* What begins so is meant as one of the names in each_replace; else it is a mistake. */
static const char opening[] = "{each";

bool each_is_in(const char *text)
{
  return strstr(text, opening) != NULL;
}

static char *copy_item(const char *list, int i, struct Error *error)
{
  int length;
  const char *item = list_item(list, i, &length);
  return memory_print(error, "%.*s", length, item);
}

static char *copy_word(const struct Each *each, int i, struct Error *error)
{
  return copy_item(each->words, i, error);
}

static char *copy_label(const struct Each *each, int i, struct Error *error)
{
  return copy_item(each->labels ? each->labels : each->words, i, error);
}

static char *copy_color(const struct Each *each, int i, struct Error *error)
{
  if (!each->colors) {
    error_set(error, "{each.color} needs 'each.color' beside 'each'");
    return NULL;
  }
  struct Color color = {0};
  if (strcmp(each->colors, EACH_VIRIDIS) == 0) {
    color = color_of_series(i, list_count(each->words));
  } else {
    char *name = copy_item(each->colors, i, error);
    if (!name) return NULL;
    color_parse(name, &color); /* a colour: the key's value was checked */
    free(name);
  }
  char text[COLOR_TEXT_SIZE];
  color_print(color, text);
  return memory_copy_text(text, error);
}

/* The text in the place of what begins at *place, behind which *place then is. */
static char *replacement(const struct Each *each, int i, const char **place, struct Error *error)
{
  static const struct {
    const char *name;
    char *(*copy)(const struct Each *, int, struct Error *);
  } names[] = {{"{each}", copy_word}, {"{each.label}", copy_label}, {"{each.color}", copy_color}};
  for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
    size_t length = strlen(names[n].name);
    if (strncmp(*place, names[n].name, length) != 0) continue;
    *place += length;
    return names[n].copy(each, i, error);
  }
  error_set(error, "expected {each}, {each.label} or {each.color}, found '%s'", *place);
  return NULL;
}

char *each_replace(const struct Each *each, int i, const char *text, struct Error *error)
{
  char *done = memory_copy_text("", error);
  while (done) {
    const char *place = strstr(text, opening);
    int before = (int)(place ? (size_t)(place - text) : strlen(text));
    char *item = place ? replacement(each, i, &place, error) : memory_copy_text("", error);
    char *longer = item ? memory_print(error, "%s%.*s%s", done, before, text, item) : NULL;
    free(item);
    free(done);
    done = longer;
    if (!place) break;
    text = place;
  }
  return done;
}
