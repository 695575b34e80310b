/*
 * The logits in the two-dimensional Fourier basis of (a, b) (section 4.1, figure 4).
 * logit-spectrum.tsv.
 */
#ifndef MEASURES_LOGIT_SPECTRUM_H
#define MEASURES_LOGIT_SPECTRUM_H

#include "measures/subject.h"

/* Norms over the p number outputs of the components of logits[p^2][V]: norms is [p][p], component
   over a, component over b. */
bool logit_spectrum_norms(const struct FourierBasis *basis, const float *logits, size_t V,
                          double *norms, struct Error *error);

/* From these norms: the fraction of the squared norm, without the constant, in products of two
   components of the same key frequency, four for each. `keys` is [n_frequencies + 1]. */
double logit_spectrum_share(const struct FourierBasis *basis, const double *norms,
                            const bool *keys);

/* Which products of a wave of a and a wave of b stand out in the logits: those whose norm is above
   a quarter of the largest such norm. The paper finds 20, the 2 x 2 blocks of its five key
   frequencies (section 4.1), without a number; the cosines of a logit fit, whose coefficients
   differ by less than four, fill exactly these blocks. */
struct LogitBlocks {
  double components; /* how many; products with the constant are none of them */
  double at_keys;    /* those of two waves of one key frequency */
};

/* From these norms, likewise. */
struct LogitBlocks logit_spectrum_blocks(const struct FourierBasis *basis, const double *norms,
                                         const bool *keys);

/* The norms of a subject's logits. */
struct LogitSpectrum {
  double *norms; /* [p][p] */
};

const struct LogitSpectrum *logit_spectrum_of(struct Subject *subject, struct Error *error);

SubjectWriter logit_spectrum_write; /* logit-spectrum.tsv */

#endif
