#include "model/kernels.h"

static bool forgone;

bool kernels_have_wide_vectors(void)
{
#ifdef WIDE_VECTORS
  return __builtin_cpu_supports("avx512f");
#else
  return false;
#endif
}

void kernels_forgo_wide_vectors(void)
{
  forgone = true;
}

const struct Kernels *kernels(void)
{
#ifdef WIDE_VECTORS
  if (!forgone && kernels_have_wide_vectors()) return &kernels_512;
#endif
  return &kernels_256;
}
