/*
 * Losses with single frequencies removed from the logits (section 4.4, figure 6), or from the
 * neurons alone. ablations.tsv.
 *
 * The authors' notebook removes each key frequency from the neurons, in a way that is not known.
 * Here the neurons on all pairs lose their projection on the 8 non-constant products of {1, cos,
 * sin}(w_k a) and {1, cos, sin}(w_k b), all that a neuron of that frequency is made of
 * (section 4.3); the skip connection past the MLP stays.
 */
#ifndef MEASURES_ABLATION_H
#define MEASURES_ABLATION_H

#include "measures/losses.h"
#include "measures/subject.h"

struct Ablation {
  struct Losses unablated, restricted; /* of the logits as they are; of the key frequencies alone */
  double excluded_loss;                /* without all key frequencies */
  struct Losses *without;              /* [n_frequencies + 1]: without k; index 0 is unused */
  double *without_at_neurons; /* [n_frequencies + 1]: loss over all pairs where neurons lose the key
                                 frequency k; NaN for others, and without PART_LOGIT_SUM */
};

/* Of a subject. Error: an operation without directions. */
const struct Ablation *ablation_of(struct Subject *subject, struct Error *error);

/* Of single frequencies: the least and the largest, in which NaN stands for no frequency. Without
   key frequencies all are NaN. */
struct AblationSummary {
  double excluded_key_least, excluded_key_most; /* excluded losses of key frequencies */
  double excluded_key_ratio_least;              /* the least over the train loss */
  double excluded_other_most;                   /* of frequencies that are no key frequencies */
  double without_key_ratio_least;               /* loss without a key frequency / loss */
  double without_other_change_most;             /* |loss without another frequency / loss - 1| */
  double key_change_over_other;
  double neurons_key_least, neurons_key_most; /* losses where neurons lose a key frequency */
  double neurons_key_ratio_least;             /* the least over the loss */
};

struct AblationSummary ablation_summarise(const struct Analysis *analysis,
                                          const struct Ablation *ablation);

SubjectWriter ablation_write; /* ablations.tsv */

#endif
