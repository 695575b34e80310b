/* checkpoint-to-spectrum: the weights and activations of a snapshot in the Fourier basis. */
#include "measures/attention.h"
#include "measures/circles.h"
#include "measures/command.h"
#include "measures/directed_logits.h"
#include "measures/logit_spectrum.h"
#include "measures/neuron_logit.h"
#include "measures/neuron_logit_map.h"
#include "measures/neurons.h"
#include "measures/ov_circuit.h"
#include "measures/pair_maps.h"
#include "measures/spectrum.h"
#include "measures/spectrum_quantities.h"
#include "measures/token_spectrum.h"

#include <stdio.h>

static const char name[] = "checkpoint-to-spectrum";

static const struct ToolFile tables[] = {
#define TABLE_OF_checkpoint_to_spectrum(file, holds, writer) {file, holds},
#include "measures/tables.def"
    {NULL, NULL}};

static SubjectWriter *const writers[] = {
#define TABLE_OF_checkpoint_to_spectrum(file, holds, writer) writer,
#include "measures/tables.def"
};

/* The read-off along W_L's directions is defined only for a function of a + b or of a - b. */
static void warn_without_directions(const struct Analysis *analysis)
{
  enum DirectionSign sign;
  struct Error ignored;
  if (directed_logits_sign(analysis->trajectory.config.data.operation, &sign, &ignored)) return;
  fprintf(stderr,
          "%s: the answer is not a function of a + b or of a - b: neuron-logit-directions.tsv has "
          "norms, but no alpha and no fve\n",
          name);
}

int main(int argc, char **argv)
{
  static const struct SnapshotTool tool = {
      .name = name,
      .purpose = "take a snapshot apart in Fourier space",
      .summary = "Takes a snapshot apart in Fourier space. Writes fifteen tables:",
      .tables = tables,
      .writers = writers,
      .parts =
          1 << PART_NEURONS | 1 << PART_MAP | 1 << PART_ATTENTION | 1 << PART_SCORES | 1 << PART_OV,
      .warn = warn_without_directions};
  return command_main_of_snapshot(&tool, argc, argv);
}
