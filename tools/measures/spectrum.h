/*
 * W_E and W_L in the Fourier basis (sections 4.1 and 4.2, figure 3): the norms of their components,
 * how sparse these are (section 5.1), and how much the key frequencies stand out. spectrum.tsv.
 */
#ifndef MEASURES_SPECTRUM_H
#define MEASURES_SPECTRUM_H

#include "measures/subject.h"

/* Norms over the residual stream of the Fourier components of W_E along its input axis, the p
   number tokens: norms is [p]. */
bool spectrum_of_embedding(const struct FourierBasis *basis, const struct Parameters *parameters,
                           double *norms, struct Error *error);

/* Gini coefficient of n >= 1 values >= 0 (Hurley and Rickard 2009, table I): with the values v_1 <=
   ... <= v_n in increasing order,

     1 - 2 sum over i of (v_i / sum of v) (n - i + 1/2) / n,

   0 if all are equal (or zero), 1 - 1/n if all but one are zero. Sorts the values in place. */
double spectrum_gini(double *values, size_t n);

/* The same of values that stay in their order. Error: no memory. */
bool spectrum_gini_of(const double *values, size_t n, double *gini, struct Error *error);

/* How much the key frequencies stand out. The norm of a frequency is that of its cosine and sine
   together; the constant is ignored. */
struct Contrast {
  double share;      /* fraction of the squared norm at the key frequencies */
  double ratio;      /* mean norm at a key frequency over that at the others */
  double separation; /* smallest norm at a key frequency over the largest at the others */
};

/* From the norms[p] of components. `keys` is [n_frequencies + 1]. Undefined values are NaN. */
struct Contrast spectrum_contrast(const struct FourierBasis *basis, const double *norms,
                                  const bool *keys);

/* How many frequencies have a norm above half of the least of a key frequency: those that W_E has
   learned, whether or not the rest of the network uses them. The paper counts six where five are
   keys (section 4.1), without a number. NaN without keys. */
double spectrum_count_above(const struct FourierBasis *basis, const double *norms,
                            const bool *keys);

/* The value at a frequency's cosine (row 0) or sine (row 1) in a column of values[p][stride];
   NaN if it does not exist. */
double spectrum_component(const double *values, size_t stride, int p, int frequency, int row);

/* The norms of a subject's components. */
struct Spectrum {
  double *W_E, *W_L; /* [p] */
};

const struct Spectrum *spectrum_of(struct Subject *subject, struct Error *error);

SubjectWriter spectrum_write; /* spectrum.tsv */

#endif
