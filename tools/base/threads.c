#include "base/threads.h"

#include "base/cores.h"
#include "base/number.h"

#include <omp.h>
#include <stdint.h>
#include <stdlib.h>

/* OpenMP has no function for this. Its library reads the environment at start-up: LLVM's on first
   use, GNU's in a constructor without priority, which runs after this one because it is linked
   statically (CMakeLists.txt). 101 is base/processor_check.c. */
__attribute__((constructor(102))) static void wait_patiently(void)
{
  setenv("OMP_WAIT_POLICY", "passive", false);
}

bool threads_set(const char *text, struct Error *error)
{
  int64_t threads;
  if (!text) {
    if (!getenv("OMP_NUM_THREADS")) omp_set_num_threads(cores_available());
    return true;
  }
  if (!number_parse_integer(text, &threads) || threads < 1 || threads > 1024)
    return error_set(error, "--threads: expected an integer from 1 to 1024, found \"%s\"", text);
  omp_set_num_threads((int)threads);
  return true;
}
