#include "plot/spec.h"

#include "base/ini.h"
#include "base/memory.h"
#include "plot/each.h"
#include "plot/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[N_SECTION_KINDS] = {"figure",  "panel",  "colors",    "line",
                                                   "scatter", "bars",   "histogram", "map",
                                                   "rule",    "phases", "text"};

const char *spec_kind_name(enum SectionKind kind)
{
  return kinds[kind];
}

bool spec_is_mark(const struct Section *section)
{
  return section->kind != SECTION_FIGURE && section->kind != SECTION_PANEL &&
         section->kind != SECTION_COLORS;
}

/* ---- sections ---- */

static bool store_value(struct Section *section, enum Key key, const char *text, int line,
                        struct Error *error)
{
  struct Value *value = &section->values[key];
  if (value->text)
    return error_set(error, "%s: already set on line %d", key_name(key), value->line);
  value->text = memory_copy_text(text, error);
  value->line = line;
  return value->text != NULL;
}

static bool set_value(struct Section *section, enum Key key, const char *text, int line,
                      struct Error *error)
{
  return store_value(section, key, text, line, error) &&
         key_parse(key, &section->values[key], error);
}

static struct Section *new_section(enum SectionKind kind, const char *name, int line,
                                   struct Error *error)
{
  struct Section *section = memory_new(1, sizeof *section, "a section", error);
  if (!section) return NULL;
  section->kind = kind;
  section->line = line;
  section->name = memory_copy_text(name, error);
  if (section->name) return section;
  free(section);
  return NULL;
}

static void free_section(struct Section *section)
{
  if (!section) return;
  for (int key = 0; key < N_KEYS; key++)
    free(section->values[key].text);
  free(section->name);
  free(section);
}

/* Splits "line train" into the kind and "train". */
static bool parse_section(const char *text, enum SectionKind *kind, const char **name,
                          struct Error *error)
{
  size_t length = strcspn(text, " ");
  for (int i = 0; i < N_SECTION_KINDS; i++) {
    if (strlen(kinds[i]) != length || strncmp(text, kinds[i], length) != 0) continue;
    *kind = (enum SectionKind)i;
    *name = text + length + strspn(text + length, " ");
    if (i == SECTION_FIGURE && **name) return error_set(error, "[figure] takes no name");
    if ((i == SECTION_PANEL || i == SECTION_COLORS) && !**name)
      return error_set(error, "[%s NAME] needs a name", kinds[i]);
    return true;
  }
  return error_set(error,
                   "[%s]: expected [figure], or one of these and a name: panel colors line scatter "
                   "bars histogram map rule phases text",
                   text);
}

/* The section of the same kind and name in the same place. */
static const struct Section *find_twin(const struct Spec *spec, const struct Section *section)
{
  for (size_t i = 0; i < spec->n_sections; i++) {
    const struct Section *twin = spec->sections[i];
    if (twin->kind == section->kind && strcmp(twin->name, section->name) == 0 &&
        twin->outer == section->outer)
      return twin;
  }
  return NULL;
}

static bool has_place_for(const struct Spec *spec, const struct Section *section,
                          struct Error *error)
{
  const struct Section *twin = find_twin(spec, section);
  if (twin)
    return error_set(error, "[%s%s%s]: repeated, first on line %d", kinds[section->kind],
                     *section->name ? " " : "", section->name, twin->line);
  return spec->n_sections < SPEC_SECTION_LIMIT ||
         error_set(error, "more than %d sections", SPEC_SECTION_LIMIT);
}

/* Takes the section over; frees it if that fails. */
static bool append_section(struct Spec *spec, struct Section *section, struct Error *error)
{
  struct Section **grown = NULL;
  if (has_place_for(spec, section, error)) {
    grown = realloc(spec->sections, (spec->n_sections + 1) * sizeof(struct Section *));
    if (!grown) error_set(error, "no memory for another section");
  }
  if (!grown) {
    free_section(section);
    return false;
  }
  spec->sections = grown;
  spec->sections[spec->n_sections++] = section;
  return true;
}

