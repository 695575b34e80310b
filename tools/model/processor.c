#include "model/processor.h"

static bool forgone;

bool processor_has_wide_vectors(void)
{
#ifdef WIDE_VECTORS
  return !forgone && __builtin_cpu_supports("avx512f");
#else
  return false;
#endif
}

void processor_forgo_wide_vectors(void)
{
  forgone = true;
}
