/*
 * Reading figure specifications. figure.h documents the format, keys.h what can be set.
 *
 * A value always exists: if a section does not set it, it comes from its panel, from [figure], or
 * from the table's defaults; a key without default then has a NULL text.
 *
 * Sections that `each` repeats are there as if the file had every copy. Those of [figure] itself
 * have what it sets for its panels and marks, which depends on the item; spec.figure has the rest.
 */
#ifndef PLOT_SPEC_H
#define PLOT_SPEC_H

#include "base/error.h"
#include "plot/keys.h"

#include <stddef.h>

/* Far more than a page can show. */
enum { SPEC_SECTION_LIMIT = 500 };

struct Section {
  enum SectionKind kind;
  char *name; /* what follows the kind; "" for none */
  int line;   /* of its heading */
  const struct Section *outer;
  const struct Section *copy; /* the latest, where `each` repeats it while reading */
  struct Value values[N_KEYS];
};

struct Spec {
  char *path;
  struct Section *defaults; /* from the table of keys */
  struct Section *figure;   /* [figure], if the file has one */
  struct Section **
      sections; /* [n_sections] in the order of drawing: that of the file, if nothing is repeated */
  size_t n_sections;
  struct Section *panel; /* the last one, while reading */
};

/* Reads the file, puts copies in the place of sections that `each` repeats, and checks what can be
   checked without tables. A copy of [panel p] for the item a is named "p a" and has its line.
   Errors name file and line. */
bool spec_read(struct Spec *spec, const char *path, struct Error *error);
void spec_release(struct Spec *spec);

/* The effective value for a section; never NULL. */
const struct Value *spec_value(const struct Section *section, enum Key key);
const char *spec_text(const struct Section *section, enum Key key);
double spec_number(const struct Section *section, enum Key key);
int spec_choice(const struct Section *section, enum Key key);
bool spec_is_set(const struct Section *section, enum Key key);

/* The kind's name in the file. */
const char *spec_kind_name(enum SectionKind kind);

bool spec_is_mark(const struct Section *section);

/* Prepends "FILE:LINE: ", the line where the value was set or else that of the section. */
bool spec_error_at(const struct Spec *spec, const struct Section *section, enum Key key,
                   struct Error *error);

#endif
