/* trace-algorithm: follows one pair through a network that adds by rotation (figure 1). */
#include "measures/command.h"
#include "measures/read_off.h"
#include "measures/rotation.h"

#include <stdio.h>

static const char name[] = "trace-algorithm";

static const char summary[] =
    "Follows one pair through the algorithm of a snapshot, at the key frequency with the\n"
    "largest cosine in the logits (of all frequencies if there are no key frequencies). The\n"
    "pair is one that the network was not trained on, chosen for a clear picture: the one\n"
    "whose angles come closest to 0.08 and 0.18 of a turn. Writes four tables:";

static const struct ToolFile tables[] = {
#define TABLE_OF_trace_algorithm(file, holds, writer) {file, holds},
#include "measures/tables.def"
    {NULL, NULL}};

static SubjectWriter *const writers[] = {
#define TABLE_OF_trace_algorithm(file, holds, writer) writer,
#include "measures/tables.def"
};

static void warn_without_keys(const struct Analysis *analysis)
{
  if (analysis->n_keys > 0) return;
  fprintf(stderr,
          "%s: the last snapshot has no key frequencies: the waves are those of all frequencies\n",
          name);
}

int main(int argc, char **argv)
{
  static const struct SnapshotTool tool = {.name = name,
                                           .purpose =
                                               "follow one pair through the network's algorithm",
                                           .summary = summary,
                                           .tables = tables,
                                           .writers = writers,
                                           .needs_directions = true,
                                           .parts = 1 << PART_NEURONS | 1 << PART_MAP,
                                           .warn = warn_without_keys};
  return command_main_of_snapshot(&tool, argc, argv);
}