/* Opens the section of a heading such as "line train". */
static bool add_section(struct Spec *spec, const char *heading, int line, struct Error *error)
{
  enum SectionKind kind = SECTION_FIGURE;
  const char *name = "";
  if (!parse_section(heading, &kind, &name, error)) return false;
  struct Section *section = new_section(kind, name, line, error);
  if (!section) return false;
  section->outer = spec_is_mark(section) && spec->panel ? spec->panel : spec->figure;
  if (kind == SECTION_FIGURE) section->outer = spec->defaults;
  if (!append_section(spec, section, error)) return false;
  if (kind == SECTION_PANEL) spec->panel = section;
  return true;
}

/* Creates all sections. The INI reader reports only entries, but a panel may have none, so
   headings are scanned first and entries assigned by line number. Anything before a bracket is
   skipped as in the INI reader; a line that it rejects (too long, or with a NUL byte) ends the
   scan. */
static bool scan_headings(struct Spec *spec, struct Error *error)
{
  FILE *stream = fopen(spec->path, "rb");
  if (!stream) return error_system(error, "%s: cannot open", spec->path);
  char text[256]; /* longer than the longest line */
  bool scanned = true;
  for (int line = 1; scanned && fgets(text, sizeof text, stream); line++) {
    if (!strchr(text, '\n') && !feof(stream)) break;
    char *start = text;
    if (line == 1 && strncmp(start, "\xEF\xBB\xBF", 3) == 0) start += 3;
    start += strspn(start, " \t\v\f\r");
    char *end = strchr(start, ']');
    if (*start != '[' || !end) continue;
    *end = '\0';
    scanned =
        add_section(spec, start + 1, line, error) || error_prefix(error, "%s:%d", spec->path, line);
  }
  if (ferror(stream)) scanned = error_system(error, "%s: cannot read", spec->path);
  fclose(stream);
  return scanned;
}

static struct Section *section_of_line(const struct Spec *spec, int line)
{
  struct Section *section = NULL;
  for (size_t i = 0; i < spec->n_sections && spec->sections[i]->line < line; i++)
    section = spec->sections[i];
  return section && section->kind == SECTION_FIGURE ? spec->figure : section;
}

static bool read_entry(void *user, const char *heading, const char *name, const char *text,
                       int line, struct Error *error)
{
  (void)heading;
  struct Section *section = section_of_line(user, line);
  if (!section) return error_set(error, "expected a section such as [figure] first");
  enum Key key;
  if (key_find(section->kind, name, &key)) {
    bool of_copies = each_is_in(text) && !key_is_each(key); /* no value before it has an item */
    return of_copies ? store_value(section, key, text, line, error)
                     : set_value(section, key, text, line, error);
  }
  char list[800];
  key_list(section->kind, list, sizeof list);
  return error_set(error, "unknown key '%s'; [%s] takes:%s", name, kinds[section->kind], list);
}

static bool read_defaults(struct Section *defaults, struct Error *error)
{
  for (int i = 0; i < N_KEYS; i++) {
    const char *text = key_default((enum Key)i);
    if (text && !set_value(defaults, (enum Key)i, text, 0, error))
      return error_prefix(error, "default of %s", key_name((enum Key)i));
  }
  return true;
}

/* ---- repeating sections ---- */

static bool is_repeated(const struct Section *section)
{
  return section->values[KEY_EACH].text != NULL;
}

/* Is the list as long as that of the words? Its text may be NULL. */
static bool check_list(const struct Spec *spec, const struct Section *section, enum Key key,
                       struct Error *error)
{
  const char *words = section->values[KEY_EACH].text, *list = section->values[key].text;
  if (!list) return true;
  if (!words) {
    error_set(error, "%s: needs 'each' beside it", key_name(key));
    return spec_error_at(spec, section, key, error);
  }
  int n = list_count(list), expected = list_count(words);
  if (n == expected || (key == KEY_EACH_COLOR && strcmp(list, EACH_VIRIDIS) == 0)) return true;
  error_set(error, "%s: expected %d items, as many as 'each' has, found %d", key_name(key),
            expected, n);
  return spec_error_at(spec, section, key, error);
}

