#include "plot/spec.h"

#include "base/ini.h"
#include "base/memory.h"

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

/* ---- sections ---- */

static bool set_value(struct Section *section, enum Key key, const char *text, int line,
                      struct Error *error)
{
  struct Value *value = &section->values[key];
  if (value->text)
    return error_set(error, "%s: already set on line %d", key_name(key), value->line);
  value->text = memory_copy_text(text, error);
  value->line = line;
  return value->text && key_parse(key, value, error);
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

static struct Section *find_section(const struct Spec *spec, enum SectionKind kind,
                                    const char *name, const struct Section *outer)
{
  for (size_t i = 0; i < spec->n_sections; i++) {
    struct Section *section = spec->sections[i];
    if (section->kind == kind && strcmp(section->name, name) == 0 && section->outer == outer)
      return section;
  }
  return NULL;
}

static bool append_section(struct Spec *spec, struct Section *section, struct Error *error)
{
  if (spec->n_sections == SPEC_SECTION_LIMIT)
    return error_set(error, "more than %d sections", SPEC_SECTION_LIMIT);
  size_t size = (spec->n_sections + 1) * sizeof(struct Section *);
  struct Section **grown = realloc(spec->sections, size);
  if (!grown) return error_set(error, "no memory for another section");
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
  bool is_mark = kind != SECTION_FIGURE && kind != SECTION_PANEL && kind != SECTION_COLORS;
  const struct Section *outer = is_mark && spec->panel ? spec->panel : spec->figure;
  if (kind == SECTION_FIGURE) outer = spec->defaults;
  struct Section *twin = find_section(spec, kind, name, outer);
  if (twin) return error_set(error, "[%s]: repeated, first on line %d", heading, twin->line);
  struct Section *section = new_section(kind, name, line, error);
  if (!section) return false;
  section->outer = outer;
  if (!append_section(spec, section, error)) {
    free_section(section);
    return false;
  }
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
  if (key_find(section->kind, name, &key)) return set_value(section, key, text, line, error);
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
  return true;
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
