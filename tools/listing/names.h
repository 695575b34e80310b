/*
 * The runs to be listed: those that a build declares, and folders.
 */
#ifndef LISTING_NAMES_H
#define LISTING_NAMES_H

#include "base/error.h"

#include <stddef.h>

struct ListedName {
  char *folder;
  const char *name; /* the folder's last component; all of it where several runs have that */
};

/* In the order of the declaration, then of the folders. */
struct ListedNames {
  struct ListedName *runs; /* [n] */
  size_t n;
};

/* Lists the runs of `declared` (or NULL), a file with a run's name in each line, whose folders are
   beside it and need not exist yet; then those of the folders, which must. A run that is named
   twice is listed once. Errors: the file cannot be read; a folder is none. */
bool listed_names_read(struct ListedNames *names, const char *declared, char *const *folders,
                       size_t n, struct Error *error);
void listed_names_release(struct ListedNames *names);

#endif
