/*
 * What is said about claims that were judged: in words, as a table, and in LaTeX.
 */
#ifndef CLAIMS_REPORT_H
#define CLAIMS_REPORT_H

#include "claims/claims.h"

/* Prints a heading and a line for each claim to standard output, with `brief` only for those that
   do not hold; then how many hold, after the name of the run (NULL: none). */
bool claims_print(const struct Claims *claims, const char *run, bool brief, struct Error *error);

/* Writes a table with a row for each claim. */
bool claims_write_table(const struct Claims *claims, const struct Quantities *quantities,
                        const char *path, struct Error *error);

/* Writes LaTeX macros: verdicts, the paper's values, and every quantity. */
bool claims_write_tex(const struct Claims *claims, const struct Quantities *quantities,
                      const char *path, struct Error *error);

#endif
