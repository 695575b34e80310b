#include "measures/over_logarithms.h"

#include "measures/neurons.h"
#include "measures/relabelled.h"
#include "measures/spectrum.h"

struct SpectrumRow {
  int frequency;
  double W_E_cos, W_E_sin, W_L_cos, W_L_sin;
};

static const struct Column of_spectrum[] = {
    COLUMN(struct SpectrumRow, frequency, "1",
           "k, w_k = 2 pi k / (p - 1); 0 is the constant, and (p - 1) / 2 alternates: they have no "
           "sine"),
    COLUMN(struct SpectrumRow, W_E_cos, "1",
           "norm over the residual stream of the component cos(w_k i) of W_E's rows of the numbers "
           "g^i, i = 0..p-2"),
    COLUMN(struct SpectrumRow, W_E_sin, "1", "the same for sin(w_k i)"),
    COLUMN(struct SpectrumRow, W_L_cos, "1",
           "norm over the neurons of the component cos(w_k i) of W_L = W_U W_out along its outputs "
           "g^i"),
    COLUMN(struct SpectrumRow, W_L_sin, "1", "the same for sin(w_k i)")};

bool over_logarithms_write_spectrum(struct Subject *subject, const char *file, struct Error *error)
{
  struct Relabelled *relabelled = relabelled_of(subject, error);
  const struct Spectrum *spectrum = relabelled ? spectrum_of(&relabelled->subject, error) : NULL;
  struct TableWriter table;
  if (!spectrum ||
      !subject_create_table(&table, &relabelled->subject, file, "Norms of the Fourier components",
                            "", of_spectrum, N_COLUMNS(of_spectrum), error))
    return false;
  int n = relabelled->analysis.basis.p;
  for (int k = 0; k <= relabelled->analysis.basis.n_frequencies; k++)
    table_put_row(&table,
                  &(struct SpectrumRow){.frequency = k,
                                        .W_E_cos = spectrum_component(spectrum->W_E, 1, n, k, 0),
                                        .W_E_sin = spectrum_component(spectrum->W_E, 1, n, k, 1),
                                        .W_L_cos = spectrum_component(spectrum->W_L, 1, n, k, 0),
                                        .W_L_sin = spectrum_component(spectrum->W_L, 1, n, k, 1)});
  return table_commit(&table, error);
}

bool over_logarithms_write_keys(struct Subject *subject, const char *file, struct Error *error)
{
  struct Relabelled *relabelled = relabelled_of(subject, error);
  return relabelled && neurons_write_keys(&relabelled->subject, file, error);
}

bool over_logarithms_write_neurons(struct Subject *subject, const char *file, struct Error *error)
{
  struct Relabelled *relabelled = relabelled_of(subject, error);
  return relabelled && neurons_write(&relabelled->subject, file, error);
}
