/* Single numbers about a network that multiplies (measures/relabelled.h). log-quantities.tsv. */
#ifndef MEASURES_LOGARITHM_QUANTITIES_H
#define MEASURES_LOGARITHM_QUANTITIES_H

#include "measures/subject.h"

SubjectWriter logarithm_quantities_write; /* log-quantities.tsv */

#endif
