/* The kernels on 16-float vectors, one Wide in each of 32 registers. With measures/removal_512.c
   the only file compiled for AVX-512. */
#ifndef __AVX512F__
#error "without -mavx512f these would be the narrow kernels under the name of the wide ones"
#endif

#define KERNELS             kernels_512
#define KERNELS_DESCRIPTION "512-bit vectors (AVX-512)"
enum {
  PANEL_ROWS = 12, /* 24 registers */
  PANEL_WIDES = 2, /* 32 columns */
  SPARSE_WIDES = 8,
  SPARSE_LEAST_WIDES = 6,         /* fewer chains do not hide the latency of multiply-adds */
  SPARSE_LEAST_CACHE = 48 * 1024, /* 32 KiB of it are B's */
  SPREAD_PREFETCHES = 1,
  FEW_BLOCK = 2,
  FORWARD_WIDES = 4,
  FORWARD_BLOCK = 2,
  PAIR_BLOCK = 4,
  ROW_BLOCK = 4
};
#include "engine/factored/kernels_of_width.h"
