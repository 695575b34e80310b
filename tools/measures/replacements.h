/*
 * The network with one part replaced by what the paper says the part does, or by nothing (section
 * 4.4 and the appendix): the loss then tells whether the rest of that part mattered. Everything
 * that is not named stays as it is. In the terms of
 *
 *   logits = W_U resid_mid + W_U b_out + W_L hidden,
 *
 * resid_mid being the stream behind the heads and hidden the neurons behind their activation
 * function, the first term is the MLP's skip connection.
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
  PROJECT_NEURONS_OFF_MAP,   /* hidden: what that projection leaves out */
  ZERO_SKIP,                 /* W_U resid_mid: 0 */
  MEAN_SKIP,                 /* W_U resid_mid: its mean over all pairs */
  ZERO_HEADS,                /* what all heads add to the stream: 0, so that the MLP sees x_= */
  N_REPLACEMENTS
};

/* The network that is changed; everything is borrowed. */
struct ReplacementSubject {
  const struct Config *config;
  const struct FourierBasis *basis;
  const struct DirectedLogits *directed; /* with the snapshot's logits */
  const struct NeuronLogitMap *map;      /* its W_L */
  const struct Snapshot *snapshot;
  const struct NeuronFit *fits; /* [d_mlp]: of this snapshot */
  const bool *keys;             /* [n_frequencies + 1] */
};

/* What tables call it: "neurons_clustered"; and what it keeps, in a sentence. */
const char *replacement_name(enum Replacement replacement);
const char *replacement_meaning(enum Replacement replacement);

/* The logits of the changed network, [p^2][p]. Uses all threads; the result does not depend on
   their number. */
bool replacement_logits(const struct ReplacementSubject *subject, enum Replacement replacement,
                        float *logits, struct Error *error);

#endif
