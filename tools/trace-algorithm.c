/* trace-algorithm: follows one pair through a network that adds by rotation (figure 1). */
#include "base/elementary.h"
#include "base/memory.h"
#include "measures/logit_fit.h"
#include "measures/losses.h"
#include "measures/rotation.h"
#include "measures/spectrum.h"
#include "results/command.h"
#include "results/subject.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char name[] = "trace-algorithm";

static const char summary[] =
    "Follows one pair through the algorithm of a snapshot, at the key frequency with the\n"
    "largest cosine in the logits (of all frequencies if there are no key frequencies). The\n"
    "pair is one that the network was not trained on, chosen for a clear picture: the one\n"
    "whose angles come closest to 0.08 and 0.18 of a turn. Writes four tables:\n"
    "  rotation-points.tsv  where the embedding puts each token, and the neurons each pair\n"
    "  rotation.tsv         the angles that they should have, as lines to draw\n"
    "  read-off.tsv         the pair's logits, and the cosines that fit all logits\n"
    "  read-off-waves.tsv   each of these cosines";

struct Trace {
  const struct Subject *subject;
  const struct Analysis *analysis; /* the subject's */
  enum DirectionSign sign;
  int k;         /* the frequency shown */
  int a, b, s;   /* the pair, and its answer a + b or a - b mod p */
  bool *waves;   /* [n_frequencies + 1]: frequencies whose cosines are read off */
  double *alpha; /* [n_frequencies + 1]: their coefficients; 0 for other frequencies */
  struct PlanePoint *tokens, *pairs; /* [p]: tokens x; pairs (a, x) */
};

/* ---- what is shown ---- */

