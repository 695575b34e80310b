#include "engine/factored/activation.h"

#include "engine/factored/matrix.h"
#include "engine/factored/vector.h"

/*
 * erfc(x) = exp(-x^2) P(t) / (1 + 2x) with t = (x - 3) / (x + 3), for x >= 0: P interpolates (1 +
 * 2x) erfcx(x) at the Chebyshev points of 0 <= x <= 12, relative error 5e-9. `gauss` is exp(-x^2):
 * 0 for x > 8.95 and at least 2^-116 below, so no quotient is subnormal.
 */
static Vector complementary_error(Vector x, Vector gauss)
{
  static const float coefficients[] = {
      -0.00026016432f, -0.00075334799f, 0.0020225035f, 0.0025632531f, -0.023810093f, 0.068293131f,
      -0.11926890f,    0.12964703f,     -0.047562502f, -0.13562117f,  1.2530081f};
  Vector t = (x - vector_fill(3.0f)) / (x + vector_fill(3.0f));
  Vector sum = vector_fill(coefficients[0]);
  for (size_t i = 1; i < sizeof coefficients / sizeof *coefficients; i++)
    sum = vector_fma(sum, t, vector_fill(coefficients[i]));
  return gauss * sum / (vector_fill(1.0f) + x + x);
}

void activation_gelu_forward(float *values, size_t n, float *slope)
{
  const Vector one = vector_fill(1.0f), half = vector_fill(0.5f);
  for (size_t i = 0; i < n; i += LANES) {
    Vector x = vector_load(values + i);
    IntegerVector positive = x > vector_fill(0.0f);
    Vector size = vector_select(positive, x, -x) * vector_fill(0.70710678f);
    Vector gauss = vector_exp(-(x * x * half));
    Vector tail = half * complementary_error(size, gauss); /* Phi(-|x|) */
    Vector Phi = vector_select(positive, one - tail, tail);
    vector_store(values + i, vector_flush(x * Phi));
    vector_store(slope + i, vector_flush(vector_fma(x, gauss * vector_fill(0.39894228f), Phi)));
  }
}

void activation_gelu_backward(const float *slope, size_t n, size_t columns, float *gradients,
                              size_t row)
{
  struct Matrix slopes = matrix_in_strips(slope, n);
  for (size_t j = 0; j < columns; j += LANES)
    for (size_t i = 0; i < n; i++) {
      float *gradient = gradients + i * row + j;
      vector_store(gradient,
                   vector_flush(vector_load(gradient) * vector_load(matrix_at(slopes, i, j))));
    }
}
