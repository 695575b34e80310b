/*
 * Magnitudes of the discrete Fourier transforms of W_E and W_U over all tokens, "=" among them:
 * what RoganInglis/grokking-experiments plots and judges its networks by (as the spectra of the
 * embedding and, though it is of W_U, of the neuron-logit map). With N tokens, N = p + 1 where the
 * input ends with "=", the frequency k of these is no frequency of the residues modulo p: a wave of
 * k / p turns per number leaks into several of them. token-spectrum.tsv,
 * token-spectrum-quantities.tsv.
 */
#ifndef MEASURES_TOKEN_SPECTRUM_H
#define MEASURES_TOKEN_SPECTRUM_H

#include "measures/subject.h"

/*
 * magnitudes[k] = sqrt(sum over channels j of |sum over x of f[x][j] e^{-2 pi i k x / n}|^2),
 * k = 0..n/2, for f [n][channels]. Error: no memory.
 */
bool token_spectrum_magnitudes(size_t n, size_t channels, const double *f, double *magnitudes,
                               struct Error *error);

SubjectWriter token_spectrum_write;            /* token-spectrum.tsv */
SubjectWriter token_spectrum_write_quantities; /* token-spectrum-quantities.tsv */

#endif
