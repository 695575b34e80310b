#include "plot/sources.h"

#include "base/digest.h"
#include "base/memory.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* A text sanitised for metadata: valid UTF-8 without control characters and characters special
   in PDF strings, which Cairo 1.16 does not escape. */
static char *clean(const char *text)
{
  char *valid = g_utf8_make_valid(text, -1);
  for (char *c = valid; *c; c++)
    if ((unsigned char)*c < ' ' || strchr("()\\\x7f", *c)) *c = '?';
  return valid;
}

/* Its last two components, the run and the table. */
static const char *without_folders(const char *name)
{
  const char *start = name + strlen(name);
  for (int slashes = 0; start > name; start--)
    if (start[-1] == '/' && ++slashes == 2) break;
  return start;
}

static char *describe_table(const char *name, const struct Table *table, struct Error *error)
{
  char *text = clean(without_folders(name)), line[PROVENANCE_SIZE], digest[DIGEST_SIZE];
  provenance_format(&table->run, line);
  digest_format(table->digest, digest);
  char *run = clean(line + strlen("run: "));
  char *description = memory_print(error, "%s: %s, table %s", text, run, digest);
  g_free(run);
  g_free(text);
  return description;
}

char *sources_describe(const struct Tables *tables, struct Error *error)
{
  char *all = memory_copy_text("", error);
  for (size_t i = 0; all && i < tables->n; i++) {
    if (!tables->read[i]) continue;
    char *one = describe_table(tables->names[i], &tables->tables[i], error);
    char *longer = one ? memory_print(error, "%s%s%s", all, *all ? "; " : "", one) : NULL;
    free(one);
    free(all);
    all = longer;
  }
  return all;
}

char *sources_title(const char *figure, struct Error *error)
{
  char *text = clean(figure);
  char *title = memory_copy_text(text, error);
  g_free(text);
  return title;
}
