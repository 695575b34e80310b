#include "engine/factored/kernels.h"

static bool disabled;

bool kernels_have_wide_vectors(void)
{
#ifdef WIDE_VECTORS
  return __builtin_cpu_supports("avx512f");
#else
  return false;
#endif
}

void kernels_disable_wide_vectors(void)
{
  disabled = true;
}

const struct Kernels *kernels(void)
{
#ifdef WIDE_VECTORS
  if (!disabled && kernels_have_wide_vectors()) return &kernels_512;
#endif
  return &kernels_256;
}
