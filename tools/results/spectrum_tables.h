/*
 * The ten tables of checkpoint-to-spectrum. Each table is written completely or not at all; its
 * columns describe its content.
 */
#ifndef RESULTS_SPECTRUM_TABLES_H
#define RESULTS_SPECTRUM_TABLES_H

#include "results/spectra.h"
#include "results/subject.h"

/* Writes all of them to the subject's directory, which is created if needed. */
bool write_spectrum_tables(const struct Subject *subject, const struct Spectra *spectra,
                           struct Error *error);

/* component_tables.c: spectrum.tsv and logit-spectrum.tsv. */
bool write_spectrum(const struct Subject *subject, const struct Spectra *spectra,
                    struct Error *error);
bool write_logit_spectrum(const struct Subject *subject, const struct Spectra *spectra,
                          struct Error *error);

/* neuron_tables.c: key-frequencies.tsv and neurons.tsv. */
bool write_key_frequencies(const struct Subject *subject, struct Error *error);
bool write_neurons(const struct Subject *subject, struct Error *error);

/* neuron_logit_tables.c: neuron-logit-map.tsv and neuron-logit-directions.tsv. */
bool write_neuron_logit_map(const struct Subject *subject, const struct Spectra *spectra,
                            struct Error *error);
bool write_neuron_logit_directions(const struct Subject *subject, const struct Spectra *spectra,
                                   struct Error *error);

/* attention_tables.c: activations.tsv, attention-spectrum.tsv and attention-fits.tsv. */
bool write_activations(const struct Subject *subject, struct Error *error);
bool write_attention_spectrum(const struct Subject *subject, const struct Spectra *spectra,
                              struct Error *error);
bool write_attention_fits(const struct Subject *subject, const struct Spectra *spectra,
                          struct Error *error);

/* spectrum_quantities.c: spectrum-quantities.tsv, derived from the others. */
bool write_spectrum_quantities(const struct Subject *subject, const struct Spectra *spectra,
                               struct Error *error);

#endif
