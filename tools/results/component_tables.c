#include "results/spectrum_tables.h"

bool write_spectrum(const struct Subject *subject, const struct Spectra *spectra,
                    struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1", "k, w_k = 2 pi k / p; 0 is the constant, which has no sine"},
      {"W_E_cos", "1", "norm over the residual stream of W_E's component cos(w_k x) (figure 3)"},
      {"W_E_sin", "1", "the same for sin(w_k x)"},
      {"W_L_cos", "1",
       "norm over the neurons of the component cos(w_k c) of W_L = W_U W_out along its p number "
       "outputs (figure 3)"},
      {"W_L_sin", "1", "the same for sin(w_k c)"}};
  const struct FourierBasis *basis = &subject->analysis->basis;
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "spectrum.tsv", "Norms of the Fourier components", "",
                            columns, N_COLUMNS(columns), error))
    return false;
  for (int k = 0; k <= basis->n_frequencies; k++) {
    table_put_integer(&table, k);
    table_put(&table, spectra_component(spectra->W_E_norms, 1, basis->p, k, 0));
    table_put(&table, spectra_component(spectra->W_E_norms, 1, basis->p, k, 1));
    table_put(&table, spectra_component(spectra->W_L_norms, 1, basis->p, k, 0));
    table_put(&table, spectra_component(spectra->W_L_norms, 1, basis->p, k, 1));
  }
  return table_commit(&table, error);
}

bool write_logit_spectrum(const struct Subject *subject, const struct Spectra *spectra,
                          struct Error *error)
{
  static const struct Column columns[] = {
      {"component_a", "1",
       "Fourier component over a: 0 constant, 2k - 1 cos(w_k a), 2k sin(w_k a)"},
      {"component_b", "1", "the same over b"},
      {"norm", "1",
       "norm over the p number outputs of the logits' component in the product (figure 4)"}};
  size_t p = (size_t)subject->analysis->basis.p;
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "logit-spectrum.tsv",
                            "The logits in the Fourier basis", "", columns, N_COLUMNS(columns),
                            error))
    return false;
  for (size_t i = 0; i < p * p; i++) {
    table_put_integer(&table, (long long)(i / p));
    table_put_integer(&table, (long long)(i % p));
    table_put(&table, spectra->logit_norms[i]);
  }
  return table_commit(&table, error);
}
