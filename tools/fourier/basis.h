/*
 * The orthonormal Fourier basis of functions on the residues 0..p-1, p >= 2, as p rows:
 *
 *   component 0        constant          1 / sqrt(p)
 *   component 2k - 1   cosine of k       sqrt(2/p) cos(2 pi k x / p)     k = 1..floor((p-1)/2)
 *   component 2k       sine of k         sqrt(2/p) sin(2 pi k x / p)
 *   component p - 1    alternating       (-1)^x / sqrt(p)                even p only: k = p/2
 *
 * The alternating row is the cosine of frequency p/2, whose sine vanishes; so frequencies run over
 * 0..floor(p/2) and have one or two components each.
 */
#ifndef FOURIER_BASIS_H
#define FOURIER_BASIS_H

#include "base/error.h"

struct FourierBasis {
  int p;
  int n_frequencies; /* floor(p/2), not counting the constant */
  double *rows;      /* [p][p]: component, x */
};

bool fourier_basis_init(struct FourierBasis *basis, int p, struct Error *error);
void fourier_basis_release(struct FourierBasis *basis);

/* The frequency of a component; 0 for the constant. */
int fourier_frequency(int component);

/* Whether the component is a sine. */
bool fourier_is_sine(int component);

/* The components of a frequency 0..floor(p/2), cosine first; returns their number. */
int fourier_components(int p, int frequency, int components[2]);

#endif
