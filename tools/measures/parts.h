/*
 * Parts that the analysis looks at, and whether a network has them: what has no meaning for it is
 * nan in the tables.
 */
#ifndef MEASURES_PARTS_H
#define MEASURES_PARTS_H

#include "network/parameters.h"

enum Part {
  PART_NEURONS,   /* and with them key frequencies */
  PART_MAP,       /* W_L, a linear map from neurons to logits */
  PART_LOGIT_SUM, /* logits = W_U resid_mid + W_U b_out + W_L hidden */
  PART_ATTENTION, /* from "=" to the numbers */
  PART_SCORES,    /* as sums of what each token adds */
  PART_OV,        /* what heads add to neurons' inputs, a linear map of W_E */
  PART_HEAD_SUM,  /* the stream before the neurons as x_= and what heads add by their attention */
  N_PARTS
};

/* Why a network does not have a part in a layer, as a sentence that says what is nan; NULL if it
   has. Parts that are missing for one reason have the same sentence. */
const char *part_missing(const struct Shape *shape, int layer, enum Part part);

#endif
