/*
 * The neuron-logit map W_L = W_U W_out as a few directions in neuron space (section 4.2):
 *
 *   W_L = sum over key frequencies k of cos(w_k c) u_k^T + sin(w_k c) v_k^T, and a small residual,
 *
 * c being the output, w_k = 2 pi k / p. If the network reads its answer off these directions, u_k^T
 * MLP(a, b) is close to a multiple of cos(w_k(a + b)), and v_k^T MLP(a, b) of sin(w_k(a + b)):
 * their logits are then that multiple of cos(w_k(a + b - c)). (a - b for a network that subtracts.)
 * neuron-logit-directions.tsv.
 */
#ifndef MEASURES_NEURON_LOGIT_H
#define MEASURES_NEURON_LOGIT_H

#include "measures/directed_logits.h"
#include "measures/neuron_logit_map.h"

/* u_k followed by v_k, [2][d_mlp]. Returns their number: one for k = p/2, which has no sine. */
int neuron_logit_vectors(const struct NeuronLogitMap *map, int k, double *vectors);

/* An orthonormal basis of the span of all u_k and v_k of the key frequencies, [..][d_mlp], with
   at most two rows per key. Returns the number of rows: vectors that are nearly in the span of
   the others (all but 1e-6 of their norm) add none. */
size_t neuron_logit_span(const struct NeuronLogitMap *map, const bool *keys, double *span);

/* How well alpha times a sine or cosine wave fits a function of the pair. */
struct WaveFit {
  double norm;  /* of u_k or v_k */
  double alpha; /* least squares */
  double fve;   /* fraction of the function's squared norm, mean removed, that the wave explains */
  /* alpha of the direction that belongs to a wave over c of norm 1, the scale of the paper's table
   * 1 */
  double coefficient;
};

/* Fits u_k^T hidden by alpha cos(w_k s), fits[0], and v_k^T hidden by alpha sin(w_k s), fits[1],
   s = a + b or a - b, over all pairs of hidden[p^2][d_mlp]. If there is no v_k, fits[1] is NaN. */
bool neuron_logit_fit(const struct NeuronLogitMap *map, enum DirectionSign sign,
                      const float *hidden, int k, struct WaveFit fits[2], struct Error *error);

/* u_k and v_k of a subject, at the key frequencies. If the answer is not a function of a + b or of
   a - b, they have norms, and all else is NaN. */
struct KeyWaves {
  struct WaveFit (*waves)[2]; /* [n_frequencies + 1] */
};

const struct KeyWaves *neuron_logit_waves_of(struct Subject *subject, struct Error *error);

/* Over all key frequencies, of the shares that the waves explain. */
struct WaveSummary {
  double fve_least, fve_mean;
};

struct WaveSummary neuron_logit_summarise(const struct Analysis *analysis,
                                          const struct KeyWaves *found);

SubjectWriter neuron_logit_write; /* neuron-logit-directions.tsv */

#endif
