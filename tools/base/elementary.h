/*
 * Elementary functions whose bits depend on no math library: only on IEEE arithmetic, fused
 * multiply-add and square root, which every machine rounds alike. In double precision they are
 * accurate to a few units in the last place.
 */
#ifndef BASE_ELEMENTARY_H
#define BASE_ELEMENTARY_H

/* exp(x), log(x) for x > 0, log(1 + x) for x > -1, in double precision. */
double elementary_exp(double x);
double elementary_log(double x);
double elementary_log1p(double x);

/* cos and sin of 2 pi n / d, for any n and 0 < d < 2^60: exact at the multiples of a quarter turn,
   and symmetric, so that the cosines of opposite angles cancel to the bit. */
double elementary_cos_turns(long long n, long long d);
double elementary_sin_turns(long long n, long long d);

#endif
