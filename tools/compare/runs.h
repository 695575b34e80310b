/*
 * The runs that are compared. A run is a folder: the tables and the config.ini whose paths are in
 * it are the run's.
 */
#ifndef COMPARE_RUNS_H
#define COMPARE_RUNS_H

#include "base/error.h"
#include "config/config.h"
#include "table/table.h"

#include <stddef.h>

struct ComparedRun {
  const char *folder; /* of its tables' paths; not NUL-terminated */
  int folder_length;
  char *name;
  struct Config config;         /* from its config.ini */
  struct Provenance provenance; /* from its tables and its config.ini */
  size_t *tables;               /* [n_tables]: their numbers, in the order of their paths */
  size_t n_tables;
};

/* In the order in which their folders first appear. */
struct ComparedRuns {
  struct Table *tables; /* [n_tables] */
  size_t *run_of;       /* [n_tables] */
  size_t n_tables;
  struct ComparedRun *runs; /* [n] */
  size_t n;
};

/* Reads n tables, and configurations (.ini); the paths must outlive the runs. Errors: a file that
   cannot be read; two folders of one name, or a name that cannot be a cell; files of one folder
   that belong to different runs. */
bool compared_runs_read(struct ComparedRuns *runs, char *const *paths, size_t n,
                        struct Error *error);
void compared_runs_release(struct ComparedRuns *runs);

/* The table of a run by its file name without .tsv; NULL if there is none. */
const struct Table *compared_runs_table(const struct ComparedRuns *runs, size_t run,
                                        const char *name);

#endif
