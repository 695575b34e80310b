#include "plot/run.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A component of a table's name. */
struct Part {
  const char *start;
  size_t length; /* 0: none */
};

/* "mainline" of "runs/mainline/history". */
static struct Part run_of(const char *table)
{
  const char *end = strrchr(table, '/');
  if (!end) return (struct Part){table, 0};
  const char *start = end;
  while (start > table && start[-1] != '/')
    start--;
  return (struct Part){start, (size_t)(end - start)};
}

static bool is_run(struct Part part, const char *run)
{
  return part.length == strlen(run) && strncmp(part.start, run, part.length) == 0;
}

const char *run_choice_name(const char *run)
{
  const char *slash = strrchr(run, '/');
  return slash ? slash + 1 : run;
}

/* Sets the figure's own run from a section's table. */
static bool take_run(struct RunChoice *choice, const struct Spec *spec,
                     const struct Section *section, struct Error *error)
{
  const char *table = spec_text(section, KEY_TABLE);
  struct Part run = run_of(table ? table : "");
  if (run.length == 0 || (choice->own && is_run(run, choice->own))) return true;
  if (choice->own) {
    error_set(error, "--run: the figure shows several runs, %s and %.*s", choice->own,
              (int)run.length, run.start);
    return spec_error_at(spec, section, KEY_TABLE, error);
  }
  choice->own = memory_print(error, "%.*s", (int)run.length, run.start);
  return choice->own != NULL;
}

bool run_choice_init(struct RunChoice *choice, const struct Spec *spec, const char *wanted,
                     struct Error *error)
{
  *choice = (struct RunChoice){.wanted = wanted};
  if (!wanted) return true;
  if (!*run_choice_name(wanted))
    return error_set(error, "--run: expected the name of a run, found '%s'", wanted);
  if (!take_run(choice, spec, spec->figure, error)) return false;
  bool settled = choice->own != NULL, named = settled;
  for (size_t i = 0; !settled && i < spec->n_sections; i++) {
    if (!take_run(choice, spec, spec->sections[i], error)) return false;
    named = named || spec_text(spec->sections[i], KEY_TABLE);
  }
  return choice->own || !named ||
         error_set(error, "%s: no 'table' names a run that --run could replace", spec->path);
}

void run_choice_release(struct RunChoice *choice)
{
  free(choice->own);
  *choice = (struct RunChoice){0};
}

bool run_choice_leaves_out(const struct RunChoice *choice, const char *table)
{
  if (!choice->wanted || !table) return false;
  struct Part run = run_of(table);
  return run.length > 0 && !is_run(run, choice->own);
}

bool run_choice_admits(const struct RunChoice *choice, const char *path)
{
  return !choice->wanted || is_run(run_of(path), run_choice_name(choice->wanted));
}

char *run_choice_rename(const struct RunChoice *choice, const char *table, struct Error *error)
{
  struct Part run = run_of(table);
  if (!choice->wanted || run.length == 0) return memory_copy_text(table, error);
  return memory_print(error, "%.*s%s%s", (int)(run.start - table), table, choice->wanted,
                      run.start + run.length);
}
