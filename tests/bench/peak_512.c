#define PEAK peak_512
enum { CHAINS = 12 };
#include "peak_of_width.h"
