/* principal-components: the planes of W_E and W_L, and their effective ranks over training. */
#include "measures/command.h"
#include "measures/effective_ranks.h"
#include "measures/principal_components.h"

static const char name[] = "principal-components";

static const char summary[] =
    "Finds the singular values and principal components of W_E and W_L in a snapshot, and the\n"
    "effective ranks of both matrices in every snapshot. The last digits depend on the\n"
    "OpenBLAS in use. Writes five tables:";

static const struct ToolFile tables[] = {
#define TABLE_OF_principal_components(file, holds, writer) {file, holds},
#include "measures/tables.def"
    {NULL, NULL}};

static SubjectWriter *const writers[] = {
#define TABLE_OF_principal_components(file, holds, writer) writer,
#include "measures/tables.def"
};

static void warn_without_keys(const struct Analysis *analysis)
{
  command_warn_without_keys(name, analysis);
}

int main(int argc, char **argv)
{
  static const struct SnapshotTool tool = {.name = name,
                                           .purpose =
                                               "find principal components and effective ranks",
                                           .summary = summary,
                                           .tables = tables,
                                           .writers = writers,
                                           .in_blocks = true,
                                           .parts = 1 << PART_NEURONS | 1 << PART_MAP,
                                           .warn = warn_without_keys};
  return command_main_of_snapshot(&tool, argc, argv);
}
