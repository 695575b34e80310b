/* Streams on vectors of eight floats: half a Wide in each of 16 registers. */
#define STREAM_KERNELS stream_kernels_256
enum { PAIR_BLOCK = 1, ROW_BLOCK = 1 };
#include "model/stream_kernels.h"
