/* The kernels on vectors of eight floats, half a Wide in each of 16 registers: AVX2 where the
   compiler has it, else whatever it makes of them. */
#define KERNELS             kernels_256
#define KERNELS_DESCRIPTION "256-bit vectors"
enum {
  PANEL_ROWS = 6,  /* 12 registers */
  PANEL_WIDES = 1, /* 16 columns */
  FEW_BLOCK = 1,
  FORWARD_WIDES = 2,
  FORWARD_BLOCK = 1,
  PAIR_BLOCK = 1,
  ROW_BLOCK = 1
};
#include "model/kernels_of_width.h"