static bool check_lists(const struct Spec *spec, const struct Section *section, struct Error *error)
{
  return check_list(spec, section, KEY_EACH_LABEL, error) &&
         check_list(spec, section, KEY_EACH_COLOR, error);
}

/* Outside the reach of `each` nothing has {each} in it. */
static bool check_plain(const struct Spec *spec, const struct Section *section, struct Error *error)
{
  for (int key = 0; key < N_KEYS; key++) {
    const char *text = section->values[key].text;
    if (!text || !each_is_in(text)) continue;
    error_set(error, "%s: '%s' is not in the reach of an 'each'", key_name((enum Key)key), text);
    return spec_error_at(spec, section, (enum Key)key, error);
  }
  return true;
}

static bool copy_values(struct Section *copy, const struct Section *section,
                        const struct Each *each, int item, const struct Spec *spec,
                        struct Error *error)
{
  for (int i = 0; i < N_KEYS; i++) {
    enum Key key = (enum Key)i;
    const struct Value *value = &section->values[key];
    if (!value->text || key_is_each(key)) continue;
    char *text = each_replace(each, item, value->text, error);
    if (!text) error_prefix(error, "%s", key_name(key));
    bool set = text && set_value(copy, key, text, value->line, error);
    free(text);
    if (!set) return spec_error_at(spec, section, key, error);
  }
  return true;
}

/* Appends a copy of the section; it belongs to the copy of what the section belongs to. */
static bool append_copy(struct Spec *spec, struct Section *section, const struct Each *each,
                        int item, struct Error *error)
{
  int length;
  const char *word = list_item(each->words, item, &length);
  char *name =
      memory_print(error, "%s%s%.*s", section->name, *section->name ? " " : "", length, word);
  struct Section *copy = name ? new_section(section->kind, name, section->line, error) : NULL;
  free(name);
  if (!copy) return false;
  copy->outer = section->outer->copy ? section->outer->copy : section->outer;
  if (!append_section(spec, copy, error))
    return error_prefix(error, "%s:%d", spec->path, section->line);
  section->copy = copy;
  return copy_values(copy, section, each, item, spec, error);
}

/* Takes over a section that is there once. */
static bool move_section(struct Spec *spec, struct Section **place, struct Error *error)
{
  struct Section *section = *place;
  if (!check_plain(spec, section, error)) return false;
  *place = NULL;
  int line = section->line;
  return append_section(spec, section, error) || error_prefix(error, "%s:%d", spec->path, line);
}

/* Appends what an owner of `each` repeats, n sections from `first` on, for one item. */
static bool repeat(struct Spec *spec, struct Section *owner, struct Section **first, size_t n,
                   int item, struct Error *error)
{
  struct Each each = {owner->values[KEY_EACH].text, owner->values[KEY_EACH_LABEL].text,
                      owner->values[KEY_EACH_COLOR].text};
  if (owner == spec->figure && !append_copy(spec, owner, &each, item, error)) return false;
  for (size_t i = 0; i < n; i++) {
    if (!first[i]) continue;
    if (first[i] != owner && is_repeated(first[i])) {
      error_set(error, "each: cannot be nested in that of line %d", owner->values[KEY_EACH].line);
      return spec_error_at(spec, first[i], KEY_EACH, error);
    }
    bool once = first[i]->kind == SECTION_FIGURE || first[i]->kind == SECTION_COLORS;
    if (!(once ? move_section(spec, &first[i], error)
               : append_copy(spec, first[i], &each, item, error)))
      return false;
  }
  return true;
}

/* How many of the n sections the owner repeats: the first and its marks if it is a panel, all if it
   is [figure]; 1 if it repeats none. */
static size_t reach(const struct Section *owner, struct Section **first, size_t n)
{
  if (!is_repeated(owner)) return 1;
  if (owner->kind == SECTION_FIGURE) return n;
  size_t i = 1;
  while (owner->kind == SECTION_PANEL && i < n && first[i]->kind != SECTION_PANEL)
    i++;
  return i;
}

