/*
 * The circles on which the embedding puts the tokens, one for each key frequency (section 4.1).
 * embedding-circles.tsv.
 */
#ifndef MEASURES_CIRCLES_H
#define MEASURES_CIRCLES_H

#include "measures/rotation.h"
#include "measures/spectrum.h"
#include "measures/subject.h"

/* The places of the tokens in the plane of frequency k, points[p], as the table has them: x along
   the cosine, y along the sine, of an analysis' snapshot with that spectrum. k must have a sine: 0
   < 2k < p. */
bool circles_of_tokens(const struct Analysis *analysis, const struct Spectrum *spectrum, int k,
                       struct PlanePoint *points, struct Error *error);

SubjectWriter circles_write; /* embedding-circles.tsv */

#endif
