/*
 * A run as data for a page, from its trajectory and its tables:
 *
 *   name, task, settings        texts; the settings that tell runs apart
 *   p, sign                     the modulus; +1 for a + b, -1 for a - b
 *   heads, d_head, neurons, attention, attention_rate
 *   keys                        the key frequencies
 *   neuron_frequency, neuron_fve  of the last snapshot's neurons (neurons.tsv)
 *   train                       bytes, [p][p]: 1 for a training pair
 *   history, measures           columns of these tables
 *   epochs                      of the frames, rising
 *   alpha                       of each frame, by key frequency (cosine-coefficients.tsv)
 *   spectra, circles, norms, scores  of all frames (export/frames.h)
 *   networks                    of some frames, the last among them: `frame`, its number,
 *                               `directions` (export/frames.h) and the parts of export/network.h
 *   unfit                       why the page cannot run the networks; null
 *   configuration, trajectory   digests
 */
#ifndef EXPORT_RUN_H
#define EXPORT_RUN_H

#include "base/error.h"

#include <jansson.h>

#include <stddef.h>

/* The run in a folder, in about `size` characters: so many frames, at most 60, and networks as find
   room. NULL with an error: a file is missing or of another run; the answers are no function of a +
   b or a - b; it does not find room. */
json_t *run_export(const char *folder, size_t size, struct Error *error);

#endif
