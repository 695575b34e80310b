/*
 * A hand-made network that adds (or subtracts) mod p and is known in closed form. Its neurons have
 * the phases phi_j = pi j / p, j = 0..2p-1, of a frequency k:
 *
 *   relu(cos(w_k a - phi_j) + cos(w_k b - phi_j)) = relu(2 cos(w_k t/2) cos(w_k s/2 - phi_j)),
 *   s = a + b, t = a - b.
 *
 * As w_k s/2 is one of the phases up to half a turn, their sum with weights cos(2 phi_j - w_k c) is
 * exactly 2 G |cos(w_k t/2)| cos(w_k(s - c)), G = sum over j of relu(cos phi_j) cos(2 phi_j). So
 * the logits are
 *
 *   sum over k of strength_k |cos(w_k t/2)| cos(w_k(s - c)),
 *
 * and, projected on the directions of k, the same with |cos(w_k t/2)| replaced by its mean over t
 * (for even p it also depends on the parity of s, but that part is along the directions of p/2 - k:
 * no two frequencies here may add up to p/2). To subtract, one head flips the sign of the sine of
 * b, which swaps s and t.
 *
 * Two frequencies add. A third one occurs in W_E, in a neuron of which it explains four fifths, and
 * in the mean logits. One head attends only to a, one only to b. Other neurons: a dead one, a
 * constant one, and a linear one, 3 + cos(w a) + cos(w b), that writes to the logits.
 */
#ifndef UNIT_HANDMADE_H
#define UNIT_HANDMADE_H

#include "fourier/directions.h"
#include "network/parameters.h"
#include "waves.h"

enum { ADDING_WAVES = 2, ALL_WAVES };

struct Handmade {
  int p; /* at least 7, for three such frequencies */
  enum DirectionSign sign;
  bool output_equals; /* with a logit for "=", larger than all others */
  struct {
    int frequency;    /* below p/2, so that it has a sine */
    double embedding; /* its amplitude in W_E */
    double strength;  /* in the logits; not used for the last wave */
  } waves[ALL_WAVES];
  double linear; /* output of the linear neuron: coefficient of cos(w c) of the first frequency */
  double constant,
      bias; /* output of the constant neuron and of b_out: coefficients of cos(w c) of the last */
};

/* The other neurons, after 2p phases of the first wave and 2p of the second. The last two are
   8.5 + x (cos(w a) + cos(w b)) + y (cos(w' a) + cos(w' b)) of the first and the last frequency,
   with shares of x^2 : y^2 = 9 : 1 and 1 : 4. */
enum { DEAD, CONSTANT, LINEAR, NINE_TO_ONE, ONE_TO_FOUR, OTHER_NEURONS };
int handmade_other(const struct Handmade *network, int other);

/* Sets the configuration that gives the network's sizes. */
void handmade_configure(const struct Handmade *network, struct Config *config);

/* Writes the weights into parameters of these sizes. */
void handmade_fill(const struct Handmade *network, const struct Parameters *parameters);

/* ---- closed forms ---- */

/* Neuron i for the pair (a, b). */
long double handmade_neuron(const struct Handmade *network, int i, int a, int b);

/* The logits: whole, without the directions of the key frequencies, and with only those and the
   mean. The context is a struct HandmadeLogits. */
struct HandmadeLogits {
  const struct Handmade *network;
  const bool *keys;
};
Formula handmade_logit, handmade_excluded, handmade_restricted;

/* Bounds of the logits and of their error in float32. */
double handmade_size(const struct Handmade *network);
double handmade_error(const struct Handmade *network);

/* Norms of the Fourier components, [p]. */
void handmade_spectrum_of_W_E(const struct Handmade *network, double *norms);
void handmade_spectrum_of_W_L(const struct Handmade *network, double *norms);

/* Sum of the squares of each parameter. */
void handmade_squares(const struct Handmade *network, double squares[N_PARAMETERS]);

#endif
