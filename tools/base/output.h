/*
 * Files that appear whole or not at all: written beside the target under a name of their own,
 * synced, then renamed over it. A tool killed at any moment leaves the old file or the new one.
 *
 *   struct Output output;
 *   if (!output_open(&output, path, error)) return false;
 *   fprintf(output.stream, ...);                      // errors are found by the commit
 *   return output_commit(&output, error);
 *
 * Between open and commit, output_discard gives up: the target stays as it was. The path "-" is
 * standard output, and devices and pipes (/dev/null) are what they are: both are flushed and
 * checked but not renamed. A symbolic link to a file is replaced by the new file.
 *
 * The first write that fails is the last one that is tried; the commit says what the system said.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include "base/error.h"

#include <stdio.h>

struct Output {
  FILE *stream;            /* NULL when not open; it has no fileno */
  struct OutputFile *file; /* what the stream writes to */
  char *path;              /* the target; NULL for standard output */
  char *temporary;         /* what is being written, in the same directory; NULL when not renamed */
};

/* Errors: the target is a directory; its directory is missing, full or not ours to write in;
   standard output is closed. */
bool output_open(struct Output *output, const char *path, struct Error *error);

/* Opens a file that exists, to add to its end what others may read while it grows. It has this one
   name: nothing is renamed, and discarding leaves it as it is. Errors: it is not there, or not ours
   to write in. */
bool output_append(struct Output *output, const char *path, struct Error *error);

/* Hands everything printed so far to the system. A few kilobytes arrive with one write, whole. */
bool output_flush(struct Output *output, struct Error *error);

/* Flushes, syncs, closes and renames. On failure the temporary file is removed, the target is as
   it was, and the error says which step failed and the system's reason. Only when the last step
   fails, which makes the rename last through a power cut, is the new file there all the same,
   whole. */
bool output_commit(struct Output *output, struct Error *error);

/* Closes and removes the temporary file. Does nothing on an output that is not open. */
void output_discard(struct Output *output);

/* Removes what killed writers of `path` have left beside it: PATH.xxxxxx, six letters or digits.
   For a caller who knows that nobody is writing it now, and that no person would give a file such a
   name. */
void output_remove_leftovers(const char *path);

/* Makes the directory `path` and its missing parents. */
bool output_make_directory(const char *path, struct Error *error);

/* Makes a rename or a new file in the directory that holds `path` last through a power cut. */
bool output_sync_directory(const char *path, struct Error *error);

#endif
