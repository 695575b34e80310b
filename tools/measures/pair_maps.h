/*
 * Attention and the first neurons as functions of the pair (a, b): on all pairs, beside what the
 * paper says they are (figures 4, 9 and 12), and in the two-dimensional Fourier basis (figures 11
 * and 12). activations.tsv and activation-spectrum.tsv.
 */
#ifndef MEASURES_PAIR_MAPS_H
#define MEASURES_PAIR_MAPS_H

#include "measures/subject.h"

SubjectWriter pair_maps_write;          /* activations.tsv */
SubjectWriter pair_maps_write_spectrum; /* activation-spectrum.tsv */

#endif
