#include "fourier/transform.h"

#include "base/linear.h"

#include <string.h>

/*
 * Sums that stay in registers: of ROWS components and of QUADS times four channels at once. Left to
 * itself, the compiler would load and store a sum for every term.
 */
typedef double Quad __attribute__((vector_size(4 * sizeof(double))));
enum { ROWS = 2, QUADS = 4 };

/* For functions whose arguments become compile-time constants at the call. */
#define INLINED static inline __attribute__((always_inline))

INLINED Quad load(const double *from)
{
  Quad quad;
  memcpy(&quad, from, sizeof quad);
  return quad;
}

/* components[i][c] for i < rows and c < 4 quads; both arrays are [..][channels]. */
INLINED void transform_quads(size_t p, const double *basis_rows, size_t rows, const double *f,
                             size_t channels, size_t quads, double *components)
{
  Quad sums[ROWS][QUADS] = {0};
  for (size_t x = 0; x < p; x++)
    for (size_t q = 0; q < quads; q++) {
      Quad values = load(f + x * channels + 4 * q);
      for (size_t i = 0; i < rows; i++)
        sums[i][q] += basis_rows[i * p + x] * values;
    }
  for (size_t i = 0; i < rows; i++)
    memcpy(components + i * channels, sums[i], quads * sizeof *sums[i]);
}

/* The same for all components. */
INLINED void transform_channels(const struct FourierBasis *basis, const double *f, size_t channels,
                                size_t quads, double *components)
{
  size_t p = (size_t)basis->p, i = 0;
  for (; i + ROWS <= p; i += ROWS)
    transform_quads(p, basis->rows + i * p, ROWS, f, channels, quads, components + i * channels);
  for (; i < p; i++)
    transform_quads(p, basis->rows + i * p, 1, f, channels, quads, components + i * channels);
}

static void transform_channel(const struct FourierBasis *basis, const double *f, size_t channels,
                              double *components)
{
  size_t p = (size_t)basis->p;
  for (size_t i = 0; i < p; i++) {
    double sum = 0;
    for (size_t x = 0; x < p; x++)
      sum += basis->rows[i * p + x] * f[x * channels];
    components[i * channels] = sum;
  }
}

void fourier_transform(const struct FourierBasis *basis, const double *f, size_t channels,
                       double *components)
{
  size_t c = 0;
  for (; c + 4 * QUADS <= channels; c += 4 * QUADS)
    transform_channels(basis, f + c, channels, QUADS, components + c);
  for (; c + 4 <= channels; c += 4)
    transform_channels(basis, f + c, channels, 1, components + c);
  for (; c < channels; c++)
    transform_channel(basis, f + c, channels, components + c);
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
