/*
 * Answers from a file: a text with p rows of p integers from 0 to p - 1, for p = data.modulus. Row
 * a has the answers to a and b = 0 .. p-1, separated by blanks or tabs. A "#" starts a comment,
 * which ends with the line; lines with nothing else are skipped.
 */
#ifndef NETWORK_ANSWERS_H
#define NETWORK_ANSWERS_H

#include "base/digest.h"
#include "base/error.h"

/* Reads answer[p][p]. Errors, with file and line: the file cannot be read; a row with too few or
   too many answers, something that is none, or another number of rows, each with what was
   expected. */
bool answers_read(const char *path, int p, int *answer, struct Error *error);

/* Identifies answer[p][p], whatever file they came from. */
struct Digest answers_digest(const int *answer, int p);

#endif
