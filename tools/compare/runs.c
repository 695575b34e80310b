#include "compare/runs.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void compared_runs_release(struct ComparedRuns *runs)
{
  for (size_t i = 0; i < runs->n_tables; i++)
    table_release(&runs->tables[i]);
  for (size_t i = 0; runs->runs && i < runs->n; i++) {
    free(runs->runs[i].name);
    free(runs->runs[i].tables);
  }
  free(runs->tables);
  free(runs->run_of);
  free(runs->runs);
}

/* ---- runs by their names ---- */

/* Runs by their folders or by their names, which are found at once. */
struct Index {
  size_t *slots;  /* [n_slots]: the number of a run plus 1, or 0 */
  size_t n_slots; /* a power of two, more than there are runs */
};

static bool index_init(struct Index *index, size_t n, struct Error *error)
{
  index->n_slots = 2;
  while (index->n_slots < 2 * n)
    index->n_slots *= 2;
  index->slots = memory_new(index->n_slots, sizeof *index->slots, "an index of runs", error);
  return index->slots;
}

static bool is_called(const struct ComparedRun *run, bool by_name, const char *text, size_t length)
{
  const char *name = by_name ? run->name : run->folder;
  const size_t own = by_name ? strlen(name) : (size_t)run->folder_length;
  return own == length && memcmp(name, text, length) == 0;
}

/* The slot of the run with that folder or name, or the empty one where it belongs. */
static size_t *find_slot(const struct Index *index, const struct ComparedRuns *runs, bool by_name,
                         const char *text, size_t length)
{
  size_t at = digest_add(DIGEST_START, text, length).low & (index->n_slots - 1);
  while (index->slots[at] > 0 &&
         !is_called(&runs->runs[index->slots[at] - 1], by_name, text, length))
    at = (at + 1) & (index->n_slots - 1);
  return &index->slots[at];
}

/* The runs that are being read. */
struct Reading {
  struct ComparedRuns *runs;
  struct Index folders, names;
};

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
static bool check_run_name(const struct Reading *reading, const char *name, const char *path,
                           struct Error *error)
{
  for (const char *c = name; *c; c++)
    if ((unsigned char)*c < ' ')
      return error_set(error, "%s: the folder's name has a control character", path);
  return *find_slot(&reading->names, reading->runs, true, name, strlen(name)) == 0 ||
         error_set(error, "%s: another folder is also called \"%s\", expected unique names", path,
                   name);
}

/* The run of a file; a new one if this is the first file from its folder. */
static bool find_run(struct Reading *reading, const char *path, size_t *found, struct Error *error)
{
  struct ComparedRuns *runs = reading->runs;
  const char *slash = strrchr(path, '/');
  const int length = slash ? (int)(slash - path) : 0;
  size_t *slot = find_slot(&reading->folders, runs, false, path, (size_t)length);
  if (*slot > 0) {
    *found = *slot - 1;
    return true;
  }
  char *name = name_folder(path, length, error);
  if (!name || !check_run_name(reading, name, path, error)) {
    free(name);
    return false;
  }
  *found = runs->n++;
  runs->runs[*found] = (struct ComparedRun){.folder = path, .folder_length = length, .name = name};
  *slot = runs->n;
  *find_slot(&reading->names, runs, true, name, strlen(name)) = runs->n;
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

static bool read_table(struct Reading *reading, const char *path, struct Error *error)
{
  struct ComparedRuns *runs = reading->runs;
  size_t i = runs->n_tables;
  struct Table *table = &runs->tables[i];
  if (!table_read(table, path, error)) return false;
  runs->n_tables++;
  return find_run(reading, path, &runs->run_of[i], error) &&
         take_provenance(&runs->runs[runs->run_of[i]], &table->run, path, error);
}

static bool read_config(struct Reading *reading, const char *path, struct Error *error)
{
  size_t i;
  if (!find_run(reading, path, &i, error)) return false;
  struct ComparedRun *run = &reading->runs->runs[i];
  config_init(&run->config);
  if (!config_read_file(&run->config, path, error)) return false;
  struct Provenance said = {.has_configuration = config_complete(&run->config),
                            .configuration = config_digest(&run->config)};
  return take_provenance(run, &said, path, error);
}

static bool read_files(struct Reading *reading, char *const *paths, size_t n, struct Error *error)
{
  bool read = index_init(&reading->folders, n, error) && index_init(&reading->names, n, error);
  for (size_t i = 0; read && i < n; i++) {
    const char *ending = strrchr(paths[i], '.');
    bool is_config = ending && strcmp(ending, ".ini") == 0;
    read = (is_config ? read_config : read_table)(reading, paths[i], error);
  }
  free(reading->folders.slots);
  free(reading->names.slots);
  return read;
}

/* Gives each run its tables. */
static bool share_tables(struct ComparedRuns *runs, struct Error *error)
{
  for (size_t i = 0; i < runs->n_tables; i++)
    runs->runs[runs->run_of[i]].n_tables++;
  for (size_t i = 0; i < runs->n; i++) {
    struct ComparedRun *run = &runs->runs[i];
    run->tables = memory_new(run->n_tables, sizeof *run->tables, "tables of a run", error);
    if (!run->tables) return false;
    run->n_tables = 0;
  }
  for (size_t i = 0; i < runs->n_tables; i++) {
    struct ComparedRun *run = &runs->runs[runs->run_of[i]];
    run->tables[run->n_tables++] = i;
  }
  return true;
}

bool compared_runs_read(struct ComparedRuns *runs, char *const *paths, size_t n,
                        struct Error *error)
{
  struct Reading reading = {.runs = runs};
  *runs = (struct ComparedRuns){.tables = memory_new(n, sizeof *runs->tables, "tables", error),
                                .run_of = memory_new(n, sizeof *runs->run_of, "tables", error),
                                .runs = memory_new(n, sizeof *runs->runs, "runs", error)};
  bool read = runs->tables && runs->run_of && runs->runs && read_files(&reading, paths, n, error) &&
              share_tables(runs, error);
  if (!read) compared_runs_release(runs);
  return read;
}

const struct Table *compared_runs_table(const struct ComparedRuns *runs, size_t run,
                                        const char *name)
{
  const size_t length = strlen(name);
  for (size_t i = 0; i < runs->runs[run].n_tables; i++) {
    const struct Table *table = &runs->tables[runs->runs[run].tables[i]];
    const char *slash = strrchr(table->path, '/');
    const char *file = slash ? slash + 1 : table->path;
    if (strncmp(file, name, length) != 0) continue;
    if (file[length] == '\0' || strcmp(file + length, ".tsv") == 0) return table;
  }
  return NULL;
}
