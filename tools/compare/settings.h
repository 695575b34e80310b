/*
 * The settings in which runs differ, as columns of their comparison, and those that are grouped
 * over.
 */
#ifndef COMPARE_SETTINGS_H
#define COMPARE_SETTINGS_H

#include "compare/query.h"
#include "compare/runs.h"

/* The settings that --over names. */
struct Over {
  bool setting[CONFIG_MAX_SETTINGS];
};

/* Reads their names, separated by blanks. Error: one is not a setting. */
bool over_parse(struct Over *over, const char *text, struct Error *error);

/* Inserts a column for each setting in which the runs differ before the others, unless it is
   already among them. Errors: the settings of a run are not all known; too many columns, or two of
   one name. */
bool queries_add_settings(struct Queries *queries, const struct ComparedRuns *runs,
                          struct Error *error);

#endif
