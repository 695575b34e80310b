#include "measures/logit_fit.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "engine/factored/loss.h"

#include <stdlib.h>
#include <string.h>

/* With r_i the basis rows of k, which are norm cos(w_k x) and norm sin(w_k x),

     cos(w_k(s - c)) = sum over i of r_i(s) r_i(c) / norm^2,

   whose squared norm over all pairs and outputs is p^2 / norm^2. */
double cosine_coefficient(const struct DirectedLogits *directed, int k)
{
  size_t p = (size_t)directed->basis->p;
  int components[2];
  double sum = 0;
  for (int i = 0, n = fourier_components((int)p, k, components); i < n; i++) {
    const double *row = directed->basis->rows + (size_t)components[i] * p;
    const double *component = directed->components + (size_t)components[i] * p;
    for (size_t c = 0; c < p; c++)
      sum += component[c] * row[c];
  }
  return sum / (double)p;
}

void cosine_logits(const struct DirectedLogits *directed, const bool *keys, double *logits)
{
  int p = directed->basis->p;
  memset(logits, 0, (size_t)p * sizeof *logits);
  for (int k = 1; k <= directed->basis->n_frequencies; k++) {
    if (!keys[k]) continue;
    double alpha = cosine_coefficient(directed, k);
    for (int d = 0; d < p; d++)
      logits[d] += alpha * elementary_cos_turns((long long)k * d, p);
  }
}

/* The squared norm of the logits over all pairs and outputs about their mean. */
static double squared_deviation(const struct DirectedLogits *directed)
{
  size_t p = (size_t)directed->basis->p, pairs = p * p, V = (size_t)directed->V;
  double sum = 0, squares = 0;
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t c = 0; c < p; c++)
      sum += (double)directed->logits[pair * V + c];
  double mean = sum / (double)(pairs * p);
  for (size_t pair = 0; pair < pairs; pair++)
    for (size_t c = 0; c < p; c++) {
      double deviation = (double)directed->logits[pair * V + c] - mean;
      squares += deviation * deviation;
    }
  return squares;
}

bool logit_fit(const struct DirectedLogits *directed, const bool *keys, struct LogitFit *fit,
               struct Error *error)
{
  size_t p = (size_t)directed->basis->p;
  double *logits = memory_new(p, sizeof *logits, "fitted logits", error);
  float *row = logits ? memory_new(p, sizeof *row, "fitted logits", error) : NULL;
  if (row) {
    cosine_logits(directed, keys, logits);
    double squares = 0; /* of logits[s - c] over the outputs, at any pair */
    for (size_t d = 0; d < p; d++) {
      squares += logits[d] * logits[d];
      row[d] = (float)logits[(p - d) % p]; /* output c = d at s = 0, where 0 is the answer */
    }
    bool correct;
    fit->fve = squares * (double)(p * p) / squared_deviation(directed);
    fit->loss = loss_of_pair(row, (int)p, 0, &correct);
  }
  bool done = row;
  free(row);
  free(logits);
  return done;
}
