#include "results/spectrum_tables.h"

bool write_spectrum_tables(const struct Subject *subject, const struct Spectra *spectra,
                           struct Error *error)
{
  return output_make_directory(subject->directory, error) &&
         write_spectrum(subject, spectra, error) && write_key_frequencies(subject, error) &&
         write_neurons(subject, error) && write_neuron_logit_map(subject, spectra, error) &&
         write_neuron_logit_directions(subject, spectra, error) &&
         write_activations(subject, error) && write_attention_spectrum(subject, spectra, error) &&
         write_attention_fits(subject, spectra, error) &&
         write_logit_spectrum(subject, spectra, error) &&
         write_spectrum_quantities(subject, spectra, error);
}
