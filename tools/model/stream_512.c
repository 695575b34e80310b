/* Streams on vectors of sixteen floats. This file is compiled for AVX-512; stream.c calls it where
   the processor has that. */
#define STREAM_KERNELS stream_kernels_512
enum { PAIR_BLOCK = 4, ROW_BLOCK = 4 };
#include "model/stream_kernels.h"
