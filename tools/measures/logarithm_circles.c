#include "measures/logarithm_circles.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "measures/relabelled.h"
#include "measures/rotation.h"

#include <stdlib.h>

struct CircleRow {
  int rank, frequency;
  bool key;
  int token, logarithm;
  struct PlanePoint embedded, angle;
};

static const struct Column columns[] = {
    COLUMN(struct CircleRow, rank, "1",
           "of the frequency: key frequencies come before others, then those with more neurons in "
           "their clusters, then lower ones"),
    COLUMN(struct CircleRow, frequency, "1", "k; (p - 1) / 2, which alternates, has no circle"),
    COLUMN(struct CircleRow, key, "0 or 1", "1 for the key frequencies"),
    COLUMN(struct CircleRow, token, "1", "x = 1..p-1"),
    COLUMN(struct CircleRow, logarithm, "1", "i, x = g^i"),
    COLUMN_AS("embedded_cos", struct CircleRow, embedded.x, "1",
              "coefficient of W_E[x] on the vector by which cos(w_k i) stands in W_E, by least "
              "squares: cos(w_k i) and what other frequencies add"),
    COLUMN_AS("embedded_sin", struct CircleRow, embedded.y, "1", "the same for sin(w_k i)"),
    COLUMN_AS("cos", struct CircleRow, angle.x, "1", "cos(w_k i), w_k = 2 pi k / (p - 1)"),
    COLUMN_AS("sin", struct CircleRow, angle.y, "1", "sin(w_k i)")};

/* Does frequency k come before another one? */
static bool comes_before(const struct Subject *subject, int k, int other)
{
  const struct Analysis *analysis = subject->analysis;
  size_t m = analysis_d_mlp(analysis);
  size_t size = neuron_fit_count(subject->fits, m, k, true);
  size_t size_of_other = neuron_fit_count(subject->fits, m, other, true);
  if (analysis->keys[k] != analysis->keys[other]) return analysis->keys[k];
  return size != size_of_other ? size > size_of_other : k < other;
}

static int rank_of(const struct Subject *subject, int k)
{
  int rank = 1;
  for (int other = 1; 2 * other < subject->analysis->basis.p; other++)
    rank += comes_before(subject, other, k);
  return rank;
}

/* The circle of one frequency; `points` is scratch, [p - 1]. */
static bool put_circle(struct TableWriter *table, const struct Relabelled *relabelled, int k,
                       struct PlanePoint *points, struct Error *error)
{
  const struct Analysis *analysis = &relabelled->analysis;
  int n = analysis->basis.p;
  if (!rotation_of_tokens(&analysis->basis, &analysis->snapshot.parameters, k, points, error))
    return false;
  int rank = rank_of(&relabelled->subject, k);
  for (int i = 0; i < n; i++) {
    long long turns = (long long)k * i;
    table_put_row(table,
                  &(struct CircleRow){
                      .rank = rank,
                      .frequency = k,
                      .key = analysis->keys[k],
                      .token = relabelled->logarithms.power[i],
                      .logarithm = i,
                      .embedded = points[i],
                      .angle = {elementary_cos_turns(turns, n), elementary_sin_turns(turns, n)},
                  });
  }
  return true;
}

static bool put_circles(struct TableWriter *table, const struct Relabelled *relabelled,
                        struct Error *error)
{
  const struct Analysis *analysis = &relabelled->analysis;
  int n = analysis->basis.p;
  struct PlanePoint *points = memory_new((size_t)n, sizeof *points, "points of tokens", error);
  bool done = points;
  for (int k = 1; done && 2 * k < n; k++)
    done = put_circle(table, relabelled, k, points, error);
  free(points);
  return done;
}

bool logarithm_circles_write(struct Subject *subject, const char *file, struct Error *error)
{
  struct Relabelled *relabelled = relabelled_of(subject, error);
  struct TableWriter table;
  if (!relabelled ||
      !subject_create_table(&table, &relabelled->subject, file, "Circles of the embedding", "",
                            columns, N_COLUMNS(columns), error))
    return false;
  if (put_circles(&table, relabelled, error)) return table_commit(&table, error);
  table_discard(&table);
  return false;
}
