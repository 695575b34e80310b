/* Products on vectors of eight floats: AVX2 where the compiler has it, else whatever it makes of
   them. */
#include "model/vector.h"

#define PANEL_NAME           panel_256
#define PANEL_LANES          8
#define PANEL_ROWS           6 /* 12 of 16 registers */
#define PANEL_FMA(a, b, sum) (PanelVector) vector_fma(vector_fill(a), (Vector)(b), (Vector)(sum))
#include "model/product_panel.h"
