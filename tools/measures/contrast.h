/*
 * How far the key frequencies stand out in a spectrum (section 4.1, figures 3 and 4). The norm of a
 * frequency is that of its cosine and sine together; the constant takes no part. `keys` is
 * [n_frequencies + 1].
 */
#ifndef MEASURES_CONTRAST_H
#define MEASURES_CONTRAST_H

#include "fourier/basis.h"

struct Contrast {
  double share;      /* of the squared norm: what the key frequencies have of it */
  double ratio;      /* mean norm of a key frequency over that of the others */
  double separation; /* least norm of a key frequency over the largest of the others */
};

/* Of norms[p], those of components. What there is nothing to divide by or to compare is NaN. */
struct Contrast contrast_of_norms(const struct FourierBasis *basis, const double *norms,
                                  const bool *keys);

/* Of norms[p][p], those of products of a component over a and one over b: the share of the squared
   norm in products of a cosine or sine of a key frequency with one of the same frequency, four for
   each. */
double contrast_of_products(const struct FourierBasis *basis, const double *norms,
                            const bool *keys);

#endif
