/*
 * What is computed of a snapshot before the first table is written: its weights, its attention and
 * its logits in the Fourier basis.
 */
#ifndef RESULTS_SPECTRA_H
#define RESULTS_SPECTRA_H

#include "measures/analysis.h"
#include "measures/attention_fit.h"
#include "measures/neuron_logit.h"

/* H heads; components in the order of fourier/basis.h. */
struct Spectra {
  double *map;                         /* [p][d_mlp]: components of W_L along its outputs */
  double *W_E_norms, *W_L_norms;       /* [p]: of the components */
  double *logit_norms;                 /* [p][p]: of the products */
  double *attention;                   /* [p][H]: components of the scores' part C_h */
  struct AttentionFit *attention_fits; /* [H] */
  struct WaveFit (*waves)[2];          /* [n_frequencies + 1]: u_k, v_k; key frequencies only */
};

/* Computes all of it from the snapshot that the analysis has loaded, at the key frequencies of the
   last one. Where the answer is no function of a + b or of a - b, the waves have norms, but alpha
   and fve are NaN. */
bool spectra_init(struct Spectra *spectra, const struct Analysis *analysis, struct Error *error);
void spectra_release(struct Spectra *spectra);

/* What stands at a frequency's cosine (row 0) or sine (row 1) in a column of values[p][stride]; NaN
   where it has none. */
double spectra_component(const double *values, size_t stride, int p, int frequency, int row);

#endif
