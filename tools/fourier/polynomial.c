#include "fourier/polynomial.h"

#include "base/linear.h"

#include <stddef.h>
#include <string.h>

/* The rows 1, cos, sin of a frequency (without sin if it vanishes); returns their number. */
static size_t rows_of(const struct FourierBasis *basis, int k, const double *rows[3])
{
  int components[2];
  size_t n = 0;
  if (k > 0) rows[n++] = basis->rows;
  for (int i = 0, count = fourier_components(basis->p, k, components); i < count; i++)
    rows[n++] = basis->rows + (size_t)components[i] * (size_t)basis->p;
  return n;
}

/* Adds the projection on the products of frequency k; the constant product only for k = 0. */
static void add_part(const struct FourierBasis *basis, int k, const double *f, double *work,
                     double *part)
{
  size_t p = (size_t)basis->p;
  const double *rows[3];
  size_t n = rows_of(basis, k, rows);
  double coefficients[3][3];

  memset(work, 0, n * p * sizeof *work);
  for (size_t a = 0; a < p; a++)
    for (size_t i = 0; i < n; i++)
      linear_add_scaled(p, rows[i][a], f + a * p, work + i * p);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      coefficients[i][j] = linear_dot(p, rows[j], work + i * p);
  if (k > 0) coefficients[0][0] = 0;

  memset(work, 0, n * p * sizeof *work);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      linear_add_scaled(p, coefficients[i][j], rows[j], work + i * p);
  for (size_t a = 0; a < p; a++)
    for (size_t i = 0; i < n; i++)
      linear_add_scaled(p, rows[i][a], work + i * p, part + a * p);
}

void polynomial_part(const struct FourierBasis *basis, const bool *frequencies, const double *f,
                     double *work, double *part)
{
  size_t p = (size_t)basis->p;
  memset(part, 0, p * p * sizeof *part);
  for (int k = 0; k <= basis->n_frequencies; k++)
    if (frequencies[k]) add_part(basis, k, f, work, part);
}
