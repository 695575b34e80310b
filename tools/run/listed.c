#include "run/listed.h"

#include "base/lines.h"

#include <stdlib.h>
#include <string.h>

static bool add_words(struct ListedRun *run, char *line, const char *path, struct Error *error)
{
  static const char blanks[] = " \t\r";
  char *rest = NULL;
  run->directory = strtok_r(line, blanks, &rest);
  if (strchr(run->directory, '='))
    return error_set(error, "%s:%zu: begins with \"%s\", expected a directory", path, run->line,
                     run->directory);
  for (char *word = strtok_r(NULL, blanks, &rest); word; word = strtok_r(NULL, blanks, &rest)) {
    if (!strchr(word, '='))
      return error_set(error, "%s:%zu: found \"%s\", expected section.key=value", path, run->line,
                       word);
    if (run->n_settings == LISTED_MOST_SETTINGS)
      return error_set(error, "%s:%zu: has more than %d settings", path, run->line,
                       LISTED_MOST_SETTINGS);
    run->settings[run->n_settings++] = word;
  }
  return true;
}

static bool is_new(const struct ListedRuns *listed, const struct ListedRun *run, const char *path,
                   struct Error *error)
{
  for (size_t i = 0; i < listed->n; i++)
    if (strcmp(listed->runs[i].directory, run->directory) == 0)
      return error_set(error, "%s:%zu: the directory %s is that of line %zu, too", path, run->line,
                       run->directory, listed->runs[i].line);
  return true;
}

/* Appends the run of a line, unless there is none. */
static bool add_line(struct ListedRuns *listed, char *line, size_t number, const char *path,
                     struct Error *error)
{
  line += strspn(line, " \t\r");
  if (*line == '\0' || *line == '#') return true;
  struct ListedRun *runs = realloc(listed->runs, (listed->n + 1) * sizeof *runs);
  if (!runs) return error_system(error, "%s", path);
  listed->runs = runs;
  struct ListedRun *run = &runs[listed->n];
  *run = (struct ListedRun){.line = number};
  if (!add_words(run, line, path, error) || !is_new(listed, run, path, error)) return false;
  listed->n++;
  return true;
}

bool listed_read(struct ListedRuns *listed, const char *path, struct Error *error)
{
  *listed = (struct ListedRuns){.text = lines_read_text(path, error)};
  if (!listed->text) return false;
  bool read = true;
  size_t number = 0;
  for (char *line = listed->text, *next; read && line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = '\0';
    read = add_line(listed, line, ++number, path, error);
  }
  if (read && listed->n == 0)
    read = error_set(error, "%s: has no runs, expected one in each line", path);
  if (!read) listed_release(listed);
  return read;
}

void listed_release(struct ListedRuns *listed)
{
  free(listed->runs);
  free(listed->text);
  *listed = (struct ListedRuns){0};
}
