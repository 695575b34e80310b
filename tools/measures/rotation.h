/*
 * The network's algorithm seen at one frequency k (sections 3 and 4, figure 1): the embedding takes
 * a token x to an angle w_k x on a circle, w_k = 2 pi k / p, and the neurons bring the pair (a, b)
 * to the angle w_k s, s = a + b or a - b. Both are read off the weights and activations as points
 * in a plane, scaled so that a network that does exactly this has them on the unit circle.
 */
#ifndef MEASURES_ROTATION_H
#define MEASURES_ROTATION_H

#include "measures/neuron_logit.h"
#include "model/parameters.h"

struct PlanePoint {
  double x, y;
};

/* Where the embedding puts the p number tokens, points[p]. With e and f the vectors by which
   cos(w_k x) and sin(w_k x) stand in W_E,

     W_E[x] = cos(w_k x) e + sin(w_k x) f + (waves of other frequencies),

   point x has the coefficients of W_E[x] on e and f by least squares: what other frequencies have
   in that plane moves it off the circle. NaN where e and f span no plane. k has a sine: 0 < 2k < p.
 */
bool rotation_of_tokens(const struct FourierBasis *basis, const struct Parameters *parameters,
                        int k, struct PlanePoint *points, struct Error *error);

/* Where the neurons put the pairs (a, b), b = 0..p-1, points[p]: u_k^T MLP(a, b) and
   v_k^T MLP(a, b), their means over all pairs removed, divided by the multiples of cos(w_k s) and
   sin(w_k s) that fit them best over all pairs (measures/neuron_logit.h). hidden is [p^2][d_mlp].
 */
bool rotation_of_pairs(const struct NeuronLogitMap *map, enum DirectionSign sign,
                       const float *hidden, int k, int a, struct PlanePoint *points,
                       struct Error *error);

#endif
