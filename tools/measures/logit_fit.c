#include "measures/logit_fit.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "engine/factored/loss.h"
#include "measures/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* With r_i the basis rows of k, which are norm cos(w_k x) and norm sin(w_k x),

     cos(w_k(s - c)) = sum over i of r_i(s) r_i(c) / norm^2,

   whose squared norm over all pairs and outputs is p^2 / norm^2. */
double logit_fit_coefficient(const struct DirectedLogits *directed, int k)
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

double logit_fit_norm(int p, int k)
{
  return p * sqrt(2 * k == p ? p : p / 2.0);
}

void logit_fit_cosines(const struct DirectedLogits *directed, const bool *keys, double *logits)
{
  int p = directed->basis->p;
  memset(logits, 0, (size_t)p * sizeof *logits);
  for (int k = 1; k <= directed->basis->n_frequencies; k++) {
    if (!keys[k]) continue;
    double alpha = logit_fit_coefficient(directed, k);
    for (int d = 0; d < p; d++)
      logits[d] += alpha * elementary_cos_turns((long long)k * d, p);
  }
}

double *logit_fit_removed(const struct DirectedLogits *directed, const bool *frequencies,
                          struct Error *error)
{
  size_t p = (size_t)directed->basis->p;
  double *removed = memory_new(p * p, sizeof *removed, "fitted logits", error);
  double *fitted = removed ? memory_new(p, sizeof *fitted, "fitted logits", error) : NULL;
  if (!fitted) {
    free(removed);
    return NULL;
  }
  logit_fit_cosines(directed, frequencies, fitted);
  for (size_t s = 0; s < p; s++)
    for (size_t c = 0; c < p; c++)
      removed[s * p + c] = fitted[(s + p - c) % p];
  free(fitted);
  return removed;
}

bool logit_fit_excluded(const struct DirectedLogits *directed, const bool *frequencies,
                        struct MeanLoss *train, struct Error *error)
{
  double *removed = logit_fit_removed(directed, frequencies, error);
  bool done = removed && directed_logits_train_without(directed, removed, train, error);
  free(removed);
  return done;
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

bool logit_fit_compute(const struct DirectedLogits *directed, const bool *keys,
                       struct LogitFit *fit, struct Error *error)
{
  size_t p = (size_t)directed->basis->p;
  double *logits = memory_new(p, sizeof *logits, "fitted logits", error);
  float *row = logits ? memory_new(p, sizeof *row, "fitted logits", error) : NULL;
  if (row) {
    logit_fit_cosines(directed, keys, logits);
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

/* ---- of a subject ---- */

static void release(void *numbers)
{
  struct SubjectLogitFit *found = numbers;
  free(found->alpha);
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct SubjectLogitFit *found = numbers;
  const bool *keys = subject->analysis->keys;
  const struct DirectedLogits *directed = directed_logits_of(subject, error);
  if (!directed) return false;
  size_t n = (size_t)directed->basis->n_frequencies + 1;
  found->alpha = memory_new(n, sizeof(double), "coefficients by frequency", error);
  if (!found->alpha) return false;
  struct Spread alpha = spread_empty();
  for (size_t k = 1; k < n; k++) {
    if (!keys[k]) continue;
    found->alpha[k] = logit_fit_coefficient(directed, (int)k);
    spread_add(&alpha, found->alpha[k]);
  }
  found->alpha_least = alpha.least;
  found->alpha_most = alpha.most;
  if (logit_fit_compute(directed, keys, &found->fit, error)) return true;
  release(found);
  return false;
}

const struct SubjectLogitFit *logit_fit_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct SubjectLogitFit), find, release};
  return subject_find(subject, &finding, error);
}

struct LogitFitRow {
  int frequency;
  double alpha;
};

static const struct Column columns[] = {
    COLUMN(struct LogitFitRow, frequency, "1", "k, a key frequency"),
    COLUMN(struct LogitFitRow, alpha, "1",
           "coefficient of cos(w_k(a + b - c)) in the logits (a - b - c for subtract), by least "
           "squares over all pairs and outputs c (section 4.2)")};

bool logit_fit_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct SubjectLogitFit *found = logit_fit_of(subject, error);
  struct TableWriter table;
  if (!found || !subject_create_table(&table, subject, file, "Cosines in the logits", "", columns,
                                      N_COLUMNS(columns), error))
    return false;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++)
    if (subject->analysis->keys[k])
      table_put_row(&table, &(struct LogitFitRow){k, found->alpha[k]});
  return table_commit(&table, error);
}
