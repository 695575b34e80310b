#include "measures/weights.h"

#include "base/linear.h"

double weights_squared(const struct Parameters *parameters, enum Parameter which)
{
  return linear_squares_of_floats(parameters->info[which].count, parameters_at(parameters, which));
}

double weights_squared_sum(const struct Parameters *parameters)
{
  double sum = 0;
  for (int which = 0; which < N_PARAMETERS; which++)
    sum += weights_squared(parameters, (enum Parameter)which);
  return sum;
}
