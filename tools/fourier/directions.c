#include "fourier/directions.h"

#include "base/linear.h"

#include <string.h>

int direction_residue(int p, enum DirectionSign sign, int a, int b)
{
  return sign == DIRECTION_SUM ? (a + b) % p : (a - b + p) % p;
}

void directions_fold(int p, enum DirectionSign sign, const float *f, size_t stride, size_t channels,
                     double *folded)
{
  memset(folded, 0, (size_t)p * channels * sizeof *folded);
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      size_t pair = (size_t)a * (size_t)p + (size_t)b;
      size_t s = (size_t)direction_residue(p, sign, a, b);
      linear_add_scaled_floats(channels, 1, f + pair * stride, folded + s * channels);
    }
  for (size_t i = 0; i < (size_t)p * channels; i++)
    folded[i] /= p;
}
