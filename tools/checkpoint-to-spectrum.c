/* checkpoint-to-spectrum: the weights and activations of a snapshot in the Fourier basis. */
#include "measures/losses.h"
#include "results/command.h"
#include "results/spectrum_tables.h"

#include <stdio.h>

static const char name[] = "checkpoint-to-spectrum";

static const char summary[] =
    "Takes a snapshot apart in Fourier space. Writes ten tables:\n"
    "  spectrum.tsv                 norms of the components of W_E and of W_L\n"
    "  key-frequencies.tsv          the key frequencies, those of the last snapshot, with "
    "their\n"
    "                               clusters of neurons in this one\n"
    "  neurons.tsv                  every neuron's frequency and the variance it explains\n"
    "  neuron-logit-map.tsv         W_L of one frequency's neurons, component by component\n"
    "  neuron-logit-directions.tsv  W_L's directions at the key frequencies, and the neurons\n"
    "                               along them\n"
    "  activations.tsv              attention and the first neurons on all pairs\n"
    "  attention-spectrum.tsv       what attention depends on, component by component\n"
    "  attention-fits.tsv           the heads' attention fitted by one frequency each\n"
    "  logit-spectrum.tsv           norms of the logits in the two-dimensional basis\n"
    "  spectrum-quantities.tsv      single numbers: what follows from the others";

/* The read-off along W_L's directions is defined only for a function of a + b or of a - b. */
static void warn_without_directions(enum Operation operation)
{
  enum DirectionSign sign;
  struct Error ignored;
  if (directions_of_operation(operation, &sign, &ignored)) return;
  fprintf(stderr,
          "%s: the answer is not a function of a + b or of a - b: neuron-logit-directions.tsv has "
          "norms, but no alpha and no fve\n",
          name);
}

static bool take_apart(struct Analysis *analysis, const struct Request *request,
                       struct Error *error)
{
  struct Subject subject;
  if (!subject_init(&subject, analysis, request, error)) return false;
  warn_without_directions(analysis->trajectory.config.data.operation);
  struct Spectra spectra;
  bool done = spectra_init(&spectra, analysis, error);
  if (done) {
    done = write_spectrum_tables(&subject, &spectra, error);
    spectra_release(&spectra);
  }
  subject_release(&subject);
  return done;
}

int main(int argc, char **argv)
{
  return snapshot_main(name, summary, take_apart, argc, argv);
}
