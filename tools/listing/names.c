#include "listing/names.h"

#include "base/lines.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- names in order ---- */

/* By a text, those of one text by their places. */
struct Entry {
  const char *text;
  size_t place;
};

static int compare_entries(const void *left, const void *right)
{
  const struct Entry *a = left, *b = right;
  int order = strcmp(a->text, b->text);
  return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static const char *last_component(const char *folder)
{
  const char *slash = strrchr(folder, '/');
  return slash && slash[1] ? slash + 1 : folder;
}

/* The runs, sorted by folder or by name; the caller frees them. */
static struct Entry *sort(const struct ListedNames *names, bool by_folder, struct Error *error)
{
  struct Entry *entries = memory_new(names->n, sizeof *entries, "names of runs", error);
  for (size_t i = 0; entries && i < names->n; i++)
    entries[i] = (struct Entry){by_folder ? names->runs[i].folder : names->runs[i].name, i};
  if (entries) qsort(entries, names->n, sizeof *entries, compare_entries);
  return entries;
}

static bool drop_repeated(struct ListedNames *names, struct Error *error)
{
  struct Entry *entries = sort(names, true, error);
  if (!entries) return false;
  for (size_t i = names->n; i-- > 1;) {
    if (strcmp(entries[i - 1].text, entries[i].text) != 0) continue;
    char **folder = &names->runs[entries[i].place].folder;
    free(*folder);
    *folder = NULL;
  }
  free(entries);
  size_t kept = 0;
  for (size_t i = 0; i < names->n; i++)
    if (names->runs[i].folder) names->runs[kept++] = names->runs[i];
  names->n = kept;
  return true;
}

static bool give_names(struct ListedNames *names, struct Error *error)
{
  for (size_t i = 0; i < names->n; i++)
    names->runs[i].name = last_component(names->runs[i].folder);
  struct Entry *entries = sort(names, false, error);
  if (!entries) return false;
  for (size_t i = 1; i < names->n; i++) {
    if (strcmp(entries[i - 1].text, entries[i].text) != 0) continue;
    for (size_t k = i - 1; k <= i; k++) {
      struct ListedName *run = &names->runs[entries[k].place];
      run->name = run->folder;
    }
  }
  free(entries);
  return true;
}

/* ---- where they come from ---- */

/* Takes the text of a folder, for which there is room. */
static bool add(struct ListedNames *names, char *folder)
{
  if (folder) names->runs[names->n++] = (struct ListedName){.folder = folder};
  return folder;
}

/* Names of folders beside the file that declares them. */
static bool add_declared(struct ListedNames *names, const char *path, const struct Lines *lines,
                         struct Error *error)
{
  const char *slash = strrchr(path, '/');
  const int beside = slash ? (int)(slash - path) + 1 : 0;
  for (size_t i = 0; i < lines->n; i++)
    if (!add(names, memory_print(error, "%.*s%s", beside, path, lines->line[i]))) return false;
  return true;
}

static bool add_folder(struct ListedNames *names, const char *path, struct Error *error)
{
  struct stat status;
  size_t length = strlen(path);
  if (stat(path, &status) != 0) return error_system(error, "%s: cannot look into it", path);
  if (!S_ISDIR(status.st_mode))
    return error_set(error, "%s: is a file, expected the folder of a run", path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  return add(names, memory_print(error, "%.*s", (int)length, path));
}

bool listed_names_read(struct ListedNames *names, const char *declared, char *const *folders,
                       size_t n, struct Error *error)
{
  struct Lines lines = {.n = 0};
  *names = (struct ListedNames){.n = 0};
  if (declared && !lines_read(&lines, declared, error)) return false;
  names->runs = memory_new(lines.n + n, sizeof *names->runs, "names of runs", error);
  bool read = names->runs && (!declared || add_declared(names, declared, &lines, error));
  lines_release(&lines);
  for (size_t i = 0; read && i < n; i++)
    read = add_folder(names, folders[i], error);
  read = read && drop_repeated(names, error) && give_names(names, error);
  if (!read) listed_names_release(names);
  return read;
}

void listed_names_release(struct ListedNames *names)
{
  for (size_t i = 0; i < names->n; i++)
    free(names->runs[i].folder);
  free(names->runs);
  *names = (struct ListedNames){.n = 0};
}
