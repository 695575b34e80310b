/*
 * Elementary functions with the same bits on every machine: they use only correctly rounded IEEE
 * operations (arithmetic, fused multiply-add, square root), no math library. Double precision,
 * accurate to a few ulps.
 */
#ifndef BASE_ELEMENTARY_H
#define BASE_ELEMENTARY_H

/* exp(x), log(x) for x > 0, log(1 + x) for x > -1. */
double elementary_exp(double x);
double elementary_log(double x);
double elementary_log1p(double x);

/* cos and sin of 2 pi n / d, for any n and 0 < d < 2^60: exact at multiples of a quarter turn,
   and exactly symmetric: cos(x) + cos(pi - x) is 0. */
double elementary_cos_turns(long long n, long long d);
double elementary_sin_turns(long long n, long long d);

#endif
