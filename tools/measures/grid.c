#include "measures/grid.h"

#include "base/memory.h"
#include "fourier/polynomial.h"
#include "fourier/transform.h"

#include <stdlib.h>

bool grid_block_init(struct GridBlock *block, int p, struct Error *error)
{
  size_t size = (size_t)p * (size_t)p * GRID_BLOCK;
  *block = (struct GridBlock){0};
  block->values = memory_new(3 * size, sizeof(double), "transformed functions of a pair", error);
  if (!block->values) return false;
  block->components = block->values + size;
  block->work = block->components + size;
  return true;
}

void grid_block_release(struct GridBlock *block)
{
  free(block->values);
  *block = (struct GridBlock){0};
}

void grid_block_transform(struct GridBlock *block, const struct FourierBasis *basis,
                          const float *columns, size_t stride, size_t first, size_t end)
{
  size_t pairs = (size_t)basis->p * (size_t)basis->p;
  size_t n = end - first < GRID_BLOCK ? end - first : GRID_BLOCK;
  block->n = n;
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t i = 0; i < n; i++)
      block->values[pair * n + i] = (double)columns[pair * stride + first + i];
  fourier_transform_grid(basis, block->values, n, block->work, block->components);
}

bool grid_project(const struct FourierBasis *basis, const bool *frequencies, const float *in,
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
