#include "measures/attention_fit.h"

#include "base/memory.h"
#include "fourier/transform.h"

#include <math.h>
#include <stdlib.h>

bool attention_spectrum(const struct FourierBasis *basis, const struct Snapshot *snapshot,
                        double *components, struct Error *error)
{
  size_t p = (size_t)basis->p, H = (size_t)snapshot->parameters.shape.H;
  const float *scores = snapshot->activations.factors.source_scores; /* first p rows: the tokens */
  double *of_numbers = memory_new(p * H, sizeof *of_numbers, "attention scores", error);
  if (!of_numbers) return false;
  for (size_t i = 0; i < p * H; i++)
    of_numbers[i] = (double)scores[i];
  fourier_transform(basis, of_numbers, H, components);
  free(of_numbers);
  return true;
}

/* One head's attention to a, over all pairs. */
struct Grid {
  double *row_means;    /* [p]: mean over b, for each a */
  double *column_means; /* [p]: mean over a, for each b */
  double about_half;    /* squared norm of attention - 1/2 */
  double about_mean;    /* squared norm of attention - its mean */
};

static void sum_grid(const float *attention, size_t H, size_t h, size_t p, struct Grid *grid)
{
  double sum = 0;
  for (size_t a = 0; a < p; a++)
    for (size_t b = 0; b < p; b++) {
      double value = (double)attention[((a * p + b) * H + h) * 3];
      grid->row_means[a] += value / (double)p;
      grid->column_means[b] += value / (double)p;
      sum += value;
    }
  double mean = sum / (double)(p * p);
  for (size_t pair = 0; pair < p * p; pair++) {
    double value = (double)attention[(pair * H + h) * 3];
    grid->about_half += (value - 0.5) * (value - 0.5);
    grid->about_mean += (value - mean) * (value - mean);
  }
}

/* The component of the attention in r(a) - r(b), r being a basis row; its squared norm is 2 p. */
static double difference_component(const struct Grid *grid, const double *row, size_t p)
{
  double sum = 0;
  for (size_t x = 0; x < p; x++)
    sum += row[x] * (grid->row_means[x] - grid->column_means[x]);
  return (double)p * sum;
}

/* How much of about_half the fit at k explains, and its coefficients. */
static double explain(const struct FourierBasis *basis, const struct Grid *grid, int k,
                      double coefficients[2])
{
  size_t p = (size_t)basis->p;
  int components[2], n = fourier_components(basis->p, k, components);
  double norm = sqrt((n == 2 ? 2.0 : 1.0) / (double)p), explained = 0;
  coefficients[1] = 0;
  for (int i = 0; i < n; i++) {
    const double *row = basis->rows + (size_t)components[i] * p;
    double component = difference_component(grid, row, p) / (2 * (double)p);
    coefficients[i] = norm * component;
    explained += component * component * 2 * (double)p;
  }
  return explained;
}

bool attention_fit(const struct FourierBasis *basis, const float *attention, size_t H, size_t h,
                   struct AttentionFit *fit, struct Error *error)
{
  size_t p = (size_t)basis->p;
  double best = -1;
  struct Grid grid = {.row_means = memory_new(2 * p, sizeof(double), "attention of a head", error)};
  if (!grid.row_means) return false;
  grid.column_means = grid.row_means + p;
  sum_grid(attention, H, h, p, &grid);
  for (int k = 1; k <= basis->n_frequencies; k++) {
    double coefficients[2], explained = explain(basis, &grid, k, coefficients);
    if (explained <= best) continue;
    best = explained;
    *fit = (struct AttentionFit){k, coefficients[0], coefficients[1], 0};
  }
  fit->fve = grid.about_mean > 0 ? 1 - (grid.about_half - best) / grid.about_mean : NAN;
  free(grid.row_means);
  return true;
}
