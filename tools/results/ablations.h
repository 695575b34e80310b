/*
 * What ablate computes and its four tables: losses of a snapshot with single frequencies removed or
 * parts replaced.
 */
#ifndef RESULTS_ABLATIONS_H
#define RESULTS_ABLATIONS_H

#include "measures/logit_fit.h"
#include "measures/losses.h"
#include "measures/replacements.h"
#include "results/subject.h"

struct Ablations {
  struct Losses unablated, restricted;
  double excluded_loss;
  struct Losses *without; /* [n_frequencies + 1]: without frequency k; index 0 is unused */
  double *coefficients;   /* [n_frequencies + 1]: of cos(w_k(a + b - c)); index 0 is unused */
  struct LogitFit fit;
  struct Losses replaced[N_REPLACEMENTS];
};

/* Computes everything. `sign`: whether the answer is a function of a + b or of a - b. */
bool ablations_init(struct Ablations *ablations, const struct Subject *subject,
                    enum DirectionSign sign, struct Error *error);
void ablations_release(struct Ablations *ablations);

/* Writes ablations.tsv, replacements.tsv, logit-fit.tsv and ablation-quantities.tsv to the
   subject's directory, which is created if needed. */
bool write_ablation_tables(const struct Subject *subject, const struct Ablations *ablations,
                           struct Error *error);

#endif
