/*
 * What networks that multiply have in common with those that add: their weights and neurons over
 * the Fourier basis of functions of a logarithm (measures/relabelled.h). log-spectrum.tsv,
 * log-key-frequencies.tsv and log-neurons.tsv.
 */
#ifndef MEASURES_OVER_LOGARITHMS_H
#define MEASURES_OVER_LOGARITHMS_H

#include "measures/subject.h"

SubjectWriter over_logarithms_write_spectrum; /* log-spectrum.tsv */
SubjectWriter over_logarithms_write_keys;     /* log-key-frequencies.tsv */
SubjectWriter over_logarithms_write_neurons;  /* log-neurons.tsv */

#endif
