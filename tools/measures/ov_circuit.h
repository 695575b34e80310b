/*
 * The OV circuits (appendix C.1, figure 10): what head h adds to the neurons' inputs when it
 * attends to a number x,
 *
 *   OV_h(x) = W_E[x] W_V[h] W_O[h] W_in,
 *
 * in the Fourier basis over x, and whether that is of one frequency. ov-spectrum.tsv.
 */
#ifndef MEASURES_OV_CIRCUIT_H
#define MEASURES_OV_CIRCUIT_H

#include "measures/subject.h"

/* Norms over the neurons of the components of OV_h: norms is [p][H]. For a layer with neurons. */
bool ov_circuit_norms(const struct FourierBasis *basis, const struct Parameters *parameters,
                      double *norms, struct Error *error);

/* Where a head's circuit lies, the constant left out. */
struct OvCircuit {
  int frequency;    /* with the largest share, the lowest if several have it; 0 for no circuit */
  double share;     /* of the squared norm, at that frequency */
  double key_share; /* at all key frequencies together */
};

/* Of head h, from norms[p][H]. `keys` is [n_frequencies + 1]. */
struct OvCircuit ov_circuit_place(const struct FourierBasis *basis, const double *norms, size_t H,
                                  size_t h, const bool *keys);

/* The circuits of a subject's heads; NaN without them (PART_OV). */
struct OvCircuits {
  double *norms;           /* [p][H] */
  struct OvCircuit *heads; /* [H] */
};

const struct OvCircuits *ov_circuits_of(struct Subject *subject, struct Error *error);

/* The share of a circuit's squared norm above which it lies there. The paper says of two heads that
   they lie on one frequency and of two that they lie on all key frequencies, without a number; this
   is the one of the neurons' clusters. */
extern const double ov_circuit_threshold;

/* Over all heads; NaN without circuits. */
struct OvSummary {
  double heads_at_one;  /* whose share at their own frequency is above the threshold */
  double heads_at_keys; /* others, whose share at the key frequencies together is above it */
};

struct OvSummary ov_circuits_summarise(const struct Analysis *analysis,
                                       const struct OvCircuits *circuits);

SubjectWriter ov_circuits_write; /* ov-spectrum.tsv */

#endif
