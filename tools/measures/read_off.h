/*
 * How the answer of a trace's pair is read off (figure 1): its logits, and the cosines that fit the
 * logits of all pairs (measures/logit_fit.h). read-off.tsv and read-off-waves.tsv.
 */
#ifndef MEASURES_READ_OFF_H
#define MEASURES_READ_OFF_H

#include "measures/subject.h"

SubjectWriter read_off_write;       /* read-off.tsv */
SubjectWriter read_off_write_waves; /* read-off-waves.tsv: each of these cosines */

#endif
