#define PEAK peak_256
enum { CHAINS = 6 }; /* of two registers each, of 16 */
#include "peak_of_width.h"
