/*
 * Elementary functions with the same bits on every machine: they use only correctly rounded IEEE
 * operations (arithmetic, fused multiply-add, square root), no math library. Double precision,
 * accurate to a few ulps.
 */
#ifndef BASE_ELEMENTARY_H
#define BASE_ELEMENTARY_H

/* ln 2 in two parts, for loops that compute the same functions in vectors: the first has 34 bits,
   so that its product with any exponent is exact. */
#define ELEMENTARY_LN2_HIGH 0x1.62e42fefa0000p-1
#define ELEMENTARY_LN2_LOW  0x1.cf79abc9e3b3ap-40

/* exp(x), log(x) for x > 0, log(1 + x) for x > -1. */
double elementary_exp(double x);
double elementary_log(double x);
double elementary_log1p(double x);

/* cos and sin of 2 pi n / d, for any n and 0 < d < 2^60: exact at multiples of a quarter turn,
   and exactly symmetric: cos(x) + cos(pi - x) is 0. */
double elementary_cos_turns(long long n, long long d);
double elementary_sin_turns(long long n, long long d);

#endif
