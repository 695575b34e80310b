/* What the spectra of a network amount to, as single numbers. spectrum-quantities.tsv. */
#ifndef MEASURES_SPECTRUM_QUANTITIES_H
#define MEASURES_SPECTRUM_QUANTITIES_H

#include "measures/subject.h"

SubjectWriter spectrum_quantities_write; /* spectrum-quantities.tsv */

#endif
