/*
 * The list of runs as people and programs read it.
 */
#ifndef LISTING_LISTING_H
#define LISTING_LISTING_H

#include "listing/status.h"

#include <stddef.h>
#include <stdio.h>

struct ListedRow {
  const char *name, *folder;
  struct RunStatus status;
};

/* Aligned text: a line of titles, and one for each row whose state is wanted; then a line that
   counts all of them. Lines are cut to `width` columns. Of more than `height` lines in all, those
   of runs that neither wait nor are done come first, and the last but one says how many are left
   out. 0 stands for any width or height. Returns the number of lines. */
int listing_print(FILE *stream, const struct ListedRow *rows, size_t n,
                  const bool wanted[N_RUN_STATES], int width, int height);

/* The same rows, uncut, as a table. */
bool listing_write(const char *path, const struct ListedRow *rows, size_t n,
                   const bool wanted[N_RUN_STATES], struct Error *error);

/* Has no run anything left to do? */
bool listing_is_over(const struct ListedRow *rows, size_t n);

/* Is a run trained, or about to be? */
bool listing_is_busy(const struct ListedRow *rows, size_t n);

#endif
