#include "measures/rotation.h"

#include "base/elementary.h"
#include "base/linear.h"
#include "base/memory.h"
#include "measures/trace.h"

#include <math.h>
#include <stdlib.h>

/* ---- tokens ---- */

/* wave[d] = the coefficient vector of a basis row's wave in W_E[p][d]; the row is the wave times
   sqrt(2/p). */
static void find_wave(int p, const double *row, size_t d, const float *W_E_rows, double *wave)
{
  for (int x = 0; x < p; x++)
    linear_add_scaled_floats(d, sqrt(2.0 / p) * row[x], W_E_rows + (size_t)x * d, wave);
}

bool rotation_of_tokens(const struct FourierBasis *basis, const struct Parameters *parameters,
                        int k, struct PlanePoint *points, struct Error *error)
{
  size_t p = (size_t)basis->p, d = (size_t)parameters->shape.d_model;
  const float *weights = parameters_at(parameters, W_E); /* [p + 1][d]; the row of "=" is last */
  double *e = memory_new(3 * d, sizeof *e, "the plane of a frequency in W_E", error);
  if (!e) return false;
  double *f = e + d, *token = f + d;
  int rows[2];
  fourier_components(basis->p, k, rows);
  find_wave(basis->p, basis->rows + (size_t)rows[0] * p, d, weights, e);
  find_wave(basis->p, basis->rows + (size_t)rows[1] * p, d, weights, f);
  double ee = linear_dot(d, e, e), ef = linear_dot(d, e, f), ff = linear_dot(d, f, f);
  double determinant = ee * ff - ef * ef;
  for (size_t x = 0; x < p; x++) {
    linear_widen(d, weights + x * d, token);
    double along_e = linear_dot(d, token, e), along_f = linear_dot(d, token, f);
    points[x] = (struct PlanePoint){(ff * along_e - ef * along_f) / determinant,
                                    (ee * along_f - ef * along_e) / determinant};
  }
  free(e);
  return true;
}

/* ---- pairs ---- */

bool rotation_of_pairs(const struct NeuronLogitMap *map, enum DirectionSign sign,
                       const float *hidden, int k, int a, struct PlanePoint *points,
                       struct Error *error)
{
  size_t p = (size_t)map->basis->p, m = map->d_mlp;
  struct WaveFit fits[2];
  double *u = memory_new(4 * m, sizeof *u, "neurons projected on W_L", error);
  if (!u) return false;
  double *v = u + m, *mean = v + m, *neurons = mean + m;
  bool fitted = neuron_logit_fit(map, sign, hidden, k, fits, error);
  neuron_logit_vectors(map, k, u);
  linear_mean_row(p * p, m, hidden, mean);
  for (size_t b = 0; fitted && b < p; b++) {
    const float *pair = hidden + ((size_t)a * p + b) * m;
    for (size_t i = 0; i < m; i++)
      neurons[i] = (double)pair[i] - mean[i];
    points[b] = (struct PlanePoint){linear_dot(m, u, neurons) / fits[0].alpha,
                                    linear_dot(m, v, neurons) / fits[1].alpha};
  }
  free(u);
  return fitted;
}

/* ---- rotation-points.tsv ---- */

struct PointRow {
  int token;
  struct PlanePoint embedded, rotated;
  int role;
};

static const struct Column of_points[] = {
    COLUMN(struct PointRow, token, "1", "x = 0..p-1"),
    COLUMN_AS("embedded_cos", struct PointRow, embedded.x, "1",
              "coefficient of W_E[x] on the vector by which cos(w_k x) stands in W_E, by least "
              "squares: cos(w_k x) and what other frequencies add (section 4.1)"),
    COLUMN_AS("embedded_sin", struct PointRow, embedded.y, "1", "the same for sin(w_k x)"),
    COLUMN_AS("rotated_cos", struct PointRow, rotated.x, "1",
              "u_k^T MLP(a, x), its mean over all pairs removed, over its best multiple of "
              "cos(w_k(a + x)) (a - x for subtract) (section 4.2)"),
    COLUMN_AS("rotated_sin", struct PointRow, rotated.y, "1", "the same for v_k and the sine"),
    COLUMN(struct PointRow, role, "0, 1 or 2",
           "1 where x is a, 2 where it is b, 0 elsewhere; 2 where it is both")};

