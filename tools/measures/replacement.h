/*
 * The network with one part replaced by what the paper says the part computes, or by zero (section
 * 4.4 and the appendix): the loss shows whether the rest of that part matters. Everything else is
 * unchanged. In terms of
 *
 *   logits = W_U resid_mid + W_U b_out + W_L hidden,
 *
 * with resid_mid the residual stream after the heads and hidden the post-activations, the first
 * term is the MLP's skip connection. The heads have one, too: resid_mid is x_=, the stream at "=",
 * plus what they add (measures/replaced_attention.h). replacements.tsv.
 */
#ifndef MEASURES_REPLACEMENT_H
#define MEASURES_REPLACEMENT_H

#include "measures/losses.h"
#include "measures/replaced_neurons.h"
#include "measures/subject.h"

enum Replacement {
  REPLACE_NOTHING,
  REPLACE_CLUSTERED_NEURONS, /* neurons of a cluster: their polynomial of their frequency */
  REPLACE_NEURONS,           /* all neurons: the keys' directions of s, and their mean */
  REPLACE_LOGITS,            /* the keys' polynomials: 8 products each, and the mean */
  REPLACE_LOGITS_BY_COSINES, /* sum of alpha_k cos(w_k(s - c)), measures/logit_fit.h */
  PROJECT_NEURONS_ON_MAP,    /* hidden: its projection on the span of the keys' u_k, v_k */
  PROJECT_NEURONS_OFF_MAP,   /* hidden: the residual of that projection */
  ZERO_SKIP,                 /* W_U resid_mid: 0 */
  MEAN_SKIP,                 /* W_U resid_mid: its mean over all pairs */
  ZERO_HEADS,                /* output of all heads: 0, so the MLP sees x_= */
  LINEAR_ATTENTION,          /* attention to a: its fit (C.1.3); to b: 1 minus that; to "=": 0 */
  ZERO_EQUALS,               /* attention to "=": 0, the rest not renormalised (A.1) */
  ZERO_ATTENTION_SKIP,       /* resid_mid: the heads' output alone, without x_= (A.1) */
  N_REPLACEMENTS
};

/* Its name in tables, "neurons_clustered", and a sentence describing it. */
const char *replacement_name(enum Replacement replacement);
const char *replacement_meaning(enum Replacement replacement);

/* The logits of the changed network, [p^2][p]. Multi-threaded; the result does not depend on the
   number of threads. */
bool replacement_logits(const struct ReplacedNetwork *network, enum Replacement replacement,
                        float *logits, struct Error *error);

/* The losses of a subject's changed networks; NaN for those that need a part that the network does
   not have (PART_LOGIT_SUM, PART_HEAD_SUM). Error: an operation without directions. */
struct ReplacementLosses {
  struct Losses losses[N_REPLACEMENTS];
};

const struct ReplacementLosses *replacement_losses_of(struct Subject *subject, struct Error *error);

/* The loss over all pairs, relative to that of the unmodified network. */
double replacement_loss_ratio(const struct ReplacementLosses *found, enum Replacement replacement);

SubjectWriter replacement_write; /* replacements.tsv */

#endif
