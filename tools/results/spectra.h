/*
 * What is computed from a snapshot before any table is written: its weights, attention and logits
 * in the Fourier basis.
 */
#ifndef RESULTS_SPECTRA_H
#define RESULTS_SPECTRA_H

#include "measures/analysis.h"
#include "measures/attention_fit.h"
#include "measures/neuron_logit.h"

/* H heads; components in the order of fourier/basis.h. */
struct Spectra {
  double *map;                         /* [p][d_mlp]: components of W_L along the output axis */
  double *W_E_norms, *W_L_norms;       /* [p]: of the components */
  double *logit_norms;                 /* [p][p]: of the products */
  double *attention;                   /* [p][H]: components of C_h (measures/attention_fit.h) */
  struct AttentionFit *attention_fits; /* [H] */
  struct WaveFit (*waves)[2];          /* [n_frequencies + 1]: u_k, v_k; key frequencies only */
};

/* Computes everything from the snapshot loaded in the analysis, at the key frequencies of the
   last one. If the answer is not a function of a + b or of a - b, the waves have norms, but
   alpha and fve are NaN. */
bool spectra_init(struct Spectra *spectra, const struct Analysis *analysis, struct Error *error);
void spectra_release(struct Spectra *spectra);

/* The value at a frequency's cosine (row 0) or sine (row 1) in a column of values[p][stride];
   NaN if it does not exist. */
double spectra_component(const double *values, size_t stride, int p, int frequency, int row);

#endif
