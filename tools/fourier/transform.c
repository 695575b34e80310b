#include "fourier/transform.h"

#include "base/linear.h"

#include <string.h>

enum { TILE = 256 }; /* channels at a time, so that the sums stay in L1 */

void fourier_transform(const struct FourierBasis *basis, const double *f, size_t channels,
                       double *components)
{
  size_t p = (size_t)basis->p;
  memset(components, 0, p * channels * sizeof *components);
  for (size_t first = 0; first < channels; first += TILE) {
    size_t n = channels - first < TILE ? channels - first : TILE;
    for (size_t i = 0; i < p; i++)
      for (size_t x = 0; x < p; x++)
        linear_add_scaled(n, basis->rows[i * p + x], f + x * channels + first,
                          components + i * channels + first);
  }
}

void fourier_inverse(const struct FourierBasis *basis, const double *components, size_t channels,
                     const bool *frequencies, double *f)
{
  size_t p = (size_t)basis->p;
  memset(f, 0, p * channels * sizeof *f);
  for (size_t x = 0; x < p; x++)
    for (size_t i = 0; i < p; i++)
      if (!frequencies || frequencies[fourier_frequency((int)i)])
        linear_add_scaled(channels, basis->rows[i * p + x], components + i * channels,
                          f + x * channels);
}

void fourier_transform_grid(const struct FourierBasis *basis, const double *f, size_t channels,
                            double *work, double *components)
{
  size_t p = (size_t)basis->p, row = p * channels;
  fourier_transform(basis, f, row, work);
  for (size_t i = 0; i < p; i++)
    fourier_transform(basis, work + i * row, channels, components + i * row);
}

void fourier_norms(const double *components, size_t n, size_t channels, double *norms)
{
  for (size_t i = 0; i < n; i++)
    norms[i] = linear_norm(channels, components + i * channels);
}
