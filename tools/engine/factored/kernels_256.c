/* The kernels on 8-float vectors, half a Wide in each of 16 registers: AVX2 on x86-64. On 64-bit
   ARM a Wide is four of 32 registers (NEON); elsewhere whatever the compiler makes of the vector
   type. */
#if defined __x86_64__ && !(defined __AVX2__ && defined __FMA__)
#error "without -march=x86-64-v3 these would be slow, each fused multiply-add a function call"
#endif

#define KERNELS kernels_256
#ifdef __ARM_NEON
#define KERNELS_DESCRIPTION "128-bit vectors (NEON)"
#else
#define KERNELS_DESCRIPTION "256-bit vectors"
#endif
enum {
  PANEL_ROWS = 6,   /* 12 registers; NEON: 24 */
  PANEL_WIDES = 1,  /* 16 columns */
  SPARSE_WIDES = 7, /* 14 registers; NEON: 28 */
  SPARSE_LEAST_WIDES = 4,
  SPARSE_LEAST_CACHE = 0,
  SPREAD_PREFETCHES = 0, /* a k takes six cycles, all of them filled */
  FEW_BLOCK = 1,
#ifdef __ARM_NEON
  FORWARD_WIDES = 1,
#else
  FORWARD_WIDES = 2,
#endif
  FORWARD_BLOCK = 1,
  PAIR_BLOCK = 1,
  ROW_BLOCK = 1
};
#include "engine/factored/kernels_of_width.h"
