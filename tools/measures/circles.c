#include "measures/circles.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

struct CircleRow {
  int key, frequency;
  int turn, token;
  double along_cos, along_sin;
};

static const struct Column columns[] = {
    COLUMN(struct CircleRow, key, "1", "number of the key frequency, 1, 2, ... from the lowest"),
    COLUMN(struct CircleRow, frequency, "1", "k, a key frequency that has a sine"),
    COLUMN(struct CircleRow, turn, "1/p turn",
           "k x mod p, the angle at which token x belongs; rows are in its order"),
    COLUMN(struct CircleRow, token, "1", "x = 0..p-1"),
    COLUMN(struct CircleRow, along_cos, "1",
           "how far W_E[x] reaches along the vector by which cos(w_k x) stands in W_E: its "
           "coefficient by least squares (rotation-points.tsv) times the vector's norm; a circle "
           "if there is nothing else in that plane (section 4.1)"),
    COLUMN(struct CircleRow, along_sin, "1", "the same for sin(w_k x)")};

bool circles_of_tokens(const struct Analysis *analysis, const struct Spectrum *spectrum, int k,
                       struct PlanePoint *points, struct Error *error)
{
  int p = analysis->basis.p;
  double unit = sqrt(2.0 / p); /* a wave's values in those of its row of the basis */
  if (!rotation_of_tokens(&analysis->basis, &analysis->snapshot.parameters, k, points, error))
    return false;
  for (int x = 0; x < p; x++) {
    points[x].x = points[x].x * unit * spectrum_component(spectrum->W_E, 1, p, k, 0);
    points[x].y = points[x].y * unit * spectrum_component(spectrum->W_E, 1, p, k, 1);
  }
  return true;
}

/* Of one frequency; points[p] is for its tokens. */
static bool put_circle(struct TableWriter *table, const struct Analysis *analysis,
                       const struct Spectrum *spectrum, int key, int k, struct PlanePoint *points,
                       struct Error *error)
{
  int p = analysis->basis.p;
  if (!circles_of_tokens(analysis, spectrum, k, points, error)) return false;
  for (int turn = 0; turn < p; turn++)
    for (int x = 0; x < p; x++) {
      if ((long long)k * x % p != turn) continue;
      table_put_row(table, &(struct CircleRow){.key = key,
                                               .frequency = k,
                                               .turn = turn,
                                               .token = x,
                                               .along_cos = points[x].x,
                                               .along_sin = points[x].y});
    }
  return true;
}

static bool put_circles(struct TableWriter *table, const struct Analysis *analysis,
                        const struct Spectrum *spectrum, struct Error *error)
{
  size_t p = (size_t)analysis->basis.p;
  struct PlanePoint *points = memory_new(p, sizeof *points, "tokens on a circle", error);
  bool put = points;
  int key = 0;
  for (int k = 1; put && 2 * k < analysis->basis.p; k++)
    if (analysis->keys[k]) put = put_circle(table, analysis, spectrum, ++key, k, points, error);
  free(points);
  return put;
}

bool circles_write(struct Subject *subject, const char *file, struct Error *error)
{
  const struct Spectrum *spectrum = spectrum_of(subject, error);
  struct TableWriter table;
  if (!spectrum ||
      !subject_create_table(&table, subject, file, "Tokens on circles in the embedding", "",
                            columns, N_COLUMNS(columns), error))
    return false;
  if (put_circles(&table, subject->analysis, spectrum, error)) return table_commit(&table, error);
  table_discard(&table);
  return false;
}