/* Appends the n sections of the file, in their order, with copies in the place of the repeated. */
static bool expand(struct Spec *spec, struct Section **written, size_t n, struct Error *error)
{
  for (size_t i = 0, step; i < n; i += step) {
    struct Section *owner = is_repeated(spec->figure) ? spec->figure : written[i];
    step = reach(owner, written + i, n - i);
    if (!is_repeated(owner) && !move_section(spec, &written[i], error)) return false;
    int n_items = is_repeated(owner) ? list_count(owner->values[KEY_EACH].text) : 0;
    for (int item = 0; item < n_items; item++)
      if (!repeat(spec, owner, written + i, step, item, error)) return false;
  }
  return true;
}

/* What [figure] sets for panels and marks, with an item in it, is in its copies alone. */
static bool settle_figure(struct Spec *spec, struct Error *error)
{
  if (!is_repeated(spec->figure)) return check_plain(spec, spec->figure, error);
  for (int i = 0; i < N_KEYS; i++) {
    enum Key key = (enum Key)i;
    struct Value *value = &spec->figure->values[key];
    if (!value->text || !each_is_in(value->text)) continue;
    if (key_is_of_figure(key)) {
      error_set(error, "%s: is the same for all items, so '%s' has no meaning", key_name(key),
                value->text);
      return spec_error_at(spec, spec->figure, key, error);
    }
    free(value->text);
    *value = (struct Value){0};
  }
  return true;
}

static bool repeat_sections(struct Spec *spec, struct Error *error)
{
  struct Section **written = spec->sections;
  size_t n = spec->n_sections;
  bool sound = check_lists(spec, spec->figure, error);
  for (size_t i = 0; i < n && sound; i++)
    sound = check_lists(spec, written[i], error);
  spec->sections = NULL;
  spec->n_sections = 0;
  sound = sound && expand(spec, written, n, error) && settle_figure(spec, error);
  for (size_t i = 0; i < n; i++)
    free_section(written[i]);
  free(written);
  return sound;
}

bool spec_read(struct Spec *spec, const char *path, struct Error *error)
{
  *spec = (struct Spec){.path = memory_copy_text(path, error)};
  spec->defaults = new_section(SECTION_FIGURE, "", 0, error);
  spec->figure = new_section(SECTION_FIGURE, "", 1, error);
  if (!spec->path || !spec->defaults || !spec->figure) return false;
  spec->figure->outer = spec->defaults;
  if (!read_defaults(spec->defaults, error)) return false;
  if (!scan_headings(spec, error)) return false;
  if (!ini_read_file(path, read_entry, spec, error)) return false;
  if (!spec->panel)
    return error_set(error, "%s: no [panel NAME], so there is nothing to draw", path);
  return repeat_sections(spec, error);
}

void spec_release(struct Spec *spec)
{
  for (size_t i = 0; i < spec->n_sections; i++)
    free_section(spec->sections[i]);
  free_section(spec->figure);
  free_section(spec->defaults);
  free(spec->sections);
  free(spec->path);
  *spec = (struct Spec){0};
}

/* ---- looking up ---- */

const struct Value *spec_value(const struct Section *section, enum Key key)
{
  while (!section->values[key].text && section->outer)
    section = section->outer;
  return &section->values[key];
}

const char *spec_text(const struct Section *section, enum Key key)
{
  return spec_value(section, key)->text;
}

double spec_number(const struct Section *section, enum Key key)
{
  return spec_value(section, key)->number;
}

int spec_choice(const struct Section *section, enum Key key)
{
  return spec_value(section, key)->choice;
}

bool spec_is_set(const struct Section *section, enum Key key)
{
  const struct Value *value = spec_value(section, key);
  return value->text && value->line > 0;
}

bool spec_error_at(const struct Spec *spec, const struct Section *section, enum Key key,
                   struct Error *error)
{
  int line = spec_value(section, key)->line;
  return error_prefix(error, "%s:%d", spec->path, line ? line : section->line);
}
