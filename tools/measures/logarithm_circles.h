/*
 * Where the embedding puts the numbers at each frequency over discrete logarithms: at key
 * frequencies on a circle, number g^i at the angle w_k i, if the network multiplies as others add.
 * log-circles.tsv.
 */
#ifndef MEASURES_LOGARITHM_CIRCLES_H
#define MEASURES_LOGARITHM_CIRCLES_H

#include "measures/subject.h"

SubjectWriter logarithm_circles_write; /* log-circles.tsv */

#endif
