#include "results/spectra.h"

#include "base/memory.h"
#include "fourier/transform.h"
#include "measures/losses.h"
#include "measures/spectrum.h"

#include <math.h>
#include <stdlib.h>

void spectra_release(struct Spectra *spectra)
{
  free(spectra->map);
  free(spectra->W_E_norms);
  free(spectra->W_L_norms);
  free(spectra->logit_norms);
  free(spectra->attention);
  free(spectra->attention_fits);
  free(spectra->waves);
}

static bool allocate(struct Spectra *spectra, const struct Analysis *analysis, struct Error *error)
{
  size_t p = (size_t)analysis->basis.p, H = (size_t)analysis->snapshot.parameters.shape.H;
  size_t n_frequencies = (size_t)analysis->basis.n_frequencies + 1;
  const char *what = "the spectra";
  *spectra =
      (struct Spectra){.map = memory_new(p * analysis_d_mlp(analysis), sizeof(double), what, error),
                       .W_E_norms = memory_new(p, sizeof(double), what, error),
                       .W_L_norms = memory_new(p, sizeof(double), what, error),
                       .logit_norms = memory_new(p * p, sizeof(double), what, error),
                       .attention = memory_new(p * H, sizeof(double), what, error),
                       .attention_fits = memory_new(H, sizeof(struct AttentionFit), what, error),
                       .waves = memory_new(n_frequencies, sizeof *spectra->waves, what, error)};
  if (spectra->map && spectra->W_E_norms && spectra->W_L_norms && spectra->logit_norms &&
      spectra->attention && spectra->attention_fits && spectra->waves)
    return true;
  spectra_release(spectra);
  return false;
}

static bool fit_attention(const struct Analysis *analysis, struct Spectra *spectra,
                          struct Error *error)
{
  const float *attention = analysis->snapshot.activations.attention;
  size_t H = (size_t)analysis->snapshot.parameters.shape.H;
  bool done = attention_spectrum(&analysis->basis, &analysis->snapshot, spectra->attention, error);
  for (size_t h = 0; done && h < H; h++)
    done = attention_fit(&analysis->basis, attention, H, h, &spectra->attention_fits[h], error);
  return done;
}

/* The fits along W_L's directions are functions of a + b or of a - b: undefined for other
   operations. */
static bool fit_waves(const struct Analysis *analysis, struct Spectra *spectra, struct Error *error)
{
  struct NeuronLogitMap map = {&analysis->basis, analysis_d_mlp(analysis), spectra->map};
  struct Error ignored;
  enum DirectionSign sign = DIRECTION_SUM;
  bool defined =
      directions_of_operation(analysis->trajectory.config.data.operation, &sign, &ignored);
  for (int k = 1; k <= analysis->basis.n_frequencies; k++) {
    struct WaveFit *waves = spectra->waves[k];
    if (!analysis->keys[k]) continue;
    if (!neuron_logit_fit(&map, sign, analysis->snapshot.activations.hidden, k, waves, error))
      return false;
    for (int i = 0; !defined && i < 2; i++)
      waves[i].alpha = waves[i].fve = NAN;
  }
  return true;
}

static bool compute(const struct Analysis *analysis, struct Spectra *spectra, struct Error *error)
{
  const struct FourierBasis *basis = &analysis->basis;
  const struct Parameters *parameters = &analysis->snapshot.parameters;
  if (!spectrum_of_embedding(basis, parameters, spectra->W_E_norms, error) ||
      !spectrum_of_neuron_logit_map(basis, parameters, spectra->map, error) ||
      !spectrum_of_logits(basis, analysis->snapshot.activations.logits, (size_t)parameters->shape.V,
                          spectra->logit_norms, error))
    return false;
  fourier_norms(spectra->map, (size_t)basis->p, analysis_d_mlp(analysis), spectra->W_L_norms);
  return fit_attention(analysis, spectra, error) && fit_waves(analysis, spectra, error);
}

bool spectra_init(struct Spectra *spectra, const struct Analysis *analysis, struct Error *error)
{
  if (!allocate(spectra, analysis, error)) return false;
  if (compute(analysis, spectra, error)) return true;
  spectra_release(spectra);
  return false;
}

double spectra_component(const double *values, size_t stride, int p, int frequency, int row)
{
  int components[2];
  if (row >= fourier_components(p, frequency, components)) return NAN;
  return values[(size_t)components[row] * stride];
}
