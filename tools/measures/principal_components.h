/*
 * Principal components of the embedding and of the neuron-logit map: the planes in which most of
 * their variance lies, and which frequency each of them has. The rows of W_E are the p number
 * tokens, those of W_L = W_U W_out the p outputs; from each the mean over its rows is taken, which
 * is the Fourier component 0 (of W_L it changes no probability). With the singular values s_i, in
 * decreasing order,
 *
 *   W_E - mean = sum over i of s_i l_i r_i^T,  and likewise W_L,
 *
 * token x has the coordinate s_i l_i[x] along the component r_i of W_E, and neuron j the coordinate
 * s_i r_i[j] along the pattern l_i of outputs of W_L. Order and signs are those of
 * measures/singular_values.h. singular-values.tsv, embedding-components.tsv, neuron-components.tsv.
 */
#ifndef MEASURES_PRINCIPAL_COMPONENTS_H
#define MEASURES_PRINCIPAL_COMPONENTS_H

#include "measures/subject.h"

/* Of one matrix of p rows. */
struct PrincipalComponents {
  size_t p, width;  /* rows and columns of the matrix */
  size_t n;         /* components: the lesser of both */
  double *values;   /* [n] */
  double *patterns; /* [p][n]: l_i */
  double *axes;     /* [n][width]: r_i */
  bool missing;     /* W_L is no linear map (PART_MAP): all of them are NaN */
};

/* Of matrix[p][width], which becomes the mean-free one and then is destroyed. */
bool principal_components_init(struct PrincipalComponents *components, size_t p, size_t width,
                               double *matrix, struct Error *error);
void principal_components_release(struct PrincipalComponents *components);

/* Of the p number tokens of W_E. */
bool principal_components_of_embedding(struct PrincipalComponents *components,
                                       const struct Parameters *parameters, struct Error *error);

/* A component's pattern in the Fourier basis: the frequency with the largest share of its squared
   norm, the lowest if tied, and that share. */
struct Dominance {
  int frequency;
  double share;
};

struct Dominance principal_components_dominance(const struct FourierBasis *basis,
                                                const struct PrincipalComponents *components,
                                                size_t i);

SubjectWriter principal_components_write_values;  /* singular-values.tsv */
SubjectWriter principal_components_write_tokens;  /* embedding-components.tsv */
SubjectWriter principal_components_write_neurons; /* neuron-components.tsv */

#endif