/* Both arrays are [p]; without W_L the pairs are nowhere. */
static bool find_points(struct Subject *subject, const struct Trace *trace,
                        struct PlanePoint *tokens, struct PlanePoint *pairs, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct Snapshot *snapshot = &analysis->snapshot;
  const struct NeuronLogitMap *map = neuron_logit_map_of(subject, error);
  if (!map || !rotation_of_tokens(&analysis->basis, &snapshot->parameters, trace->k, tokens, error))
    return false;
  for (int x = 0; x < analysis->basis.p; x++)
    pairs[x] = (struct PlanePoint){NAN, NAN};
  return analysis_missing(analysis, PART_MAP) ||
         rotation_of_pairs(map, trace->sign, snapshot->activations.hidden, trace->k, trace->a,
                           pairs, error);
}

bool rotation_write_points(struct Subject *subject, const char *file, struct Error *error)
{
  int p = subject->analysis->basis.p;
  const struct Trace *trace = trace_of(subject, error);
  struct PlanePoint *tokens =
      trace ? memory_new(2 * (size_t)p, sizeof *tokens, "points of a rotation", error) : NULL;
  struct TableWriter table;
  bool created =
      tokens && find_points(subject, trace, tokens, tokens + p, error) &&
      trace_create_table(&table, subject, trace, file, "Tokens and pairs as points in a plane",
                         of_points, N_COLUMNS(of_points), error);
  for (int x = 0; created && x < p; x++)
    table_put_row(&table, &(struct PointRow){.token = x,
                                             .embedded = tokens[x],
                                             .rotated = tokens[p + x],
                                             .role = x == trace->b ? 2 : x == trace->a});
  free(tokens);
  return created && table_commit(&table, error);
}

/* ---- rotation.tsv ---- */

struct DrawnRow {
  const char *part;
  double x, y, value;
};

static const struct Column of_drawing[] = {
    COLUMN(struct DrawnRow, part, "name",
           "circle; ray_a, ray_b, ray_answer: from its centre to the angles w_k a, w_k b and that "
           "of the answer; arc_a, arc_b: from 0 to those angles; arc_turned: from w_k a by w_k b; "
           "name_a, name_b, name_answer, angle_a, angle_b, angle_turned: places of labels for "
           "these; frequency"),
    COLUMN(struct DrawnRow, x, "1", "cosine of the angle, times a radius"),
    COLUMN(struct DrawnRow, y, "1", "sine of the angle, times a radius"),
    COLUMN(struct DrawnRow, value, "1",
           "of name_a, name_b, name_answer: the number; of frequency: k; else nan")};

/* Angles are in units of 1/p turn. */
struct Drawing {
  struct TableWriter table;
  int p;
};

/* A point at the angle n/d, in units of 1/p turn. */
static void put_point(struct Drawing *drawing, const char *part, double radius, long long n,
                      long long d, double value)
{
  double x = radius * elementary_cos_turns(n, d * drawing->p);
  double y = radius * elementary_sin_turns(n, d * drawing->p);
  table_put_row(&drawing->table, &(struct DrawnRow){part, x, y, value});
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

static void put_parts(struct Drawing *drawing, const struct Trace *trace)
{
  static const double of_name = 1.25, of_a = 0.3, of_b = 0.5, beside = 0.22,
                      close = 0.06; /* radii */
  int a = trace_angle(trace, trace->a), b = trace_angle(trace, trace->b), turn = trace->sign * b;
  put_arc(drawing, "circle", 1, 0, drawing->p);
  put_ray(drawing, "ray_a", a);
  put_ray(drawing, "ray_b", b);
  put_ray(drawing, "ray_answer", a + turn);
  put_arc(drawing, "arc_a", of_a, 0, a);
  put_arc(drawing, "arc_b", of_b, 0, b);
  put_arc(drawing, "arc_turned", of_b, a, turn);
  put_point(drawing, "frequency", 0, 0, 1, trace->k);
  put_point(drawing, "name_a", of_name, a, 1, trace->a);
  put_point(drawing, "name_b", of_name, b, 1, trace->b);
  put_point(drawing, "name_answer", of_name, a + turn, 1, trace->s);
  put_point(drawing, "angle_a", of_a + close, a, 2, NAN);
  put_point(drawing, "angle_b", of_b + beside, a + b, 2, NAN); /* clear of the ray to a */
  put_point(drawing, "angle_turned", of_b + beside, 2 * a + turn, 2, NAN);
}

bool rotation_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct Trace *trace = trace_of(subject, error);
  struct Drawing drawing = {.p = subject->analysis->basis.p};
  if (!trace || !trace_create_table(&drawing.table, subject, trace, file, "Angles", of_drawing,
                                    N_COLUMNS(of_drawing), error))
    return false;
  put_parts(&drawing, trace);
  return table_commit(&drawing.table, error);
}