/* Chooses the cosines of the read-off, and the largest of them that also has a sine. */
static bool choose_waves(struct Trace *trace, const struct DirectedLogits *directed,
                         struct Error *error)
{
  const struct Analysis *analysis = trace->analysis;
  int p = analysis->basis.p, n = analysis->basis.n_frequencies;
  for (int k = 1; k <= n; k++) {
    if (analysis->n_keys > 0 && !analysis->keys[k]) continue;
    trace->waves[k] = true;
    trace->alpha[k] = cosine_coefficient(directed, k);
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

/* w_k x in units of 1/p turn, 0..p-1 */
static int angle_of(const struct Trace *trace, int x)
{
  int p = trace->analysis->basis.p;
  return (int)((long long)trace->k * x % p);
}

static void choose_pair(struct Trace *trace)
{
  static const double turns_of_a = 0.08, turns_of_b = 0.18;
  const struct Dataset *dataset = &trace->analysis->trajectory.dataset;
  int p = dataset->p;
  double least = INFINITY;
  for (int a = 0; a < p; a++)
    for (int b = 0; b < p; b++) {
      double off_a = (double)angle_of(trace, a) / p - turns_of_a;
      double off_b = (double)angle_of(trace, b) / p - turns_of_b;
      double off = off_a * off_a + off_b * off_b;
      if (dataset->train[a * p + b] || off >= least) continue;
      least = off;
      trace->a = a;
      trace->b = b;
    }
  trace->s = direction_residue(p, trace->sign, trace->a, trace->b);
}

static bool find_points(struct Trace *trace, struct Error *error)
{
  const struct Analysis *analysis = trace->analysis;
  const struct FourierBasis *basis = &analysis->basis;
  const struct Snapshot *snapshot = &analysis->snapshot;
  size_t p = (size_t)basis->p, m = analysis_d_mlp(analysis);
  double *components = memory_new(p * m, sizeof *components, "the neuron-logit map", error);
  if (!components) return false;
  struct NeuronLogitMap map = {basis, m, components};
  bool found = spectrum_of_neuron_logit_map(basis, &snapshot->parameters, components, error) &&
               rotation_of_tokens(basis, &snapshot->parameters, trace->k, trace->tokens, error) &&
               rotation_of_pairs(&map, trace->sign, snapshot->activations.hidden, trace->k,
                                 trace->a, trace->pairs, error);
  free(components);
  return found;
}

static bool follow(struct Trace *trace, struct Error *error)
{
  const struct Analysis *analysis = trace->analysis;
  struct DirectedLogits directed;
  if (!directed_logits_init(&directed, &analysis->basis, &analysis->trajectory.dataset, trace->sign,
                            error))
    return false;
  directed_logits_set(&directed, analysis->snapshot.activations.logits,
                      analysis->snapshot.parameters.shape.V);
  bool chosen = choose_waves(trace, &directed, error);
  directed_logits_release(&directed);
  if (!chosen) return false;
  choose_pair(trace);
  return find_points(trace, error);
}

/* ---- the tables ---- */

/* Opens a table of the trace; its title says what it shows, for which pair and frequency. */
static bool create_table(struct TableWriter *table, const struct Trace *trace, const char *file,
                         const char *title, const struct Column *columns, size_t n_columns,
                         struct Error *error)
{
  char *pair = memory_print(error, "\nfrequency k = %d, pair a = %d, b = %d, answer %d", trace->k,
                            trace->a, trace->b, trace->s);
  bool created = pair && subject_create_table(table, trace->subject, file, title, pair, columns,
                                              n_columns, error);
  free(pair);
  return created;
}

static bool write_points(const struct Trace *trace, struct Error *error)
{
  static const struct Column columns[] = {
      {"token", "1", "x = 0..p-1"},
      {"embedded_cos", "1",
       "coefficient of W_E[x] on the vector by which cos(w_k x) stands in W_E, by least squares: "
       "cos(w_k x) and what other frequencies add (section 4.1)"},
      {"embedded_sin", "1", "the same for sin(w_k x)"},
      {"rotated_cos", "1",
       "u_k^T MLP(a, x), its mean over all pairs removed, over its best multiple of "
       "cos(w_k(a + x)) (a - x for subtract) (section 4.2)"},
      {"rotated_sin", "1", "the same for v_k and the sine"},
      {"role", "0, 1 or 2", "1 where x is a, 2 where it is b, 0 elsewhere; 2 where it is both"}};
  struct TableWriter table;
  if (!create_table(&table, trace, "rotation-points.tsv", "Tokens and pairs as points in a plane",
                    columns, N_COLUMNS(columns), error))
    return false;
  for (int x = 0; x < trace->analysis->basis.p; x++) {
    table_put_integer(&table, x);
    table_put(&table, trace->tokens[x].x);
    table_put(&table, trace->tokens[x].y);
    table_put(&table, trace->pairs[x].x);
    table_put(&table, trace->pairs[x].y);
    table_put_integer(&table, x == trace->b ? 2 : x == trace->a);
  }
  return table_commit(&table, error);
}

/* Angles are in units of 1/p turn. */
struct Drawing {
  struct TableWriter table;
  int p;
};

/* A point at the angle n/d, in units of 1/p turn. */
static void put_point(struct Drawing *drawing, const char *part, double radius, long long n,
                      long long d, double value)
{
  table_put_text(&drawing->table, part);
  table_put(&drawing->table, radius * elementary_cos_turns(n, d * drawing->p));
  table_put(&drawing->table, radius * elementary_sin_turns(n, d * drawing->p));
  table_put(&drawing->table, value);
}

static void put_ray(struct Drawing *drawing, const char *part, int angle)
{
  put_point(drawing, part, 0, angle, 1, NAN);
  put_point(drawing, part, 1, angle, 1, NAN);
}

static void put_arc(struct Drawing *drawing, const char *part, double radius, int from, int turn)
{
  enum { N_STEPS = 120 };
  for (int i = 0; i <= N_STEPS; i++)
    put_point(drawing, part, radius, (long long)from * N_STEPS + (long long)i * turn, N_STEPS, NAN);
}

static bool write_rotation(const struct Trace *trace, struct Error *error)
{
  static const double of_name = 1.25, of_a = 0.3, of_b = 0.5, beside = 0.22,
                      close = 0.06; /* radii */
  static const struct Column columns[] = {
      {"part", "name",
       "circle; ray_a, ray_b, ray_answer: from its centre to the angles w_k a, w_k b and that of "
       "the answer; arc_a, arc_b: from 0 to those angles; arc_turned: from w_k a by w_k b; name_a, "
       "name_b, name_answer, angle_a, angle_b, angle_turned: places of labels for these; "
       "frequency"},
      {"x", "1", "cosine of the angle, times a radius"},
      {"y", "1", "sine of the angle, times a radius"},
      {"value", "1", "of name_a, name_b, name_answer: the number; of frequency: k; else nan"}};
  int a = angle_of(trace, trace->a), b = angle_of(trace, trace->b), turn = trace->sign * b;
  struct Drawing drawing = {.p = trace->analysis->basis.p};
  if (!create_table(&drawing.table, trace, "rotation.tsv", "Angles", columns, N_COLUMNS(columns),
                    error))
    return false;
  put_arc(&drawing, "circle", 1, 0, drawing.p);
  put_ray(&drawing, "ray_a", a);
  put_ray(&drawing, "ray_b", b);
  put_ray(&drawing, "ray_answer", a + turn);
  put_arc(&drawing, "arc_a", of_a, 0, a);
  put_arc(&drawing, "arc_b", of_b, 0, b);
  put_arc(&drawing, "arc_turned", of_b, a, turn);
  put_point(&drawing, "frequency", 0, 0, 1, trace->k);
  put_point(&drawing, "name_a", of_name, a, 1, trace->a);
  put_point(&drawing, "name_b", of_name, b, 1, trace->b);
  put_point(&drawing, "name_answer", of_name, a + turn, 1, trace->s);
  put_point(&drawing, "angle_a", of_a + close, a, 2, NAN);
  put_point(&drawing, "angle_b", of_b + beside, a + b, 2, NAN); /* clear of the ray to a */
  put_point(&drawing, "angle_turned", of_b + beside, 2 * a + turn, 2, NAN);
  return table_commit(&drawing.table, error);
}

enum { STEPS_PER_OUTPUT = 8 }; /* enough for smooth waves */

/* cos(w_k(s - c)) at c = step / STEPS_PER_OUTPUT */
static double wave_at(const struct Trace *trace, int k, int step)
{
  long long d = (long long)trace->analysis->basis.p * STEPS_PER_OUTPUT;
  return elementary_cos_turns((long long)k * (trace->s * STEPS_PER_OUTPUT - step), d);
}

static int last_step(const struct Trace *trace)
{
  return (trace->analysis->basis.p - 1) * STEPS_PER_OUTPUT;
}

static bool write_read_off(const struct Trace *trace, struct Error *error)
{
  static const struct Column columns[] = {
      {"c", "1", "output, and places between two outputs"},
      {"logit", "1",
       "the pair's logit of output c, the mean over the p number outputs removed; nan between "
       "outputs"},
      {"fit", "1",
       "sum over the key frequencies k (all frequencies, where there is no key frequency) of "
       "alpha_k cos(w_k(a + b - c)) (a - b - c for subtract), alpha_k being fitted to the logits "
       "of "
       "all pairs (section 4.2)"},
      {"answer", "0 or 1", "1 at the right answer"}};
  const struct Analysis *analysis = trace->analysis;
  size_t p = (size_t)analysis->basis.p, V = (size_t)analysis->snapshot.parameters.shape.V;
  const float *logits =
      analysis->snapshot.activations.logits + ((size_t)trace->a * p + (size_t)trace->b) * V;
  double mean = 0;
  for (size_t c = 0; c < p; c++)
    mean += (double)logits[c] / (double)p;
  struct TableWriter table;
  if (!create_table(&table, trace, "read-off.tsv", "Logits", columns, N_COLUMNS(columns), error))
    return false;
  for (int step = 0; step <= last_step(trace); step++) {
    bool at_output = step % STEPS_PER_OUTPUT == 0;
    double fit = 0;
    for (int k = 1; k <= analysis->basis.n_frequencies; k++)
      if (trace->waves[k]) fit += trace->alpha[k] * wave_at(trace, k, step);
    table_put(&table, (double)step / STEPS_PER_OUTPUT);
    table_put(&table, at_output ? (double)logits[step / STEPS_PER_OUTPUT] - mean : NAN);
    table_put(&table, fit);
    table_put_integer(&table, step == trace->s * STEPS_PER_OUTPUT);
  }
  return table_commit(&table, error);
}

static bool write_waves(const struct Trace *trace, struct Error *error)
{
  static const double height = 0.46; /* amplitude of the largest wave */
  static const struct Column columns[] = {
      {"frequency", "1", "k, a key frequency; all, where there is no key frequency"},
      {"c", "1", "output, and places between two outputs"},
      {"wave", "1", "alpha_k cos(w_k(a + b - c)) (a - b - c for subtract)"},
      {"ridge", "1", "the same for drawing: in units of the largest of all, about its level"},
      {"level", "1", "0, -1, -2, ...: one wave below the other"},
      {"answer", "0 or 1", "1 at the right answer"}};
  int n = trace->analysis->basis.n_frequencies, rank = 0;
  double largest = 0;
  for (int k = 1; k <= n; k++)
    largest = fmax(largest, fabs(trace->alpha[k]));
  struct TableWriter table;
  if (!create_table(&table, trace, "read-off-waves.tsv", "Cosines in the logits", columns,
                    N_COLUMNS(columns), error))
    return false;
  for (int k = 1; k <= n; k++) {
    if (!trace->waves[k]) continue;
    for (int step = 0; step <= last_step(trace); step++) {
      double wave = trace->alpha[k] * wave_at(trace, k, step);
      table_put_integer(&table, k);
      table_put(&table, (double)step / STEPS_PER_OUTPUT);
      table_put(&table, wave);
      table_put(&table, height * wave / largest - rank);
      table_put_integer(&table, -rank);
      table_put_integer(&table, step == trace->s * STEPS_PER_OUTPUT);
    }
    rank++;
  }
  return table_commit(&table, error);
}

static bool write_tables(const struct Trace *trace, struct Error *error)
{
  return output_make_directory(trace->subject->directory, error) && write_points(trace, error) &&
         write_rotation(trace, error) && write_read_off(trace, error) && write_waves(trace, error);
}

/* ---- everything ---- */

static void trace_release(struct Trace *trace)
{
  free(trace->waves);
  free(trace->alpha);
  free(trace->tokens);
  free(trace->pairs);
}

static bool trace_init(struct Trace *trace, const struct Subject *subject, enum DirectionSign sign,
                       struct Error *error)
{
  const struct FourierBasis *basis = &subject->analysis->basis;
  size_t p = (size_t)basis->p, n = (size_t)basis->n_frequencies + 1;
  *trace = (struct Trace){.subject = subject,
                          .analysis = subject->analysis,
                          .sign = sign,
                          .waves = memory_new(n, sizeof *trace->waves, "a trace", error),
                          .alpha = memory_new(n, sizeof *trace->alpha, "a trace", error),
                          .tokens = memory_new(p, sizeof *trace->tokens, "a trace", error),
                          .pairs = memory_new(p, sizeof *trace->pairs, "a trace", error)};
  if (trace->waves && trace->alpha && trace->tokens && trace->pairs) return true;
  trace_release(trace);
  return false;
}

static bool trace_algorithm(struct Analysis *analysis, const struct Request *request,
                            struct Error *error)
{
  enum DirectionSign sign;
  struct Subject subject;
  if (!directions_of_operation(analysis->trajectory.config.data.operation, &sign, error) ||
      !subject_init(&subject, analysis, request, error))
    return false;
  if (analysis->n_keys == 0)
    fprintf(
        stderr,
        "%s: the last snapshot has no key frequencies: the waves are those of all frequencies\n",
        name);
  struct Trace trace;
  bool done = trace_init(&trace, &subject, sign, error);
  if (done) {
    done = follow(&trace, error) && write_tables(&trace, error);
    trace_release(&trace);
  }
  subject_release(&subject);
  return done;
}

int main(int argc, char **argv)
{
  return snapshot_main(name, summary, trace_algorithm, argc, argv);
}
