/* The size of the weights (section 5.1). */
#ifndef MEASURES_WEIGHTS_H
#define MEASURES_WEIGHTS_H

#include "network/parameters.h"

/* Sum of the squares of the parameter's values, in all layers; 0 if the network has none. */
double weights_squared(const struct Parameters *parameters, enum Parameter kind);

/* The sum of these over all parameters. */
double weights_squared_sum(const struct Parameters *parameters);

#endif
