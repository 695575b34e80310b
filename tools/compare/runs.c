#include "compare/runs.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void compared_runs_release(struct ComparedRuns *runs)
{
  for (size_t i = 0; i < runs->n_tables; i++)
    table_release(&runs->tables[i]);
  for (size_t i = 0; runs->runs && i < runs->n; i++)
    free(runs->runs[i].name);
  free(runs->tables);
  free(runs->run_of);
  free(runs->runs);
}

/* The last component of a folder; for an empty path, of the current directory. */
static char *name_folder(const char *folder, int length, struct Error *error)
{
  int start = length;
  while (start > 0 && folder[start - 1] != '/')
    start--;
  return length == 0 ? memory_copy_text(".", error)
                     : memory_print(error, "%.*s", length - start, folder + start);
}

/* A run's name becomes a cell, and must be unique. */
static bool check_run_name(const struct ComparedRuns *runs, const char *name, const char *path,
                           struct Error *error)
{
  for (const char *c = name; *c; c++)
    if ((unsigned char)*c < ' ')
      return error_set(error, "%s: the folder's name has a control character", path);
  for (size_t i = 0; i < runs->n; i++)
    if (strcmp(runs->runs[i].name, name) == 0)
      return error_set(error, "%s: another folder is also called \"%s\", expected unique names",
                       path, name);
  return true;
}

/* The run of a table; a new one if this is the first table from its folder. */
static bool find_run(struct ComparedRuns *runs, const char *path, size_t *found,
                     struct Error *error)
{
  const char *slash = strrchr(path, '/');
  int length = slash ? (int)(slash - path) : 0;
  for (*found = 0; *found < runs->n; (*found)++) {
    const struct ComparedRun *run = &runs->runs[*found];
    if (run->folder_length == length && strncmp(run->folder, path, (size_t)length) == 0)
      return true;
  }
  char *name = name_folder(path, length, error);
  if (!name || !check_run_name(runs, name, path, error)) {
    free(name);
    return false;
  }
  runs->runs[runs->n++] =
      (struct ComparedRun){.folder = path, .folder_length = length, .name = name};
  return true;
}

/* Records which run a file belongs to. Error: it contradicts another file of the folder. */
static bool take_provenance(struct ComparedRun *run, const struct Provenance *said,
                            const char *path, struct Error *error)
{
  struct Provenance *known = &run->provenance;
  if ((said->has_configuration && known->has_configuration &&
       !digest_equal(said->configuration, known->configuration)) ||
      (said->has_trajectory && known->has_trajectory &&
       !digest_equal(said->trajectory, known->trajectory)) ||
      (*said->engine && *known->engine && strcmp(said->engine, known->engine) != 0))
    return error_set(error, "%s: belongs to another run than earlier files from that folder", path);
  if (said->has_configuration) known->configuration = said->configuration;
  if (said->has_trajectory) known->trajectory = said->trajectory;
  if (*said->engine) provenance_set_engine(known, said->engine);
  known->has_configuration |= said->has_configuration;
  known->has_trajectory |= said->has_trajectory;
  return true;
}

static bool read_table(struct ComparedRuns *runs, const char *path, struct Error *error)
{
  size_t i = runs->n_tables;
  struct Table *table = &runs->tables[i];
  if (!table_read(table, path, error)) return false;
  runs->n_tables++;
  return find_run(runs, path, &runs->run_of[i], error) &&
         take_provenance(&runs->runs[runs->run_of[i]], &table->run, path, error);
}

static bool read_config(struct ComparedRuns *runs, const char *path, struct Error *error)
{
  size_t i;
  if (!find_run(runs, path, &i, error)) return false;
  struct Config *config = &runs->runs[i].config;
  config_init(config);
  if (!config_read_file(config, path, error)) return false;
  struct Provenance said = {.has_configuration = config_complete(config),
                            .configuration = config_digest(config)};
  return take_provenance(&runs->runs[i], &said, path, error);
}

bool compared_runs_read(struct ComparedRuns *runs, char **paths, size_t n, struct Error *error)
{
  *runs = (struct ComparedRuns){.tables = memory_new(n, sizeof *runs->tables, "tables", error),
                                .run_of = memory_new(n, sizeof *runs->run_of, "tables", error),
                                .runs = memory_new(n, sizeof *runs->runs, "runs", error)};
  bool read = runs->tables && runs->run_of && runs->runs;
  for (size_t i = 0; read && i < n; i++) {
    const char *ending = strrchr(paths[i], '.');
    bool is_config = ending && strcmp(ending, ".ini") == 0;
    read = (is_config ? read_config : read_table)(runs, paths[i], error);
  }
  if (!read) compared_runs_release(runs);
  return read;
}

const struct Table *compared_runs_table(const struct ComparedRuns *runs, size_t run,
                                        const char *name)
{
  for (size_t i = 0; i < runs->n_tables; i++) {
    if (runs->run_of[i] != run) continue;
    const char *slash = strrchr(runs->tables[i].path, '/');
    const char *file = slash ? slash + 1 : runs->tables[i].path;
    size_t length = strlen(name);
    if (strncmp(file, name, length) != 0) continue;
    if (file[length] == '\0' || strcmp(file + length, ".tsv") == 0) return &runs->tables[i];
  }
  return NULL;
}
