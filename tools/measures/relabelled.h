/*
 * A network that multiplies, taken as one that adds. Modulo an odd prime p, number g^i is called by
 * its logarithm i (fourier/logarithms.h), and the pairs with a 0, like the output 0, are left out:
 * what remains is a network with N = p - 1 numbers whose answer to (i, j) is i + j mod N, or i - j
 * if it divides. The rows of its W_E and the columns of its W_U are those of the trained network in
 * another order; all other weights are the same. So every measure of networks that add is one of
 * it, too, over the Fourier basis of functions of a logarithm.
 */
#ifndef MEASURES_RELABELLED_H
#define MEASURES_RELABELLED_H

#include "fourier/logarithms.h"
#include "measures/subject.h"

struct Relabelled {
  struct Logarithms logarithms;
  struct Analysis analysis; /* with its own basis, snapshot, final fits and keys; its trajectory has
                               the file of the run, from which nothing can be loaded any more, with
                               another configuration and data set */
  struct Subject subject;   /* the snapshot that is asked for */
};

/* The network of a subject, relabelled; its key frequencies are those of the last snapshot. Errors:
   an operation other than multiply and divide; a modulus that is no odd prime. */
struct Relabelled *relabelled_of(struct Subject *subject, struct Error *error);

#endif
