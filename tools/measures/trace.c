#include "measures/trace.h"

#include "base/memory.h"
#include "measures/logit_fit.h"

#include <math.h>
#include <stdlib.h>

/* Chooses the cosines of the read-off, and the largest of them that also has a sine. */
static bool choose_waves(struct Trace *trace, const struct Analysis *analysis,
                         const struct DirectedLogits *directed, struct Error *error)
{
  int p = analysis->basis.p, n = analysis->basis.n_frequencies;
  for (int k = 1; k <= n; k++) {
    if (analysis->n_keys > 0 && !analysis->keys[k]) continue;
    trace->waves[k] = true;
    trace->alpha[k] = logit_fit_coefficient(directed, k);
    bool larger = trace->k == 0 || trace->alpha[k] > trace->alpha[trace->k];
    if (larger && 2 * k < p) trace->k = k;
  }
  if (trace->k > 0) return true;
  return error_set(error,
                   analysis->n_keys > 0
                       ? "data.modulus is %d: no key frequency has both cosine and sine"
                       : "data.modulus is %d: no frequency has both cosine and sine",
                   p);
}

int trace_angle(const struct Trace *trace, int x)
{
  return (int)((long long)trace->k * x % trace->p);
}

static void choose_pair(struct Trace *trace, const struct Dataset *dataset)
{
  static const double turns_of_a = 0.08, turns_of_b = 0.18;
  int p = dataset->p;
  double least = INFINITY;
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      double off_a = (double)trace_angle(trace, a) / p - turns_of_a;
      double off_b = (double)trace_angle(trace, b) / p - turns_of_b;
      double off = off_a * off_a + off_b * off_b;
      if (dataset->train[a * p + b] || off >= least) continue;
      least = off;
      trace->a = a;
      trace->b = b;
    }
  trace->s = direction_residue(p, trace->sign, trace->a, trace->b);
}

static void release(void *numbers)
{
  struct Trace *trace = numbers;
  free(trace->waves);
  free(trace->alpha);
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct Trace *trace = numbers;
  const struct Analysis *analysis = subject->analysis;
  size_t n = (size_t)analysis->basis.n_frequencies + 1;
  const struct DirectedLogits *directed = directed_logits_of(subject, error);
  if (!directed) return false;
  *trace = (struct Trace){.p = analysis->basis.p,
                          .sign = directed->sign,
                          .waves = memory_new(n, sizeof *trace->waves, "a trace", error),
                          .alpha = memory_new(n, sizeof *trace->alpha, "a trace", error)};
  if (trace->waves && trace->alpha && choose_waves(trace, analysis, directed, error)) {
    choose_pair(trace, &analysis->trajectory.dataset);
    return true;
  }
  release(trace);
  return false;
}

const struct Trace *trace_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct Trace), find, release};
  return subject_find(subject, &finding, error);
}

bool trace_create_table(struct TableWriter *table, const struct Subject *subject,
                        const struct Trace *trace, const char *file, const char *title,
                        const struct Column *columns, size_t n_columns, struct Error *error)
{
  char *pair = memory_print(error, "\nfrequency k = %d, pair a = %d, b = %d, answer %d", trace->k,
                            trace->a, trace->b, trace->s);
  bool created =
      pair && subject_create_table(table, subject, file, title, pair, columns, n_columns, error);
  free(pair);
  return created;
}
