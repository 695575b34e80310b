#include "base/elementary.h"

#include <math.h>

#define LN2_HIGH ELEMENTARY_LN2_HIGH
#define LN2_LOW  ELEMENTARY_LN2_LOW
#define TWO_PI   0x1.921fb54442d18p+2

double elementary_exp(double x)
{
  if (isnan(x)) return x;
  if (x > 709.782712893384) return INFINITY;
  if (x < -745.2) return 0.0;
  /* x = n ln 2 + r with |r| <= ln 2 / 2; degree-13 Taylor polynomial for exp(r) */
  double n = floor(x * 0x1.71547652b82fep0 + 0.5);
  double r = fma(-n, LN2_LOW, fma(-n, LN2_HIGH, x));
  double sum = 1.0;
  for (int i = 13; i >= 1; i--)
    sum = fma(sum, r / i, 1.0);
  return ldexp(sum, (int)n);
}

/* log((1 + s) / (1 - s)) = 2 (s + s^3/3 + s^5/5 + ...), for |s| <= 0.172 */
static double log_of_ratio(double s)
{
  double square = s * s, sum = 0.0;
  for (int i = 23; i >= 3; i -= 2)
    sum = fma(sum, square, 1.0 / i);
  return 2.0 * fma(s * square, sum, s);
}

double elementary_log(double x)
{
  if (!(x > 0.0)) return x == 0.0 ? -INFINITY : NAN;
  if (isinf(x)) return x;
  int exponent;
  double mantissa = frexp(x, &exponent);
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2.0;
    exponent--;
  }
  double f = mantissa - 1.0;
  return fma(exponent, LN2_HIGH, fma(exponent, LN2_LOW, log_of_ratio(f / (2.0 + f))));
}

double elementary_log1p(double x)
{
  if (fabs(x) < 0.25) return log_of_ratio(x / (2.0 + x));
  double y = 1.0 + x;
  if (isinf(y)) return y;
  return elementary_log(y) + (x - (y - 1.0)) / y; /* correct the rounding error of 1 + x */
}

/* cos and sin of at most an eighth of a turn, by Taylor series */
static double cos_series(double x)
{
  double square = x * x, sum = 1.0;
  for (int i = 18; i >= 2; i -= 2)
    sum = fma(sum, -square / (i * (i - 1)), 1.0);
  return sum;
}

static double sin_series(double x)
{
  double square = x * x, sum = 1.0;
  for (int i = 19; i >= 3; i -= 2)
    sum = fma(sum, -square / (i * (i - 1)), 1.0);
  return x * sum;
}

double elementary_cos_turns(long long n, long long d)
{
  n %= d;
  if (n < 0) n += d;
  if (n > d - n) n = d - n; /* cos(-x) = cos x: reduce to at most half a turn */
  if (4 * n > d) return -elementary_cos_turns(d - 2 * n, 2 * d); /* cos(pi - x) = -cos x */
  if (4 * n == d) return 0.0;
  if (8 * n > d) return sin_series(TWO_PI * ((double)(d - 4 * n) / (4.0 * (double)d)));
  return cos_series(TWO_PI * ((double)n / (double)d));
}

double elementary_sin_turns(long long n, long long d)
{
  /* sin x = cos(x - a quarter turn) */
  return elementary_cos_turns(4 * (n % d) - d, 4 * d);
}
