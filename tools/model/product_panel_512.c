/* Products on vectors of sixteen floats. This file alone is compiled for AVX-512; product.c calls
   it where the processor has that. */
#include <immintrin.h>

#define PANEL_NAME  panel_512
#define PANEL_LANES 16
#define PANEL_ROWS  12 /* 24 of 32 registers */
#define PANEL_FMA(a, b, sum)                                                                       \
  (PanelVector) _mm512_fmadd_ps(_mm512_set1_ps(a), (__m512)(b), (__m512)(sum))
#include "model/product_panel.h"
