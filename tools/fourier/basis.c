#include "fourier/basis.h"

#include "base/elementary.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static void fill_row(double *row, int p, int component)
{
  int k = fourier_frequency(component);
  /* if the sine vanishes, the cosine has the whole norm */
  double norm = k == 0 || 2 * k == p ? sqrt(1.0 / p) : sqrt(2.0 / p);
  for (int x = 0; x < p; x++) {
    long long turns = (long long)k * x;
    row[x] = norm * (fourier_is_sine(component) ? elementary_sin_turns(turns, p)
                                                : elementary_cos_turns(turns, p));
  }
}

bool fourier_basis_init(struct FourierBasis *basis, int p, struct Error *error)
{
  size_t n = (size_t)p;
  *basis = (struct FourierBasis){.p = p, .n_frequencies = p / 2};
  basis->rows = memory_new(n * n, sizeof *basis->rows, "the Fourier basis", error);
  if (!basis->rows) return false;
  for (int component = 0; component < p; component++)
    fill_row(basis->rows + (size_t)component * n, p, component);
  return true;
}

void fourier_basis_release(struct FourierBasis *basis)
{
  free(basis->rows);
  *basis = (struct FourierBasis){0};
}

int fourier_frequency(int component)
{
  return (component + 1) / 2;
}

bool fourier_is_sine(int component)
{
  return component > 0 && component % 2 == 0;
}

int fourier_components(int p, int frequency, int components[2])
{
  int count = 0;
  components[count++] = frequency == 0 ? 0 : 2 * frequency - 1;
  if (frequency > 0 && 2 * frequency < p) components[count++] = 2 * frequency;
  return count;
}
