#include "base/linear.h"

#include <math.h>
#include <string.h>

double linear_norm(size_t n, const double *f)
{
  return sqrt(linear_dot(n, f, f));
}

double linear_squares_of_floats(size_t n, const float *f)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (double)f[i] * (double)f[i];
  return sum;
}

double linear_mean(size_t n, const double *f, size_t stride)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += f[i * stride];
  return sum / (double)n;
}

double linear_squared_deviation(size_t n, const double *f, size_t stride)
{
  double mean = linear_mean(n, f, stride), squares = 0;
  for (size_t i = 0; i < n; i++) {
    double deviation = f[i * stride] - mean;
    squares += deviation * deviation;
  }
  return squares;
}

void linear_widen(size_t n, const float *f, double *wide)
{
  for (size_t i = 0; i < n; i++)
    wide[i] = (double)f[i];
}

void linear_scale(size_t n, double weight, const double *f, double *scaled)
{
  for (size_t i = 0; i < n; i++)
    scaled[i] = weight * f[i];
}

void linear_multiply(size_t n_rows, size_t n, const float *matrix, const double *f, double *values)
{
#pragma omp parallel for
  for (size_t row = 0; row < n_rows; row++)
    values[row] = linear_dot_floats(n, f, matrix + row * n);
}

void linear_mean_row(size_t n_rows, size_t n, const float *matrix, double *mean)
{
  memset(mean, 0, n * sizeof *mean);
  for (size_t row = 0; row < n_rows; row++)
    linear_add_scaled_floats(n, 1, matrix + row * n, mean);
  for (size_t i = 0; i < n; i++)
    mean[i] /= (double)n_rows;
}
