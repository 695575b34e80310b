/*
 * What a page shows of a run's snapshots, one frame each: numbers that are small enough to have for
 * many of them. All arrays have the frames as their first axis.
 */
#ifndef EXPORT_FRAMES_H
#define EXPORT_FRAMES_H

#include "measures/analysis.h"

#include <jansson.h>

struct Frames {
  size_t n, n_keys, n_sources; /* 0 sources (export/network.h): the page cannot run the network */
  size_t p, H;
  size_t *snapshots; /* [n] */
  float *spectra; /* [n][2][p]: norms of the components of W_E and of W_L (measures/spectrum.h) */
  float *circles; /* [n][keys][2][p]: tokens along cos and along sin (measures/circles.h); 0 for a
                     key without a sine */
  float *norms;   /* [n][p][p]: of the logits' components (measures/logit_spectrum.h) */
  float *scores;  /* [n][H][sources] */
  float *directions; /* [n][keys][2][p]: for each logit c the coefficients of cos(w_k s) and sin(w_k
                        s), s = a + b or a - b, whose sum over pairs `ablate` removes
                        (measures/directed_logits.h) */
};

/* Takes the frames, whose key frequencies have been found (analysis_fit_final), and shows how far
   it is. Owns the list of snapshots, which the caller has allocated, from then on, also after an
   error. Error: a snapshot cannot be read; an operation without directions. */
bool frames_take(struct Frames *frames, struct Analysis *analysis, size_t *snapshots, size_t n,
                 struct Error *error);
void frames_release(struct Frames *frames);

/* All but the directions, as blobs (export/blob.h): spectra and scores (floats), circles (rows),
   and norms: bytes, 255 sqrt(norm / largest of the frame), with these largest (floats). */
json_t *frames_export(const struct Frames *frames, struct Error *error);

/* The directions of one frame (floats). */
json_t *frames_export_directions(const struct Frames *frames, size_t frame, struct Error *error);

#endif
