/* ablate: the loss of a network with single frequencies removed or parts replaced. */
#include "results/ablations.h"
#include "results/command.h"

static const char name[] = "ablate";

static const char summary[] =
    "Removes each Fourier frequency from the logits of a snapshot in turn, replaces parts of\n"
    "the network by what the paper says they do, and gives the resulting losses. The key\n"
    "frequencies are those of the last snapshot. Writes four tables:\n"
    "  ablations.tsv            losses without each frequency, with only the key frequencies,\n"
    "                           and with none of them\n"
    "  replacements.tsv         losses with neurons, logits, the skip connection or the heads\n"
    "                           replaced\n"
    "  logit-fit.tsv            the logits fitted by cosines of the key frequencies\n"
    "  ablation-quantities.tsv  single numbers: these losses, and what follows from them";

static bool ablate(struct Analysis *analysis, const struct Request *request, struct Error *error)
{
  enum DirectionSign sign;
  struct Subject subject;
  if (!directions_of_operation(analysis->trajectory.config.data.operation, &sign, error) ||
      !subject_init(&subject, analysis, request, error))
    return false;
  warn_without_keys(name, analysis);
  struct Ablations ablations;
  bool done = ablations_init(&ablations, &subject, sign, error);
  if (done) {
    done = write_ablation_tables(&subject, &ablations, error);
    ablations_release(&ablations);
  }
  subject_release(&subject);
  return done;
}

int main(int argc, char **argv)
{
  return snapshot_main(name, summary, ablate, argc, argv);
}
