/* ablate: the loss of a network with single frequencies removed or parts replaced. */
#include "measures/ablation.h"
#include "measures/ablation_quantities.h"
#include "measures/command.h"
#include "measures/logit_fit.h"
#include "measures/replacement.h"

static const char name[] = "ablate";

static const char summary[] =
    "Removes each Fourier frequency from the logits of a snapshot in turn, replaces parts of\n"
    "the network by what the paper says they do, and gives the resulting losses. The key\n"
    "frequencies are those of the last snapshot. Writes four tables:";

static const struct ToolFile tables[] = {
#define TABLE_OF_ablate(file, holds, writer) {file, holds},
#include "measures/tables.def"
    {NULL, NULL}};

static SubjectWriter *const writers[] = {
#define TABLE_OF_ablate(file, holds, writer) writer,
#include "measures/tables.def"
};

static void warn_without_keys(const struct Analysis *analysis)
{
  command_warn_without_keys(name, analysis);
}

int main(int argc, char **argv)
{
  static const struct SnapshotTool tool = {
      .name = name,
      .purpose = "find the losses without single frequencies or parts",
      .summary = summary,
      .tables = tables,
      .writers = writers,
      .needs_directions = true,
      .parts = 1 << PART_NEURONS | 1 << PART_LOGIT_SUM | 1 << PART_HEAD_SUM,
      .warn = warn_without_keys};
  return command_main_of_snapshot(&tool, argc, argv);
}
