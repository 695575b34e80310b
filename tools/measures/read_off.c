#include "measures/read_off.h"

#include "base/elementary.h"
#include "measures/trace.h"

#include <math.h>

enum { STEPS_PER_OUTPUT = 8 }; /* enough for smooth waves */

/* cos(w_k(s - c)) at c = step / STEPS_PER_OUTPUT */
static double wave_at(const struct Trace *trace, int k, int step)
{
  long long d = (long long)trace->p * STEPS_PER_OUTPUT;
  return elementary_cos_turns((long long)k * (trace->s * STEPS_PER_OUTPUT - step), d);
}

static int last_step(const struct Trace *trace)
{
  return (trace->p - 1) * STEPS_PER_OUTPUT;
}

/* ---- read-off.tsv ---- */

struct ReadOffRow {
  double c, logit, fit;
  bool answer;
};

static const struct Column of_logits[] = {
    COLUMN(struct ReadOffRow, c, "1", "output, and places between two outputs"),
    COLUMN(struct ReadOffRow, logit, "1",
           "the pair's logit of output c, the mean over the p number outputs removed; nan between "
           "outputs"),
    COLUMN(struct ReadOffRow, fit, "1",
           "sum over the key frequencies k (all frequencies, where there is no key frequency) of "
           "alpha_k cos(w_k(a + b - c)) (a - b - c for subtract), alpha_k being fitted to the "
           "logits of all pairs (section 4.2)"),
    COLUMN(struct ReadOffRow, answer, "0 or 1", "1 at the right answer")};

/* The logits of the pair, [p], and their mean. */
static const float *logits_of_pair(const struct Analysis *analysis, const struct Trace *trace,
                                   double *mean)
{
  size_t p = (size_t)trace->p, V = (size_t)analysis->snapshot.parameters.shape.V;
  const float *logits =
      analysis->snapshot.activations.logits + ((size_t)trace->a * p + (size_t)trace->b) * V;
  *mean = 0;
  for (size_t c = 0; c < p; c++)
    *mean += (double)logits[c] / (double)p;
  return logits;
}

bool read_off_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct Trace *trace = trace_of(subject, error);
  struct TableWriter table;
  if (!trace || !trace_create_table(&table, subject, trace, file, "Logits", of_logits,
                                    N_COLUMNS(of_logits), error))
    return false;
  double mean;
  const float *logits = logits_of_pair(analysis, trace, &mean);
  for (int step = 0; step <= last_step(trace); step++) {
    bool at_output = step % STEPS_PER_OUTPUT == 0;
    double fit = 0;
    for (int k = 1; k <= analysis->basis.n_frequencies; k++)
      if (trace->waves[k]) fit += trace->alpha[k] * wave_at(trace, k, step);
    table_put_row(&table,
                  &(struct ReadOffRow){
                      .c = (double)step / STEPS_PER_OUTPUT,
                      .logit = at_output ? (double)logits[step / STEPS_PER_OUTPUT] - mean : NAN,
                      .fit = fit,
                      .answer = step == trace->s * STEPS_PER_OUTPUT});
  }
  return table_commit(&table, error);
}

/* ---- read-off-waves.tsv ---- */

struct WaveRow {
  int frequency;
  double c, wave, ridge;
  int level;
  bool answer;
};

static const struct Column of_waves[] = {
    COLUMN(struct WaveRow, frequency, "1",
           "k, a key frequency; all, where there is no key frequency"),
    COLUMN(struct WaveRow, c, "1", "output, and places between two outputs"),
    COLUMN(struct WaveRow, wave, "1", "alpha_k cos(w_k(a + b - c)) (a - b - c for subtract)"),
    COLUMN(struct WaveRow, ridge, "1",
           "the same for drawing: in units of the largest of all, about its level"),
    COLUMN(struct WaveRow, level, "1", "0, -1, -2, ...: one wave below the other"),
    COLUMN(struct WaveRow, answer, "0 or 1", "1 at the right answer")};

static void put_wave(struct TableWriter *table, const struct Trace *trace, int k, double largest,
                     int rank)
{
  static const double height = 0.46; /* amplitude of the largest wave */
  for (int step = 0; step <= last_step(trace); step++) {
    double wave = trace->alpha[k] * wave_at(trace, k, step);
    table_put_row(table, &(struct WaveRow){.frequency = k,
                                           .c = (double)step / STEPS_PER_OUTPUT,
                                           .wave = wave,
                                           .ridge = height * wave / largest - rank,
                                           .level = -rank,
                                           .answer = step == trace->s * STEPS_PER_OUTPUT});
  }
}

bool read_off_write_waves(struct Subject *subject, const char *file, struct Error *error)
{
  int n = subject->analysis->basis.n_frequencies, rank = 0;
  const struct Trace *trace = trace_of(subject, error);
  struct TableWriter table;
  if (!trace || !trace_create_table(&table, subject, trace, file, "Cosines in the logits", of_waves,
                                    N_COLUMNS(of_waves), error))
    return false;
  double largest = 0;
  for (int k = 1; k <= n; k++)
    largest = fmax(largest, fabs(trace->alpha[k]));
  for (int k = 1; k <= n; k++)
    if (trace->waves[k]) put_wave(&table, trace, k, largest, rank++);
  return table_commit(&table, error);
}
