/*
 * Where the numbers of a table come from: one line of its comment block,
 *
 *   # run: configuration 8f0c2d3e...4b5a6978, trajectory 03b1c2d3...e4f50617
 *
 * The digests are those of all settings of the run (config/config.h) and of its split and its
 * snapshots (model/snapshots.h), whatever file they lie in. The word `unknown` stands for a digest
 * that nobody can tell: the configuration of a checkpoint that does not say all settings.
 */
#ifndef TABLE_PROVENANCE_H
#define TABLE_PROVENANCE_H

#include "base/digest.h"
#include "base/error.h"

struct Provenance {
  bool has_configuration, has_trajectory;
  struct Digest configuration, trajectory;
};

/* The line without its "# " and its end. */
enum { PROVENANCE_SIZE = 112 };
void provenance_format(const struct Provenance *provenance, char text[PROVENANCE_SIZE]);

/* Is that comment line, "# " included, such a line and nothing else? */
bool provenance_parse(const char *line, struct Provenance *provenance);

#endif
