/* Removals on 16-float vectors. Compiled for AVX-512, and so is nothing else here. */
#ifndef __AVX512F__
#error "without -mavx512f these would be the narrow loops under the name of the wide ones"
#endif

#define REMOVAL_KERNEL removal_512
#include "measures/removal_kernel.h"
