#include "measures/logit_spectrum.h"

#include "base/memory.h"
#include "measures/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* squares[i] += the squared norm of row i of components[rows][n] */
static void add_squares(const double *components, size_t rows, size_t n, double *squares)
{
  for (size_t i = 0; i < rows; i++)
    for (size_t c = 0; c < n; c++)
      squares[i] += components[i * n + c] * components[i * n + c];
}

bool logit_spectrum_norms(const struct FourierBasis *basis, const float *logits, size_t V,
                          double *norms, struct Error *error)
{
  size_t p = (size_t)basis->p, pairs = p * p;
  struct GridBlock block;
  if (!grid_block_init(&block, basis->p, error)) return false;
  memset(norms, 0, pairs * sizeof *norms);
  for (size_t first = 0; first < p; first += GRID_BLOCK) {
    grid_block_transform(&block, basis, logits, V, first, p); /* without the column of "=" */
    add_squares(block.components, pairs, block.n, norms);
  }
  for (size_t i = 0; i < pairs; i++)
    norms[i] = sqrt(norms[i]);
  grid_block_release(&block);
  return true;
}

double logit_spectrum_share(const struct FourierBasis *basis, const double *norms, const bool *keys)
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

struct LogitBlocks logit_spectrum_blocks(const struct FourierBasis *basis, const double *norms,
                                         const bool *keys)
{
  size_t p = (size_t)basis->p;
  struct LogitBlocks blocks = {0};
  double largest = 0;
  for (size_t i = 1; i < p; i++)
    for (size_t j = 1; j < p; j++)
      largest = fmax(largest, norms[i * p + j]);
  for (size_t i = 1; i < p; i++)
    for (size_t j = 1; j < p; j++) {
      int k = fourier_frequency((int)i);
      if (norms[i * p + j] <= largest / 4) continue;
      blocks.components++;
      blocks.at_keys += k == fourier_frequency((int)j) && keys[k];
    }
  return blocks;
}

/* ---- of a subject ---- */

static void release(void *numbers)
{
  struct LogitSpectrum *spectrum = numbers;
  free(spectrum->norms);
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct LogitSpectrum *spectrum = numbers;
  const struct Analysis *analysis = subject->analysis;
  size_t p = (size_t)analysis->basis.p;
  spectrum->norms = memory_new(p * p, sizeof(double), "the spectrum of the logits", error);
  if (!spectrum->norms) return false;
  if (logit_spectrum_norms(&analysis->basis, analysis->snapshot.activations.logits,
                           (size_t)analysis->snapshot.parameters.shape.V, spectrum->norms, error))
    return true;
  release(spectrum);
  return false;
}

const struct LogitSpectrum *logit_spectrum_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct LogitSpectrum), find, release};
  return subject_find(subject, &finding, error);
}

struct LogitSpectrumRow {
  size_t component_a, component_b;
  double norm;
};

static const struct Column columns[] = {
    COLUMN(struct LogitSpectrumRow, component_a, "1",
           "Fourier component over a: 0 constant, 2k - 1 cos(w_k a), 2k sin(w_k a)"),
    COLUMN(struct LogitSpectrumRow, component_b, "1", "the same over b"),
    COLUMN(struct LogitSpectrumRow, norm, "1",
           "norm over the p number outputs of the logits' component in the product (figure 4)")};

bool logit_spectrum_write(struct Subject *subject, const char *file, struct Error *error)
{
  size_t p = (size_t)subject->analysis->basis.p;
  const struct LogitSpectrum *spectrum = logit_spectrum_of(subject, error);
  struct TableWriter table;
  if (!spectrum || !subject_create_table(&table, subject, file, "The logits in the Fourier basis",
                                         "", columns, N_COLUMNS(columns), error))
    return false;
  for (size_t i = 0; i < p * p; i++)
    table_put_row(&table, &(struct LogitSpectrumRow){i / p, i % p, spectrum->norms[i]});
  return table_commit(&table, error);
}
