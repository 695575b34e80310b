#include "measures/token_spectrum.h"

#include "base/memory.h"
#include "fourier/transform.h"
#include "measures/quantities.h"
#include "measures/spectrum.h"

#include <math.h>
#include <stdlib.h>

bool token_spectrum_magnitudes(size_t n, size_t channels, const double *f, double *magnitudes,
                               struct Error *error)
{
  struct FourierBasis basis;
  if (!fourier_basis_init(&basis, (int)n, error)) return false;
  double *components = memory_new(n * channels, sizeof *components, "a transform", error);
  double *norms = components ? memory_new(n, sizeof *norms, "a transform", error) : NULL;
  if (norms) {
    fourier_transform(&basis, f, channels, components);
    fourier_norms(components, n, channels, norms);
    /* |e^{-i w x}| is sqrt(n) times that of the constant and of the alternating row, and sqrt(n /
       2) times those of a cosine and a sine */
    for (int k = 0; k <= basis.n_frequencies; k++) {
      int at[2];
      int count = fourier_components((int)n, k, at);
      double sine = count == 2 ? norms[at[1]] : 0;
      double square = norms[at[0]] * norms[at[0]] + sine * sine;
      magnitudes[k] = sqrt(square * (double)n / count);
    }
  }
  bool done = norms;
  free(norms);
  free(components);
  fourier_basis_release(&basis);
  return done;
}

/* ---- of a subject ---- */

struct TokenSpectrum {
  size_t n_W_E, n_W_U; /* magnitudes of each */
  double *W_E, *W_U;
};

/* The magnitudes of a parameter along its tokens, n of them: those of row x are x row + j column,
   j < channels. */
static bool transform(const float *values, size_t n, size_t channels, size_t row, size_t column,
                      double *magnitudes, struct Error *error)
{
  double *f = memory_new(n * channels, sizeof *f, "weights by token", error);
  if (!f) return false;
  for (size_t x = 0; x < n; x++)
    for (size_t j = 0; j < channels; j++)
      f[x * channels + j] = values[x * row + j * column];
  bool done = token_spectrum_magnitudes(n, channels, f, magnitudes, error);
  free(f);
  return done;
}

static void release(void *numbers)
{
  struct TokenSpectrum *spectrum = numbers;
  free(spectrum->W_E); /* both */
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct TokenSpectrum *spectrum = numbers;
  const struct Parameters *parameters = &subject->analysis->snapshot.parameters;
  const struct Shape *shape = &parameters->shape;
  size_t tokens = (size_t)shape->V_in, d = (size_t)shape->d_model;
  size_t outputs = shape->tied ? tokens : (size_t)shape->V;
  *spectrum = (struct TokenSpectrum){tokens / 2 + 1, outputs / 2 + 1, NULL, NULL};
  spectrum->W_E =
      memory_new(spectrum->n_W_E + spectrum->n_W_U, sizeof(double), "magnitudes", error);
  if (!spectrum->W_E) return false;
  spectrum->W_U = spectrum->W_E + spectrum->n_W_E;
  const float *W_E_values = parameters_at(parameters, W_E);
  bool done = transform(W_E_values, tokens, d, d, 1, spectrum->W_E, error) &&
              (shape->tied ? transform(W_E_values, tokens, d, d, 1, spectrum->W_U, error)
                           : transform(parameters_at(parameters, W_U), outputs, d, 1, outputs,
                                       spectrum->W_U, error));
  if (!done) release(spectrum);
  return done;
}

static const struct TokenSpectrum *token_spectrum_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct TokenSpectrum), find, release};
  return subject_find(subject, &finding, error);
}

struct Row {
  int frequency;
  double W_E, W_U;
};

static const struct Column columns[] = {
    COLUMN(struct Row, frequency, "1", "k: k / N turns per token, N the number of tokens"),
    COLUMN(
        struct Row, W_E, "1",
        "norm over the residual stream of the discrete Fourier transform of W_E along its tokens, "
        "\"=\" among them"),
    COLUMN(struct Row, W_U, "1",
           "the same of W_U along its outputs; of tied embeddings, where W_U = W_E^T, W_E's")};

bool token_spectrum_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct TokenSpectrum *spectrum = token_spectrum_of(subject, error);
  struct TableWriter table;
  if (!spectrum ||
      !subject_create_table(&table, subject, file, "Discrete Fourier transforms over all tokens",
                            "", columns, N_COLUMNS(columns), error))
    return false;
  size_t n = spectrum->n_W_E > spectrum->n_W_U ? spectrum->n_W_E : spectrum->n_W_U;
  for (size_t k = 0; k < n; k++)
    table_put_row(&table, &(struct Row){(int)k, k < spectrum->n_W_E ? spectrum->W_E[k] : NAN,
                                        k < spectrum->n_W_U ? spectrum->W_U[k] : NAN});
  return table_commit(&table, error);
}

struct TokenQuantities {
  double epoch, gini_W_E, gini_W_U;
};

static const struct Column quantities[] = {
    COLUMN(struct TokenQuantities, epoch, "epochs", "when the snapshot was taken"),
    COLUMN_AS("gini_W_E_tokens", struct TokenQuantities, gini_W_E, "1",
              "Gini coefficient of these norms of W_E, k = 1 .. N / 2"),
    COLUMN_AS("gini_W_U_tokens", struct TokenQuantities, gini_W_U, "1", "the same of W_U")};

/* Of the magnitudes but the first, which is the mean's. */
static bool gini(const double *magnitudes, size_t n, double *coefficient, struct Error *error)
{
  double *sorted = memory_new(n, sizeof *sorted, "magnitudes", error);
  if (!sorted) return false;
  for (size_t k = 1; k < n; k++)
    sorted[k - 1] = magnitudes[k];
  *coefficient = n > 1 ? spectrum_gini(sorted, n - 1) : NAN;
  free(sorted);
  return true;
}

bool token_spectrum_write_quantities(struct Subject *subject, const char *file, struct Error *error)
{
  const struct TokenSpectrum *spectrum = token_spectrum_of(subject, error);
  struct TokenQuantities found = {.epoch = subject->epoch};
  struct TableWriter table;
  if (!spectrum || !gini(spectrum->W_E, spectrum->n_W_E, &found.gini_W_E, error) ||
      !gini(spectrum->W_U, spectrum->n_W_U, &found.gini_W_U, error) ||
      !subject_create_table(&table, subject, file, "How sparse the transforms over all tokens are",
                            "", quantities_columns, N_QUANTITY_COLUMNS, error))
    return false;
  quantities_put_members(&table, quantities, N_COLUMNS(quantities), &found);
  return table_commit(&table, error);
}
