/* Functions of a pair stored as the columns of a float array [p^2][stride], processed in
   parallel. */
#ifndef MEASURES_COLUMNS_H
#define MEASURES_COLUMNS_H

#include "fourier/basis.h"

#include <stddef.h>

typedef bool ColumnWork(const void *context, size_t column, struct Error *error);

/* Calls `work` for columns 0 .. n - 1, in parallel. If any call fails, returns false with one of
   the errors. */
bool columns_each(size_t n, ColumnWork *work, const void *context, struct Error *error);

/* out[pair out_stride] = the projection of in[pair in_stride] on the polynomials of the chosen
   frequencies (fourier/polynomial.h). */
bool columns_project(const struct FourierBasis *basis, const bool *frequencies, const float *in,
                     size_t in_stride, float *out, size_t out_stride, struct Error *error);

#endif
