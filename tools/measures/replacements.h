/*
 * The network with one part replaced by what the paper says the part computes, or by zero (section
 * 4.4 and the appendix): the loss shows whether the rest of that part matters. Everything else is
 * unchanged. In terms of
 *
 *   logits = W_U resid_mid + W_U b_out + W_L hidden,
 *
 * with resid_mid the residual stream after the heads and hidden the post-activations, the first
 * term is the MLP's skip connection.
 */
#ifndef MEASURES_REPLACEMENTS_H
#define MEASURES_REPLACEMENTS_H

#include "config/config.h"
#include "measures/losses.h"
#include "measures/neuron_logit.h"
#include "measures/neurons.h"
#include "measures/snapshot.h"

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
  N_REPLACEMENTS
};

/* The network to be changed; everything is borrowed. */
struct ReplacementSubject {
  const struct Config *config;
  const struct FourierBasis *basis;
  const struct DirectedLogits *directed; /* with the snapshot's logits */
  const struct NeuronLogitMap *map;      /* its W_L */
  const struct Snapshot *snapshot;
  const struct NeuronFit *fits; /* [d_mlp]: of this snapshot */
  const bool *keys;             /* [n_frequencies + 1] */
};

/* Its name in tables, "neurons_clustered", and a sentence describing it. */
const char *replacement_name(enum Replacement replacement);
const char *replacement_meaning(enum Replacement replacement);

/* The logits of the changed network, [p^2][p]. Multi-threaded; the result does not depend on the
   number of threads. */
bool replacement_logits(const struct ReplacementSubject *subject, enum Replacement replacement,
                        float *logits, struct Error *error);

#endif
