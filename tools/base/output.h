/*
 * Files written atomically: to a temporary file beside the target, which is synced, then renamed
 * over it. A tool killed at any moment leaves the old file or the new one.
 *
 *   struct Output output;
 *   if (!output_open(&output, path, error)) return false;
 *   fprintf(output.stream, ...);                      // errors are reported by the commit
 *   return output_commit(&output, error);
 *
 * Between open and commit, output_discard abandons the output: the target is unchanged. The path
 * "-" (standard output), devices and pipes are written in place: flushed and checked, not renamed.
 * A symbolic link to a file is replaced by the new file.
 *
 * After a failed write no other is attempted; the commit reports the system's error.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include "base/error.h"

#include <stdio.h>

struct Output {
  FILE *stream;            /* NULL if not open; it has no fileno */
  struct OutputFile *file; /* what the stream writes to */
  char *path;              /* the target; NULL for standard output */
  char *temporary;         /* the file being written, in the same directory; NULL if in place */
};

/* Errors: the target is a directory; its directory is missing, full or not writable; standard
   output is closed. */
bool output_open(struct Output *output, const char *path, struct Error *error);

/* Opens an existing file for appending; others may read it as it grows. Nothing is renamed, and
   output_discard leaves the file as it is. Errors: it does not exist or is not writable. */
bool output_append(struct Output *output, const char *path, struct Error *error);

/* Flushes everything printed so far to the system. Up to a few kilobytes are a single write. */
bool output_flush(struct Output *output, struct Error *error);

/* Flushes, syncs, closes and renames. On failure the temporary file is removed, the target is
   unchanged, and the error gives the failed step and the system's reason. Exception: if the last
   step fails, which makes the rename durable (survive a power cut), the new file is in place,
   complete. */
bool output_commit(struct Output *output, struct Error *error);

/* Closes and removes the temporary file. Does nothing if the output is not open. */
void output_discard(struct Output *output);

/* Removes temporary files left by killed writers of `path`: PATH.xxxxxx, six letters or digits. The
   caller must know that nobody is writing it now, and that no user would choose such a name. */
void output_remove_leftovers(const char *path);

/* Creates the directory `path` and its missing parents. */
bool output_make_directory(const char *path, struct Error *error);

/* Makes a rename or a new file in the directory of `path` durable: it survives a power cut. */
bool output_sync_directory(const char *path, struct Error *error);

#endif
