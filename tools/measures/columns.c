#include "measures/columns.h"

#include "base/memory.h"
#include "fourier/polynomial.h"

#include <stdlib.h>

bool columns_each(size_t n, ColumnWork *work, const void *context, struct Error *error)
{
  bool failed = false;
#pragma omp parallel for schedule(dynamic)
  for (size_t column = 0; column < n; column++) {
    struct Error column_error;
    if (work(context, column, &column_error)) continue;
#pragma omp critical(columns_each_error)
    {
      *error = column_error;
      failed = true;
    }
  }
  return !failed;
}

bool columns_project(const struct FourierBasis *basis, const bool *frequencies, const float *in,
                     size_t in_stride, float *out, size_t out_stride, struct Error *error)
{
  size_t p = (size_t)basis->p, pairs = p * p;
  double *values = memory_new(2 * pairs + 3 * p, sizeof *values, "a function of a pair", error);
  if (!values) return false;
  double *part = values + pairs, *work = part + pairs;
  for (size_t pair = 0; pair < pairs; pair++)
    values[pair] = (double)in[pair * in_stride];
  polynomial_part(basis, frequencies, values, work, part);
  for (size_t pair = 0; pair < pairs; pair++)
    out[pair * out_stride] = (float)part[pair];
  free(values);
  return true;
}
