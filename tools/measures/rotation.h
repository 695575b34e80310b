/*
 * The network's algorithm at one frequency k (sections 3 and 4, figure 1): the embedding maps a
 * token x to the angle w_k x on a circle, w_k = 2 pi k / p, and the neurons map the pair (a, b) to
 * the angle w_k s, s = a + b or a - b. Both are read off weights and activations as points in a
 * plane, scaled so that for a network that does exactly this they are on the unit circle.
 * rotation-points.tsv and rotation.tsv, of the pair and the frequency of a trace
 * (measures/trace.h).
 */
#ifndef MEASURES_ROTATION_H
#define MEASURES_ROTATION_H

#include "measures/neuron_logit.h"

struct PlanePoint {
  double x, y;
};

/* The positions of the p number tokens in the embedding, points[p]. With e and f the coefficient
   vectors of cos(w_k x) and sin(w_k x) in W_E,

     W_E[x] = cos(w_k x) e + sin(w_k x) f + (waves of other frequencies),

   point x is the least-squares coefficients of W_E[x] on e and f: components of other
   frequencies in that plane move it off the circle. NaN if e and f are linearly dependent. k
   must have a sine: 0 < 2k < p. */
bool rotation_of_tokens(const struct FourierBasis *basis, const struct Parameters *parameters,
                        int k, struct PlanePoint *points, struct Error *error);

/* The positions of the pairs (a, b), b = 0..p-1, in the neurons, points[p]: u_k^T MLP(a, b) and
   v_k^T MLP(a, b), means over all pairs removed, divided by the coefficients of cos(w_k s) and
   sin(w_k s) that fit them best over all pairs (measures/neuron_logit.h). hidden is
   [p^2][d_mlp]. */
bool rotation_of_pairs(const struct NeuronLogitMap *map, enum DirectionSign sign,
                       const float *hidden, int k, int a, struct PlanePoint *points,
                       struct Error *error);

SubjectWriter rotation_write_points; /* rotation-points.tsv */
SubjectWriter rotation_write;        /* rotation.tsv: the angles that the points should have */

#endif
