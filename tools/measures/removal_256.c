/* Removals on 8-float vectors, which every processor has that can run the engine. */
#define REMOVAL_KERNEL removal_256
#include "measures/removal_kernel.h"
