/*
 * How much the key frequencies stand out in a spectrum (section 4.1, figures 3 and 4). The norm of
 * a frequency is that of its cosine and sine together; the constant is ignored. `keys` is
 * [n_frequencies + 1].
 */
#ifndef MEASURES_CONTRAST_H
#define MEASURES_CONTRAST_H

#include "fourier/basis.h"

struct Contrast {
  double share;      /* fraction of the squared norm at the key frequencies */
  double ratio;      /* mean norm at a key frequency over that at the others */
  double separation; /* smallest norm at a key frequency over the largest at the others */
};

/* From the norms[p] of components. Undefined values are NaN. */
struct Contrast contrast_of_norms(const struct FourierBasis *basis, const double *norms,
                                  const bool *keys);

/* From the norms[p][p] of products of a component over a and one over b: the fraction of the
   squared norm in products of two components of the same key frequency, four for each. */
double contrast_of_products(const struct FourierBasis *basis, const double *norms,
                            const bool *keys);

#endif
