/*
 * Losses with frequencies removed and parts replaced, as single numbers. ablation-quantities.tsv.
 */
#ifndef MEASURES_ABLATION_QUANTITIES_H
#define MEASURES_ABLATION_QUANTITIES_H

#include "measures/subject.h"

SubjectWriter ablation_quantities_write; /* ablation-quantities.tsv */

#endif
