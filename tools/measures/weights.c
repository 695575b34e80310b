#include "measures/weights.h"

#include "base/linear.h"

static double squares_of(const struct Parameters *parameters, int place)
{
  const struct ParameterInfo *info = &parameters->info[place];
  return linear_squares_of_floats(info->count, parameters->values + info->offset);
}

double weights_squared(const struct Parameters *parameters, enum Parameter kind)
{
  double sum = 0;
  for (int i = 0; i < parameters->n; i++)
    if (parameters->info[i].kind == kind) sum += squares_of(parameters, i);
  return sum;
}

double weights_squared_sum(const struct Parameters *parameters)
{
  double sum = 0;
  for (int i = 0; i < parameters->n; i++)
    sum += squares_of(parameters, i);
  return sum;
}
