/*
 * The circles on which the embedding puts the tokens, one for each key frequency (section 4.1).
 * embedding-circles.tsv.
 */
#ifndef MEASURES_CIRCLES_H
#define MEASURES_CIRCLES_H

#include "measures/subject.h"

SubjectWriter circles_write;

#endif
