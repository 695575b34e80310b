/*
 * Which of two versions of a kernel runs: for vectors of sixteen floats (AVX-512) or of eight. No
 * result depends on it.
 */
#ifndef MODEL_PROCESSOR_H
#define MODEL_PROCESSOR_H

#include <stdbool.h>

/* Is the wide version built, and does this processor run it? */
bool processor_has_wide_vectors(void);

/* From here on the narrow one runs whatever the processor has, for benchmarks and tests. To be
   called while no other thread computes. */
void processor_forgo_wide_vectors(void);

#endif
