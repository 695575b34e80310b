/* Tests of the kernels, for one width of vectors: check_NAME tests the narrow ones, which every
   processor runs, and check_NAME --wide those for AVX-512. */
#ifndef TESTS_UNIT_WIDTH_H
#define TESTS_UNIT_WIDTH_H

#include "engine/factored/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What CTest takes for skipped. */
enum { EXIT_SKIPPED = 77 };

/* The kernels that the command line asks for, which are those of kernels() from then on. Ends the
   program as skipped where the processor cannot run them. */
static inline const struct Kernels *kernels_to_test(int argc, char **argv)
{
  if (argc < 2 || strcmp(argv[1], "--wide") != 0) {
    kernels_disable_wide_vectors();
    return &kernels_256;
  }
  if (!kernels_have_wide_vectors()) {
    puts("SKIP: this processor has no AVX-512");
    exit(EXIT_SKIPPED);
  }
  return kernels();
}

#endif
