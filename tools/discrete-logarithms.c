/* discrete-logarithms: a network that multiplies, taken apart as one that adds logarithms. */
#include "measures/command.h"
#include "measures/logarithm_circles.h"
#include "measures/logarithm_quantities.h"
#include "measures/over_logarithms.h"

static const char summary[] =
    "Takes a snapshot of a network that multiplies or divides modulo an odd prime p apart in\n"
    "Fourier space over discrete logarithms. With g the least primitive root, every number but\n"
    "0 is g^i, and the logarithms i of products add up modulo p - 1. Key frequencies are those\n"
    "of the last snapshot. Writes five tables:";

static const struct ToolFile tables[] = {
#define TABLE_OF_discrete_logarithms(file, holds, writer) {file, holds},
#include "measures/tables.def"
    {NULL, NULL}};

static SubjectWriter *const writers[] = {
#define TABLE_OF_discrete_logarithms(file, holds, writer) writer,
#include "measures/tables.def"
};

/* What a network lacks is in its tables: 0 key frequencies, or nan. */
static void warn_of_nothing(const struct Analysis *analysis)
{
  (void)analysis;
}

int main(int argc, char **argv)
{
  static const struct SnapshotTool tool = {
      .name = "discrete-logarithms",
      .purpose = "take a network that multiplies apart over logarithms",
      .summary = summary,
      .tables = tables,
      .writers = writers,
      .parts = 1 << PART_NEURONS | 1 << PART_MAP,
      .warn = warn_of_nothing};
  return command_main_of_snapshot(&tool, argc, argv);
}
