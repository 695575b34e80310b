/*
 * The origin of a table's numbers: one line of its comment block,
 *
 *   # run: configuration 8f0c2d3e...4b5a6978, trajectory 03b1c2d3...e4f50617
 *   # run: configuration 8f0c2d3e...4b5a6978, trajectory 03b1c2d3...e4f50617, engine textbook, ...
 *
 * The digests are those of all settings of the run (config/config.h) and of its split and snapshots
 * (run/snapshots.h), independent of the file format. `unknown` stands for a digest that cannot be
 * determined: the configuration of a checkpoint that lacks some settings. The engine that trained
 * the network (engine_bits in engine/engine.h) is named if it was not the factored one.
 */
#ifndef TABLE_PROVENANCE_H
#define TABLE_PROVENANCE_H

#include "base/digest.h"
#include "base/error.h"

enum { PROVENANCE_ENGINE_SIZE = 80 };

struct Provenance {
  bool has_configuration, has_trajectory;
  struct Digest configuration, trajectory;
  char engine[PROVENANCE_ENGINE_SIZE]; /* empty for the factored one */
};

/* Names the engine. As files of any origin say what trained them, a longer name is cut, and all but
   printable ASCII characters become question marks. */
void provenance_set_engine(struct Provenance *provenance, const char *engine);

/* Formats the line, without "# " and line end. */
enum { PROVENANCE_SIZE = 208 };
void provenance_format(const struct Provenance *provenance, char text[PROVENANCE_SIZE]);

/* Is this comment line, including "# ", exactly such a line? */
bool provenance_parse(const char *line, struct Provenance *provenance);

#endif
