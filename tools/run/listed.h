/*
 * A list of runs to be trained together: a line for each, with its directory and the settings that
 * are its own, separated by blanks. Empty lines and lines that begin with # do not count.
 *
 *   seed-0  train.seed=0 data.seed=0
 *   seed-1  train.seed=1 data.seed=1
 */
#ifndef RUN_LISTED_H
#define RUN_LISTED_H

#include "base/error.h"

#include <stddef.h>

enum { LISTED_MOST_SETTINGS = 64 };

struct ListedRun {
  char *directory;
  char *settings[LISTED_MOST_SETTINGS]; /* [n_settings]: section.key=value */
  size_t n_settings;
  size_t line; /* of the file, from 1 on */
};

struct ListedRuns {
  struct ListedRun *runs; /* [n], in the order of the file */
  size_t n;
  char *text; /* all words point into it */
};

/* Errors: the file cannot be read, or has no runs; a line does not begin with a directory, or a
   later word is no setting; two runs have one directory. There is nothing to release then. */
bool listed_read(struct ListedRuns *listed, const char *path, struct Error *error);
void listed_release(struct ListedRuns *listed);

#endif
