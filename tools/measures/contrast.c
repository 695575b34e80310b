#include "measures/contrast.h"

#include "measures/range.h"

#include <math.h>
#include <stddef.h>

struct Contrast contrast_of_norms(const struct FourierBasis *basis, const double *norms,
                                  const bool *keys)
{
  struct Range of_keys = range_empty(), of_others = range_empty();
  double squares_of_keys = 0, squares = 0;
  for (int k = 1; k <= basis->n_frequencies; k++) {
    int components[2];
    double square = 0;
    for (int i = 0, n = fourier_components(basis->p, k, components); i < n; i++)
      square += norms[components[i]] * norms[components[i]];
    range_add(keys[k] ? &of_keys : &of_others, sqrt(square));
    if (keys[k]) squares_of_keys += square;
    squares += square;
  }
  return (struct Contrast){.share = squares_of_keys / squares,
                           .ratio = range_mean(&of_keys) / range_mean(&of_others),
                           .separation = of_keys.least / of_others.most};
}

double contrast_of_products(const struct FourierBasis *basis, const double *norms, const bool *keys)
{
  size_t p = (size_t)basis->p;
  double inside = 0, squares = 0;
  for (size_t i = 0; i < p; i++)
    for (size_t j = 0; j < p; j++) {
      int k = fourier_frequency((int)i);
      double square = norms[i * p + j] * norms[i * p + j];
      if (i == 0 && j == 0) continue;
      if (k == fourier_frequency((int)j) && keys[k]) inside += square;
      squares += square;
    }
  return inside / squares;
}
