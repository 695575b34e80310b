/*
 * Sums and products of the analysis, in double precision. Every sum starts at 0 and takes its terms
 * in increasing order of their index, one after the other, which fixes its bits on every machine.
 * Arrays do not overlap, except where the same one is passed twice to be read.
 */
#ifndef BASE_LINEAR_H
#define BASE_LINEAR_H

#include <stddef.h>

/* sum over i < n of f[i] g[i]. Here and below, inline: short vectors in inner loops. */
static inline double linear_dot(size_t n, const double *f, const double *g)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += f[i] * g[i];
  return sum;
}

/* The same, with g in single precision. */
static inline double linear_dot_floats(size_t n, const double *f, const float *g)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += f[i] * (double)g[i];
  return sum;
}

/* sum[i] += weight f[i] */
static inline void linear_add_scaled(size_t n, double weight, const double *restrict f,
                                     double *restrict sum)
{
  for (size_t i = 0; i < n; i++)
    sum[i] += weight * f[i];
}

/* The same, with f in single precision. */
static inline void linear_add_scaled_floats(size_t n, double weight, const float *restrict f,
                                            double *restrict sum)
{
  for (size_t i = 0; i < n; i++)
    sum[i] += weight * (double)f[i];
}

/* sqrt(sum of f[i]^2) */
double linear_norm(size_t n, const double *f);

/* sum of f[i]^2 */
double linear_squares_of_floats(size_t n, const float *f);

/* The mean of f[0], f[stride], ..., n values, and the sum of the squares of their differences from
   it. */
double linear_mean(size_t n, const double *f, size_t stride);
double linear_squared_deviation(size_t n, const double *f, size_t stride);

/* wide[i] = f[i] */
void linear_widen(size_t n, const float *f, double *wide);

/* scaled[i] = weight f[i] */
void linear_scale(size_t n, double weight, const double *f, double *scaled);

/* values[row] = sum over i of matrix[row][i] f[i], row < n_rows. Multi-threaded. */
void linear_multiply(size_t n_rows, size_t n, const float *matrix, const double *f, double *values);

/* mean[i] = the mean over the rows of matrix[n_rows][n]. */
void linear_mean_row(size_t n_rows, size_t n, const float *matrix, double *mean);

#endif
