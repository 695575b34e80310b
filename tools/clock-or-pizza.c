/* clock-or-pizza: which of two algorithms a network adds by, as Zhong et al. 2023 measure it. */
#include "measures/clock_or_pizza.h"
#include "measures/command.h"

static const char name[] = "clock-or-pizza";

static const char summary[] =
    "Measures gradient symmetricity, distance irrelevance and circularity (Zhong et al. 2023):\n"
    "does a network add like a clock or like a pizza? In every snapshot, and in one as single\n"
    "numbers. The last digits depend on the OpenBLAS in use. Writes two tables:";

static const struct ToolFile tables[] = {
#define TABLE_OF_clock_or_pizza(file, holds, writer) {file, holds},
#include "measures/tables.def"
    {NULL, NULL}};

static SubjectWriter *const writers[] = {
#define TABLE_OF_clock_or_pizza(file, holds, writer) writer,
#include "measures/tables.def"
};

static void warn_of_nothing(const struct Analysis *analysis)
{
  (void)analysis;
}

int main(int argc, char **argv)
{
  static const struct SnapshotTool tool = {.name = name,
                                           .purpose =
                                               "tell which of two algorithms a network adds by",
                                           .summary = summary,
                                           .tables = tables,
                                           .writers = writers,
                                           .needs_directions = true,
                                           .in_blocks = true,
                                           .warn = warn_of_nothing};
  return command_main_of_snapshot(&tool, argc, argv);
}
