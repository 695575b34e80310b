#include "measures/logarithm_circles.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "measures/relabelled.h"
#include "measures/rotation.h"

#include <stdlib.h>

struct CircleRow {
  int rank, frequency, token, logarithm;
  struct PlanePoint embedded, angle;
};

static const struct Column columns[] = {
    COLUMN(struct CircleRow, rank, "1",
           "of the frequency among the key frequencies: 1 has the most neurons, the lower k if as "
           "many"),
    COLUMN(struct CircleRow, frequency, "1",
           "k, a key frequency; (p - 1) / 2, which alternates, has no circle"),
    COLUMN(struct CircleRow, token, "1", "x = 1..p-1"),
    COLUMN(struct CircleRow, logarithm, "1", "i, x = g^i"),
    COLUMN_AS("embedded_cos", struct CircleRow, embedded.x, "1",
              "coefficient of W_E[x] on the vector by which cos(w_k i) stands in W_E, by least "
              "squares: cos(w_k i) and what other frequencies add"),
    COLUMN_AS("embedded_sin", struct CircleRow, embedded.y, "1", "the same for sin(w_k i)"),
    COLUMN_AS("cos", struct CircleRow, angle.x, "1", "cos(w_k i), w_k = 2 pi k / (p - 1)"),
    COLUMN_AS("sin", struct CircleRow, angle.y, "1", "sin(w_k i)")};

static size_t size_of(const struct Subject *subject, int k)
{
  return neuron_fit_count(subject->fits, analysis_d_mlp(subject->analysis), k, true);
}

/* How many key frequencies come before k. */
static int count_larger(const struct Subject *subject, int k)
{
  int count = 0;
  for (int other = 1; other <= subject->analysis->basis.n_frequencies; other++) {
    if (!subject->analysis->keys[other]) continue;
    size_t size = size_of(subject, other), own = size_of(subject, k);
    count += size > own || (size == own && other < k);
  }
  return count;
}

/* The circle of one frequency; `points` is scratch, [p - 1]. */
static bool put_circle(struct TableWriter *table, const struct Relabelled *relabelled, int k,
                       struct PlanePoint *points, struct Error *error)
{
  const struct Analysis *analysis = &relabelled->analysis;
  int n = analysis->basis.p;
  if (!rotation_of_tokens(&analysis->basis, &analysis->snapshot.parameters, k, points, error))
    return false;
  int rank = 1 + count_larger(&relabelled->subject, k);
  for (int i = 0; i < n; i++) {
    long long turns = (long long)k * i;
    table_put_row(table,
                  &(struct CircleRow){
                      .rank = rank,
                      .frequency = k,
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
    if (analysis->keys[k]) done = put_circle(table, relabelled, k, points, error);
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
