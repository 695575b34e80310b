#include "fourier/directions.h"

#include "base/linear.h"

#include <string.h>

int direction_residue(int p, enum DirectionSign sign, int a, int b)
{
  return sign == DIRECTION_SUM ? (a + b) % p : (a - b + p) % p;
}

void directions_fold_rows(int p, enum DirectionSign sign, int first, int end, const float *f,
                          size_t stride, size_t channels, double *folded)
{
  for (int a = first; a < end; a++)
    for (int b = 0; b < p; b++) {
      size_t pair = (size_t)(a - first) * (size_t)p + (size_t)b;
      size_t s = (size_t)direction_residue(p, sign, a, b);
      linear_add_scaled_floats(channels, 1, f + pair * stride, folded + s * channels);
    }
}

void directions_fold_finish(int p, size_t channels, double *folded)
{
  for (size_t i = 0; i < (size_t)p * channels; i++)
    folded[i] /= p;
}

void directions_fold(int p, enum DirectionSign sign, const float *f, size_t stride, size_t channels,
                     double *folded)
{
  memset(folded, 0, (size_t)p * channels * sizeof *folded);
  directions_fold_rows(p, sign, 0, p, f, stride, channels, folded);
  directions_fold_finish(p, channels, folded);
}
