/*
 * Discrete logarithms modulo an odd prime p. Every number but 0 is a power g^i of a primitive root
 * g, with one logarithm i = 0..p-2, and as g^(p - 1) = 1,
 *
 *   g^i g^j = g^(i + j mod p - 1),   g^i / g^j = g^(i - j mod p - 1):
 *
 * products modulo p are sums of logarithms modulo p - 1, and the Fourier basis of functions of a
 * logarithm is that of p - 1 (fourier/basis.h), which is even.
 */
#ifndef FOURIER_LOGARITHMS_H
#define FOURIER_LOGARITHMS_H

#include "base/error.h"

struct Logarithms {
  int p;
  int root;       /* g, the least primitive root */
  int *power;     /* [p - 1]: g^i mod p */
  int *logarithm; /* [p]: the i of a number; -1 for 0, which has none */
};

/* Errors: p is no odd prime; no memory. Then there is nothing to release. */
bool logarithms_init(struct Logarithms *logarithms, int p, struct Error *error);
void logarithms_release(struct Logarithms *logarithms);

#endif
