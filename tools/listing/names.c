#include "listing/names.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
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

/* Takes the text of a folder. There is room for a power of two. */
static bool add(struct ListedNames *names, char *folder, struct Error *error)
{
  const size_t n = names->n;
  if ((n & (n - 1)) == 0) {
    struct ListedName *runs = realloc(names->runs, (n > 0 ? 2 * n : 1) * sizeof *runs);
    if (!runs) error_system(error, "names of runs");
    if (!runs) free(folder);
    if (!runs) return false;
    names->runs = runs;
  }
  names->runs[names->n++] = (struct ListedName){.folder = folder};
  return true;
}

static bool add_declared(struct ListedNames *names, const char *path, FILE *file,
                         struct Error *error)
{
  const char *slash = strrchr(path, '/');
  const int beside = slash ? (int)(slash - path) + 1 : 0;
  char *line = NULL;
  size_t room = 0;
  bool added = true;
  while (added && getline(&line, &room, file) > 0) {
    line[strcspn(line, "\r\n")] = '\0';
    if (*line == '\0' || *line == '#') continue;
    char *folder = memory_print(error, "%.*s%s", beside, path, line);
    added = folder && add(names, folder, error);
  }
  free(line);
  return added && (!ferror(file) || error_system(error, "%s: cannot read", path));
}

static bool read_declared(struct ListedNames *names, const char *path, struct Error *error)
{
  FILE *file = fopen(path, "re");
  if (!file) return error_system(error, "%s: cannot open", path);
  bool added = add_declared(names, path, file, error);
  fclose(file);
  return added;
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
  char *folder = memory_print(error, "%.*s", (int)length, path);
  return folder && add(names, folder, error);
}

bool listed_names_read(struct ListedNames *names, const char *declared, char *const *folders,
                       size_t n, struct Error *error)
{
  *names = (struct ListedNames){.n = 0};
  bool read = !declared || read_declared(names, declared, error);
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
